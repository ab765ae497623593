import { Random, type Bytes } from '@ringkeep/shared';
import { WatchedPrefixes } from '../../src/core/watches/watched-prefixes';

/** Texts of few letters, so that many begin with others. */
function draw(random: Random): Bytes {
  return Array.from({ length: random.below(6) }, () => random.pick(['a', 'b', '\xff'])).join('') as Bytes;
}

test('a key finds all prefixes that it begins with and no other, whatever was added and removed', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = new Random(seed);
    const prefixes = new WatchedPrefixes<number>();
    const model = new Map<Bytes, Set<number>>();
    for (let step = 0; step < 500; step++) {
      const prefix = draw(random);
      const watcher = random.below(3);
      const watchers = model.get(prefix) ?? new Set();
      model.set(prefix, watchers);
      if (random.chance(0.5)) {
        prefixes.add(prefix, watcher);
        watchers.add(watcher);
      } else {
        prefixes.remove(prefix, watcher);
        watchers.delete(watcher);
      }
      const key = `${draw(random)}${draw(random)}` as Bytes;
      const expected = [...model]
        .filter(([each, its]) => key.startsWith(each) && its.size > 0)
        .sort(([a], [b]) => b.length - a.length)
        .map(([, its]) => [...its].sort());
      const found = [...prefixes.of(key)].map((its) => [...its].sort());
      expect({ seed, step, found }).toEqual({ seed, step, found: expected });
    }
    for (const [prefix, watchers] of model) for (const watcher of watchers) prefixes.remove(prefix, watcher);
    expect(prefixes.isEmpty).toBe(true);
  }
});
