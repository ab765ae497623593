import { failureLine } from '../src';
import { KEPT_SEEDS } from './kept-seeds';
import { SimulatorThread } from './support/runs';

let simulator: SimulatorThread;

beforeAll(() => {
  simulator = new SimulatorThread();
});
afterAll(() => simulator.end());

test.each(KEPT_SEEDS)('not any more: $story (seed $seed, focus $focus)', async ({ seed, focus }) => {
  const result = await simulator.run(seed, { focus }, { keepTrace: true });
  expect(result.failure && failureLine(seed, { focus }, result)).toBeUndefined();
});
