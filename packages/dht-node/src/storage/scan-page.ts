/** Pages of a scan, and what an entry counts for in bytes: the same for every table. */

import { POSITION_BYTES, type Bytes, type KeyRange, type RingKey } from '@ringkeep/shared';
import { isSound, type StoredValue } from '@ringkeep/shared/operations';
import type { Entry, ScanPage } from '../core/replica/entry-store';

type EntryWalk = Iterable<readonly [RingKey, StoredValue]>;

/** The entries of a range, in ring order. */
export type RangeWalk = (range: KeyRange) => EntryWalk;

/** The first entries of a range's walk, until their keys and values reach bytesMax, or up to a damaged one. */
export function pageOf(walk: EntryWalk, range: KeyRange, bytesMax: number, checked: boolean): ScanPage {
  const entries: Entry[] = [];
  let bytes = 0;
  /** Where the next stretch begins that holds no sound entry. */
  let behind = range.from;
  let damaged = false;
  for (const [key, value] of walk) {
    if (checked && !isSound(key, value)) {
      damaged = true;
      continue;
    }
    if (damaged) return { entries, next: behind, damaged: { from: behind, to: key } };
    if (entries.length > 0 && bytes >= bytesMax) return { entries, next: key, damaged: undefined };
    entries.push({ key, value });
    bytes += contentBytes(key, value);
    behind = keyBehind(key);
  }
  if (damaged) return { entries, next: behind, damaged: { from: behind, to: range.to } };
  return { entries, next: undefined, damaged: undefined };
}

/** The stretches of a range in which something is damaged. */
export function damagedIn(walk: RangeWalk, range: KeyRange): KeyRange[] {
  const found: KeyRange[] = [];
  for (let from: Bytes | undefined = range.from; from !== undefined;) {
    const rest: KeyRange = { from, to: range.to };
    const { damaged } = pageOf(walk(rest), rest, Infinity, true);
    if (damaged) found.push(damaged);
    from = damaged?.to === range.to ? undefined : damaged?.to;
  }
  return found;
}

/** What an entry counts for: its key, without the position, and its value. */
export function contentBytes(key: RingKey, value: StoredValue | null): number {
  return key.length - POSITION_BYTES + (value === null ? 0 : value.length);
}

/** The least that is greater than a key. */
function keyBehind(key: RingKey): Bytes {
  return `${key}\0` as Bytes;
}
