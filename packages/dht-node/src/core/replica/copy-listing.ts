/**
 * The keys that a node's copies have in a range, for a person who has to decide between copies that contradict each
 * other (`ringkeep recover`). Each comes with something that tells two contents apart. Prepared operations count as if
 * committed, since they would be if that copy were chosen. Damaged stretches are skipped: they come back from another
 * copy.
 */

import type { Bytes, KeyRange, RingKey } from '@ringkeep/shared';
import { headOf, type StoredValue } from '@ringkeep/shared/operations';
import { LISTING_PAGE_BYTES } from '../limits';
import { entriesOf } from './sequenced-op';
import type { ReplicaStore } from './replica-store';

export interface ListedKey {
  readonly key: RingKey;
  readonly version: number;
  readonly checksum: number;
}

export interface CopyPage {
  /** In ring order. */
  readonly keys: readonly ListedKey[];
  /** Where to continue; undefined when the range is done. */
  readonly next: Bytes | undefined;
}

export function listCopy(replicas: ReplicaStore, range: KeyRange, pageBytes = LISTING_PAGE_BYTES): CopyPage {
  const page = replicas.entries.scan(range, pageBytes);
  const next = page.damaged ? page.damaged.to : page.next;
  const to = next ?? range.to;
  const found = new Map<RingKey, StoredValue | undefined>();
  for (const { key, value } of page.entries) found.set(key, value);
  for (const { window } of replicas.all())
    for (const { key, value } of entriesOf(window))
      if (key >= range.from && (to === undefined || key < to)) found.set(key, value);
  const keys: ListedKey[] = [];
  for (const [key, value] of found) {
    if (value === undefined) continue;
    const { version, checksum } = headOf(value);
    keys.push({ key, version, checksum });
  }
  return { keys: keys.sort((a, b) => (a.key < b.key ? -1 : 1)), next };
}
