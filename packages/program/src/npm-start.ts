/** `npm start`: the trial ring of `ringkeep start`, from a checkout. */

import { compiled } from '@ringkeep/local-ring';
import { start } from './start/start';

start(
  {
    name: 'npm start --',
    commands: { cli: 'npm run cli --', node: 'npm run dht --' },
    programs: {
      registry: [compiled('packages/registry/dist/main.js')],
      node: [compiled('packages/dht-node/dist/main.js')],
    },
  },
  process.argv.slice(2),
);
