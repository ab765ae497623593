/**
 * `npm run failpoints`: a node is ended, as by kill -9, before and after each of its writes, syncs, renames and commits
 * in turn, and started again. Nothing that it had acknowledged may be gone. Its disk holds the only copy.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { option, optionValues, runScript } from '@ringkeep/process/command-line';
import { endAtPoints } from './failpoints/armed-process';
import { NodeLives } from './failpoints/node-lives';
import { verdict } from '@ringkeep/local-ring';

const script = {
  name: 'npm run failpoints --',
  text: 'Ends a node at each point at which something changes on its disk, and checks what is left.',
  specs: {
    only: option({
      flag: '--only <text>',
      text: 'only points whose names contain this',
      read: optionValues.text,
      default: '',
    }),
  },
};

runScript(script, async ({ only }) => {
  const folder = await mkdtemp(join(tmpdir(), 'ringkeep-failpoints-'));
  const lives = new NodeLives(folder);
  process.once('exit', () => void lives.end());
  try {
    const live = async (life: Parameters<NodeLives['live']>[0]): Promise<boolean> => {
      const ended = await lives.live(life);
      if (life.point !== undefined && ended) console.log(life.point);
      return ended;
    };
    const points = await endAtPoints(lives.passedFile, live, (point) => point.includes(only));
    const broken = points.length > 0 ? lives.lost : [`no point has "${only}" in its name`];
    return verdict(broken, `ended at ${points.length} points, and nothing is lost`);
  } finally {
    await lives.end();
    await rm(folder, { recursive: true, force: true });
  }
});
