/** No server at all; see nothing-target.ts. */

import type { System } from './system';

export const NOTHING: System = {
  label: 'nothing',
  durability: 'keeps nothing',
  copies: 0,
  nodes: 0,
  pids: [],
  target: () => ({ kind: 'nothing' }),
  stop: () => Promise.resolve(),
};
