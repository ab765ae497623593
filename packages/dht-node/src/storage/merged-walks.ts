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

/** Merges walks that are sorted in one way into one; of entries with the same key, that of the earlier walk counts. */
export function* merge<Key, Value>(
  walks: readonly Walk<Key, Value>[],
  reverse: boolean,
): Generator<readonly [Key, Value | null], void, undefined> {
  try {
    const heads = walks.map((walk) => walk.next());
    for (;;) {
      let least: readonly [Key, Value | null] | undefined;
      for (const head of heads) {
        if (head.done) continue;
        const [key] = head.value;
        if (least === undefined || (reverse ? key > least[0] : key < least[0])) least = head.value;
      }
      if (least === undefined) return;
      for (const [index, head] of heads.entries()) {
        if (!head.done && head.value[0] === least[0])
          heads[index] = (walks[index] as Walk<Key, Value>).next();
      }
      yield least;
    }
  } finally {
    for (const walk of walks) walk.return?.();
  }
}
