/** A few runs of the simulator as tests: what the tests of the parts let pass meets a whole ring. */

import { drawScenario, failureLine, simulate, type FocusName } from '../src';

/** The first so many of them: MUTATE_SEEDS. */
const STORIES: readonly (readonly [number, FocusName | 'none'])[] = [
  [1, 'splits'],
  [1, 'power'],
  [1, 'releases'],
  [1, 'merges'],
  [1, 'transfers'],
  [1, 'disks'],
  [1, 'none'],
  [2, 'none'],
  [3, 'none'],
  [4, 'none'],
];
const few = STORIES.slice(0, Number(process.env['MUTATE_SEEDS'] ?? STORIES.length));

test.each(few)('seed %d of focus %s keeps every rule', async (seed, focus) => {
  const result = await simulate(drawScenario(seed, { focus }));
  expect(result.failure && failureLine(seed, { focus }, result)).toBeUndefined();
});
