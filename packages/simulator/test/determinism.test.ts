import { formatLine, type RunResult } from '../src';
import { SimulatorThread } from './support/runs';

const SEEDS = [7, 49, 1_234];
let simulator: SimulatorThread;

beforeAll(() => {
  simulator = new SimulatorThread();
});
afterAll(() => simulator.end());

const shortStory = (seed: number, keepTrace = false): Promise<RunResult> =>
  simulator.run(seed, { safetyMs: 4_000 }, { keepTrace });

describe('the same seed', () => {
  test.each(SEEDS)('tells the same story to the byte, seed %i', async (seed) => {
    const story = async (): Promise<string> =>
      (await shortStory(seed, true)).lines.map(formatLine).join('\n');
    const first = await story();
    expect(first.length).toBeGreaterThan(10_000);
    expect((await story()) === first).toBe(true);
  });

  test('has the same hash whether or not other runs went before', async () => {
    const [seed = 0, ...others] = SEEDS;
    const first = (await shortStory(seed)).digest;
    for (const other of others) await shortStory(other);
    expect((await shortStory(seed)).digest).toBe(first);
  });

  test('goes the same way whether or not its story is kept', async () => {
    const kept = await shortStory(11, true);
    const bare = await shortStory(11);
    expect(bare.history).toEqual(kept.history);
  });
});

test('two seeds tell two stories', async () => {
  const [one, two] = [await shortStory(1), await shortStory(2)];
  expect(one.digest).not.toBe(two.digest);
});
