import { checkParameters, DEFAULT_PARAMETERS, Random, type ClusterParameters } from '../../src/ring';

test('what is not given takes its default', () => {
  expect(checkParameters({})).toEqual(DEFAULT_PARAMETERS);
  expect(checkParameters({ replicationFactor: 3 }).replicationFactor).toBe(3);
});

test.each<[Partial<ClusterParameters>, string]>([
  [{ replicationFactor: 0 }, 'parameter replicationFactor must be an integer from 1 to 7, got 0'],
  [{ replicationFactor: 1.5 }, 'parameter replicationFactor must be an integer from 1 to 7, got 1.5'],
  [{ leaseMs: 100, leaseMarginMs: 60 }, 'parameter leaseMarginMs must be at most half of leaseMs'],
  [
    { routing: 'gossip' as 'chord' },
    'parameter routing must be one of one-hop, chord, pastry, neighbours, got gossip',
  ],
  [{ positionRule: 'half' as 'tag' }, 'parameter positionRule must be one of tag, whole-key, got half'],
  [{ keyBytesMax: 2_000 }, 'parameter keyBytesMax must be an integer from 1 to 1024, got 2000'],
  [{ replicas: 3 } as Partial<ClusterParameters>, 'unknown parameter replicas; there are replicationFactor'],
  [{ toString: 1 } as Partial<ClusterParameters>, 'unknown parameter toString'],
  [JSON.parse('{"__proto__": 1}') as Partial<ClusterParameters>, 'unknown parameter __proto__'],
])('%j is refused by name', (given, text) => {
  expect(() => checkParameters(given)).toThrow(text);
});

test('the same seed draws the same numbers, and other seeds others', () => {
  const draw = (seed: number): number[] => {
    const random = new Random(seed);
    return Array.from({ length: 50 }, () => random.word());
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

test('integers between two bounds meet both bounds and nothing beyond, about evenly', () => {
  const random = new Random(1);
  const counts = new Map<number, number>();
  for (let i = 0; i < 6_000; i++) {
    const value = random.between(1, 6);
    counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual([1, 2, 3, 4, 5, 6]);
  for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(150);
});
