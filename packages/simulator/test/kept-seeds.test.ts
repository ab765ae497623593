import { drawScenario, failureLine, simulate } from '../src';
import { KEPT_SEEDS } from './kept-seeds';

test.each(KEPT_SEEDS)('not any more: $story (seed $seed, focus $focus)', async ({ seed, focus }) => {
  const result = await simulate(drawScenario(seed, { focus }), { keepTrace: true });
  expect(result.failure && failureLine(seed, { focus }, result)).toBeUndefined();
});
