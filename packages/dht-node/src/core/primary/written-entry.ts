/** The entry that a write leaves under its number, which is the entry's version. */

import type { RingKey, Seq } from '@ringkeep/shared';
import type { Effect } from '@ringkeep/shared/operations/evaluate';
import { seal, type StoredValue } from '@ringkeep/shared/operations/stored';
import type { Entry } from '../replica/entry-store';
import type { ProtocolRules } from '../rules';

/** @param present what the write found, if it looked */
export function writtenEntry(
  key: RingKey,
  { value, expiresAtMs }: Effect,
  seq: Seq,
  present: StoredValue | undefined,
  rules: ProtocolRules,
): Entry {
  if (value === undefined) return { key, value };
  return { key, value: seal(key, seq, value, rules.expiryLeftBy(expiresAtMs, present)) };
}
