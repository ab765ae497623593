/** Walks over layers of a table, as one. */

import type { KeyRange } from '@ringkeep/shared';

/** In one order; null for what is no more. */
export type Walk<Key, Value> = Iterator<readonly [Key, Value | null], void, undefined>;

export function* chain<T>(
  ranges: readonly KeyRange[],
  walk: (range: KeyRange) => Iterable<T>,
): Generator<T, void, undefined> {
  for (const range of ranges) yield* walk(range);
}

interface Head<Key, Value> {
  readonly walk: Walk<Key, Value>;
  entry: readonly [Key, Value | null];
}

/**
 * Merges walks that are sorted in one way into one; of entries with the same key, that of the earlier walk counts. What is
 * no more by then is left out.
 */
export function* merge<Key, Value>(
  walks: readonly Walk<Key, Value>[],
  reverse: boolean,
): Generator<readonly [Key, Value], void, undefined> {
  try {
    const heads = walks.flatMap((walk): Head<Key, Value>[] => {
      const first = walk.next();
      return first.done ? [] : [{ walk, entry: first.value }];
    });
    while (heads.length > 0) {
      const entry = leastOf(heads, reverse);
      passKey(heads, entry[0]);
      if (entry[1] !== null) yield entry as readonly [Key, Value];
    }
  } finally {
    for (const walk of walks) walk.return?.();
  }
}

function leastOf<Key, Value>(
  heads: readonly Head<Key, Value>[],
  reverse: boolean,
): readonly [Key, Value | null] {
  let { entry: least } = heads[0] as Head<Key, Value>;
  for (let i = 1; i < heads.length; i++) {
    const { entry } = heads[i] as Head<Key, Value>;
    if (reverse ? entry[0] > least[0] : entry[0] < least[0]) least = entry;
  }
  return least;
}

/** Whoever stands at the key goes on; those that are over are taken out. */
function passKey<Key, Value>(heads: Head<Key, Value>[], key: Key): void {
  for (let i = heads.length - 1; i >= 0; i--) {
    const head = heads[i] as Head<Key, Value>;
    if (head.entry[0] !== key) continue;
    const next = head.walk.next();
    if (next.done) heads.splice(i, 1);
    else head.entry = next.value;
  }
}
