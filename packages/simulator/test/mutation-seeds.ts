/** A few runs of the simulator as tests: what the tests of the parts let pass meets a whole ring. */

import { drawScenario, failureLine, simulate, type FocusName } from '../src';

const STORIES: readonly (readonly [number, FocusName | 'none'])[] = [
  [1, 'none'],
  [2, 'none'],
  [3, 'none'],
  [4, 'none'],
  [1, 'releases'],
  [1, 'transfers'],
  [1, 'merges'],
  [1, 'splits'],
  [1, 'power'],
  [1, 'disks'],
];

test.each(STORIES)('seed %d of focus %s keeps every rule', async (seed, focus) => {
  const result = await simulate(drawScenario(seed, { focus }));
  expect(result.failure && failureLine(seed, { focus }, result)).toBeUndefined();
});
