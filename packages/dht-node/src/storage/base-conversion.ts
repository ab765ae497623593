/**
 * Converts a table of the format before, in which values had no envelopes, at its first start.
 *
 * First the state records the new format, so that the version before refuses the folder from then on. Then the entries
 * move to a database of another name, some thousand in each transaction. After a crash in between, each entry is in one
 * of the two, and the next start continues.
 */

import type { Database, RootDatabase } from 'lmdb';
import type { Bytes, RingKey } from '@ringkeep/shared';
import {
  ENVELOPE_BYTES_MIN,
  VERSION_BEFORE_ENVELOPES,
  seal,
  type StoredValue,
} from '@ringkeep/shared/operations';
import { RangeCounts } from './range-counts';

/** Enough for the cost of a commit not to matter, few enough for its memory not to. */
const MOVED_BYTES = 16 << 20;

/** A range of LMDB without a start leaves out the keys that begin below 0x05. */
export const LOWEST_KEY = '\0' as Bytes;

/** What the keys and bytes of a table of the format before come to with envelopes. */
export function countsWithEnvelopes(encoded: Buffer): Buffer {
  const counts = RangeCounts.decode(encoded);
  counts.grow(ENVELOPE_BYTES_MIN);
  return counts.encode();
}

/** Moves what is left of the entries without envelopes. Each transaction is durable before the next begins. */
export async function moveBareEntries(
  environment: RootDatabase,
  bare: Database<Bytes, Bytes>,
  entries: Database<StoredValue, Bytes>,
): Promise<void> {
  let more = true;
  while (more) {
    await environment.transaction(() => {
      let bytes = 0;
      more = false;
      for (const { key, value } of bare.getRange({ start: LOWEST_KEY, snapshot: false })) {
        if (bytes >= MOVED_BYTES) {
          more = true;
          break;
        }
        void entries.put(key, seal(key as RingKey, VERSION_BEFORE_ENVELOPES, value));
        void bare.remove(key);
        bytes += key.length + value.length;
      }
    });
  }
}
