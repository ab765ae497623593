/**
 * When the keys end that a checkpoint writes, in a database of their own: a start reads that alone, however many keys
 * there are that do not end.
 */

import type { Database } from 'lmdb';
import type { Bytes, RingKey } from '@ringkeep/shared';
import { encodeMs, expiryIn, type StoredValue } from '@ringkeep/shared/operations';

/** Where no key ends that is there, it costs nothing. */
export class EndingKeys {
  areThere: boolean;

  constructor(private readonly expiring: Database<string, Bytes>) {
    this.areThere = (expiring.getStats() as { readonly entryCount: number }).entryCount > 0;
  }

  note(key: RingKey, value: StoredValue | null): void {
    const expiresAtMs = value === null ? undefined : expiryIn(value);
    if (expiresAtMs !== undefined) {
      this.areThere = true;
      void this.expiring.put(key, encodeMs(expiresAtMs));
    } else if (this.areThere && this.expiring.doesExist(key)) {
      void this.expiring.remove(key);
    }
  }
}
