import { drawScenario, formatLine, simulate } from '../src';

const SEEDS = [7, 49, 1_234];

describe('the same seed', () => {
  test.each(SEEDS)('tells the same story to the byte, seed %i', async (seed) => {
    const story = async (): Promise<string> =>
      (await simulate(drawScenario(seed), { keepTrace: true })).lines.map(formatLine).join('\n');
    const first = await story();
    expect(first.length).toBeGreaterThan(10_000);
    expect((await story()) === first).toBe(true);
  });

  test('has the same hash whether or not other runs went before', async () => {
    const [seed = 0, ...others] = SEEDS;
    const first = (await simulate(drawScenario(seed))).digest;
    for (const other of others) await simulate(drawScenario(other));
    expect((await simulate(drawScenario(seed))).digest).toBe(first);
  });

  test('goes the same way whether or not its story is kept', async () => {
    const kept = await simulate(drawScenario(11), { keepTrace: true });
    const bare = await simulate(drawScenario(11));
    expect(bare.history).toEqual(kept.history);
  });
});

test('two seeds tell two stories', async () => {
  const [one, two] = [await simulate(drawScenario(1)), await simulate(drawScenario(2))];
  expect(one.digest).not.toBe(two.digest);
});
