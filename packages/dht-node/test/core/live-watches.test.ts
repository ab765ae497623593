import { Random, type Bytes, type RingKey } from '@ringkeep/shared';
import { ringKeyOf } from '@ringkeep/shared/operations';
import { LiveWatches } from '../../src/core/watches/live-watches';
import { Watch, type WatchFilter } from '../../src/core/watches/watch';
import type { Change } from '../../src/core/replica/change-history';

const KEYS = ['a', 'ab', 'abc', 'b', '{t}', '{t}a', 'a{u}', '{a'].map((key) => ringKeyOf(key as Bytes));

function drawFilter(random: Random): WatchFilter {
  switch (random.below(4)) {
    case 0:
      return { kind: 'everything' };
    case 1:
      return { kind: 'key', key: random.pick(KEYS) };
    case 2:
      return { kind: 'prefix', prefix: random.pick(['a', 'ab', 'b', '{', '{t}'] as Bytes[]) };
    default:
      return { kind: 'tag', tag: random.pick(['t', 'u', 'v'] as Bytes[]) };
  }
}

function change(seq: number, key: RingKey): Change {
  return { seq, entry: { key, value: undefined } };
}

test('each watch is told what concerns it, those of more than a key in the order in which they came', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = new Random(seed);
    const live = new LiveWatches();
    const there = new Set<Watch>();
    for (let number = 1; number <= 40; number++) {
      const watch = new Watch(number, drawFilter(random), [], false);
      live.add(watch);
      there.add(watch);
      if (random.chance(0.7)) continue;
      const gone = random.pick([...there]);
      live.remove(gone);
      there.delete(gone);
    }
    const changes = Array.from({ length: 10 }, (_, i) => change(i + 1, random.pick(KEYS)));
    const told = [...live.concernedBy(changes)];
    const general = [...there].filter(({ filter }) => filter.kind !== 'key');
    const concerned = general.filter((watch) => changes.some(({ entry }) => watch.concerns(entry.key)));
    expect(told.map(([watch]) => watch).filter(({ filter }) => filter.kind !== 'key')).toEqual(concerned);
    for (const watch of there) {
      const its = told.filter(([each]) => each === watch).flatMap(([, each]) => each);
      expect(its).toEqual(changes.filter(({ entry }) => watch.concerns(entry.key)));
    }
  }
});

test('watches of the same are told the same array, which is encoded once', () => {
  const live = new LiveWatches();
  const filters: WatchFilter[] = [
    { kind: 'key', key: KEYS[0] as RingKey },
    { kind: 'prefix', prefix: 'a' as Bytes },
    { kind: 'everything' },
  ];
  for (const [index, filter] of filters.entries())
    for (const more of [0, 10]) live.add(new Watch(index + more, filter, [], false));
  const arrays = [...live.concernedBy([change(1, KEYS[0] as RingKey)])].map(([, changes]) => changes);
  expect(arrays).toHaveLength(6);
  expect(new Set(arrays).size).toBe(3);
});
