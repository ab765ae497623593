import { NO_RING, updateRing, type Ring } from '@ringkeep/shared';
import { SteppedRegistry } from './stepped-registry';

/** A registry with some history, and its ring at each version. */
function withHistory(historyChangesMax = 100): { registry: SteppedRegistry; rings: Ring[] } {
  const registry = new SteppedRegistry({ historyChangesMax });
  const rings = [registry.ring];
  const step = (act: () => unknown): void => {
    act();
    rings.push(registry.ring);
  };
  const nodes = ['a', 'b', 'c', 'd'].map((name) => `http://${name}:1`);
  const joined = nodes.map((addr) => {
    const node = registry.join(addr);
    rings.push(registry.ring);
    return node;
  });
  const [a, b, c] = joined as [(typeof joined)[0], (typeof joined)[0], (typeof joined)[0]];
  step(() => registry.admit(a.identity.id, a, [b]));
  step(() => registry.handOver(a, c));
  step(() => registry.leave(joined[3] as typeof a));
  return { registry, rings };
}

describe('watching', () => {
  test('a new watcher gets the whole ring', () => {
    const { registry } = withHistory();
    registry.watch(1);
    expect(registry.published.get(1)).toEqual([{ kind: 'ring', ring: registry.ring }]);
  });

  test('a watcher of any version gets one change that leads to the present ring', () => {
    const { registry, rings } = withHistory();
    rings.forEach((ring, index) => {
      registry.watch(index, ring.version);
      expect(registry.seenBy(index, ring)).toEqual(registry.ring);
      const expected = ring === registry.ring ? 0 : 1;
      expect(registry.published.get(index)).toHaveLength(expected);
    });
  });

  test('a watcher from before the history gets the whole ring', () => {
    const { registry, rings } = withHistory(2);
    registry.watch(1, (rings[0] as Ring).version);
    expect(registry.published.get(1)).toMatchObject([{ kind: 'ring' }]);
    registry.watch(2, registry.ring.version - 2);
    expect(registry.published.get(2)).toMatchObject([{ kind: 'change' }]);
  });

  test('a watcher from the future is refused: one of the two is an old copy', () => {
    const { registry } = withHistory();
    const effects = registry.watch(1, registry.ring.version + 50);
    expect(effects).toMatchObject([{ kind: 'refuse-watch', code: 'WRONG_REGISTRY', text: /an old copy/ }]);
    registry.join('http://late:1');
    expect(registry.published.get(1)).toEqual([]);
  });

  test('a watcher of another history is refused, whatever its version', () => {
    const { registry } = withHistory();
    const from = { version: registry.ring.version - 1, run: 99n };
    expect(registry.watch(1, from)).toMatchObject([{ kind: 'refuse-watch', code: 'WRONG_REGISTRY' }]);
  });

  test('after a start of the registry a watcher that lacks nothing but that is told nothing but that', () => {
    const { registry } = withHistory();
    const before = registry.ring;
    registry.crash();
    registry.watch(1, before.version);
    const [update] = registry.published.get(1) ?? [];
    expect(update).toMatchObject({
      kind: 'change',
      change: { members: [], arcs: [], runs: [registry.ring.runs[1]] },
    });
    expect(registry.seenBy(1, before)).toEqual(registry.ring);
  });

  test('a watcher that resumes after a crash of the registry gets what it needs', () => {
    const { registry, rings } = withHistory();
    registry.crash();
    registry.watch(1, (rings[2] as Ring).version);
    expect(registry.seenBy(1, rings[2] as Ring)).toEqual(registry.ring);
  });

  test('every change is published once to each watcher, none to one that has gone', () => {
    const { registry } = withHistory();
    const before = registry.ring;
    registry.watch(1, before.version);
    registry.watch(2, before.version);
    registry.step({ kind: 'unwatch', watcher: 2 });
    registry.join('http://late:1');
    expect(registry.published.get(1)).toHaveLength(1);
    expect(registry.published.get(2)).toHaveLength(0);
    expect(registry.seenBy(1, before)).toEqual(registry.ring);
  });

  test('the ring of another cluster is refused with both ids', () => {
    const { registry } = withHistory();
    expect(registry.watch(1, 0, 'another')).toMatchObject([
      {
        kind: 'refuse-watch',
        watcher: 1,
        code: 'FAILED_PRECONDITION',
        text: expect.stringContaining('the-cluster'),
      },
    ]);
    registry.join('http://late:1');
    expect(registry.published.get(1)).toEqual([]);
  });

  test('answers lead a caller from the version it knows', () => {
    const { registry, rings } = withHistory();
    const node = registry.join('http://z:1');
    for (const known of [...rings, registry.ring]) {
      const { ring } = registry.renew(node, known.version);
      expect(ring.kind).toBe('change');
      expect(updateRing(known, ring)).toEqual(registry.ring);
    }
    expect(updateRing(NO_RING, registry.renew(node, 0).ring)).toEqual(registry.ring);
  });
});
