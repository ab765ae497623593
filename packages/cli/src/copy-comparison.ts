/**
 * Copies of one arc side by side: which keys are not the same in all of them, with some by name.
 *
 * Each copy is read once, page by page and in ring order, so the comparison needs hardly any memory. It ends when its
 * time is over, because the caller has an arc that stands still.
 */

import type { RingKey } from '@ringkeep/shared';

/** Keys named of each kind and copy. */
const NAMED_MAX = 5;

export interface CopyKey {
  readonly key: RingKey;
  readonly version: number;
  readonly checksum: number;
}

export interface KeysFound {
  count: number;
  /** The first of them. */
  readonly keys: RingKey[];
}

/** What a copy has that is not the same in all. */
export interface CopyDifferences {
  /** Keys that no other copy has. */
  readonly onlyHere: KeysFound;
  /** Keys that another copy has too, but that are not the same in all copies. */
  readonly unlike: KeysFound;
}

export interface Comparison {
  /** In the order of the copies. */
  readonly copies: readonly CopyDifferences[];
  readonly keysCompared: number;
  /** All keys were compared. */
  readonly complete: boolean;
}

/** `copies` yield their keys in ring order and are read until `enough` says so. */
export async function compareCopies(
  copies: readonly AsyncIterable<CopyKey>[],
  enough: () => boolean,
): Promise<Comparison> {
  const differences = copies.map((): CopyDifferences => ({
    onlyHere: { count: 0, keys: [] },
    unlike: { count: 0, keys: [] },
  }));
  const walks = copies.map((copy) => copy[Symbol.asyncIterator]());
  const heads = await Promise.all(walks.map((walk) => walk.next()));
  let keysCompared = 0;
  while (heads.some(({ done }) => !done) && !enough()) {
    const first = leastOf(heads);
    const holders = heads.flatMap(({ done, value }, index) => (!done && value.key === first ? [index] : []));
    const isSame = holders.length === heads.length && allAlike(holders.map((index) => heads[index]?.value));
    for (const index of holders) {
      const { onlyHere, unlike } = differences[index] as CopyDifferences;
      if (!isSame) note(holders.length === 1 ? onlyHere : unlike, first);
      heads[index] = await (walks[index] as AsyncIterator<CopyKey>).next();
    }
    keysCompared += 1;
  }
  return { copies: differences, keysCompared, complete: heads.every(({ done }) => done) };
}

function leastOf(heads: readonly IteratorResult<CopyKey>[]): RingKey {
  const keys = heads.flatMap(({ done, value }) => (done ? [] : [(value as CopyKey).key]));
  return keys.reduce((least, key) => (key < least ? key : least));
}

function allAlike([first, ...others]: readonly CopyKey[]): boolean {
  return others.every((other) => other.version === first?.version && other.checksum === first.checksum);
}

function note(found: KeysFound, key: RingKey): void {
  found.count += 1;
  if (found.keys.length < NAMED_MAX) found.keys.push(key);
}
