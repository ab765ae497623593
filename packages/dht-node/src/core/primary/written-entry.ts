/** The entry that a write leaves under its number, which is the entry's version. */

import type { RingKey, Seq } from '@ringkeep/shared';
import type { Effect } from '@ringkeep/shared/operations/evaluate';
import { seal } from '@ringkeep/shared/operations/stored';
import type { Entry } from '../replica/entry-store';

export function writtenEntry(key: RingKey, { value, expiresAtMs }: Effect, seq: Seq): Entry {
  return { key, value: value === undefined ? undefined : seal(key, seq, value, expiresAtMs) };
}
