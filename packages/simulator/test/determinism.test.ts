import { drawScenario, formatLine, simulate, type Scenario } from '../src';

const SEEDS = [7, 49, 1_234];
const shortStory = (seed: number): Scenario => drawScenario(seed, { safetyMs: 4_000 });

describe('the same seed', () => {
  test.each(SEEDS)('tells the same story to the byte, seed %i', async (seed) => {
    const story = async (): Promise<string> =>
      (await simulate(shortStory(seed), { keepTrace: true })).lines.map(formatLine).join('\n');
    const first = await story();
    expect(first.length).toBeGreaterThan(10_000);
    expect((await story()) === first).toBe(true);
  });

  test('has the same hash whether or not other runs went before', async () => {
    const [seed = 0, ...others] = SEEDS;
    const first = (await simulate(shortStory(seed))).digest;
    for (const other of others) await simulate(shortStory(other));
    expect((await simulate(shortStory(seed))).digest).toBe(first);
  });

  test('goes the same way whether or not its story is kept', async () => {
    const kept = await simulate(shortStory(11), { keepTrace: true });
    const bare = await simulate(shortStory(11));
    expect(bare.history).toEqual(kept.history);
  });
});

test('two seeds tell two stories', async () => {
  const [one, two] = [await simulate(shortStory(1)), await simulate(shortStory(2))];
  expect(one.digest).not.toBe(two.digest);
});
