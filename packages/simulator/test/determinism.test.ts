import { drawScenario, formatLine, simulate } from '../src';

const SEEDS = [7, 49, 1_234];

describe('the same seed', () => {
  test.each(SEEDS)('tells the same story to the byte, seed %i', (seed) => {
    const story = (): string =>
      simulate(drawScenario(seed), { keepTrace: true }).lines.map(formatLine).join('\n');
    const first = story();
    expect(first.length).toBeGreaterThan(10_000);
    expect(story() === first).toBe(true);
  });

  test('has the same hash whether or not other runs went before', () => {
    const [seed = 0, ...others] = SEEDS;
    const first = simulate(drawScenario(seed)).digest;
    for (const other of others) simulate(drawScenario(other));
    expect(simulate(drawScenario(seed)).digest).toBe(first);
  });

  test('goes the same way whether or not its story is kept', () => {
    const kept = simulate(drawScenario(11), { keepTrace: true });
    const bare = simulate(drawScenario(11));
    expect(bare.history).toEqual(kept.history);
  });
});

test('two seeds tell two stories', () => {
  expect(simulate(drawScenario(1)).digest).not.toBe(simulate(drawScenario(2)).digest);
});
