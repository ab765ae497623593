/** Pages of a scan, and what an entry counts for in bytes: the same for every table. */

import { POSITION_BYTES, type RingKey } from '@ringkeep/shared';
import type { StoredValue } from '@ringkeep/shared/operations';
import type { Entry, ScanPage } from '../core/entry-store';

/** The first entries of a walk, until their keys and values reach bytesMax. */
export function pageOf(walk: Iterable<readonly [RingKey, StoredValue]>, bytesMax: number): ScanPage {
  const entries: Entry[] = [];
  let bytes = 0;
  for (const [key, value] of walk) {
    if (entries.length > 0 && bytes >= bytesMax) return { entries, next: key };
    entries.push({ key, value });
    bytes += entryBytes(key, value);
  }
  return { entries, next: undefined };
}

/** What an entry counts for: its key, without the position, and its value. */
export function entryBytes(key: RingKey, value: StoredValue | null): number {
  return key.length - POSITION_BYTES + (value === null ? 0 : value.length);
}
