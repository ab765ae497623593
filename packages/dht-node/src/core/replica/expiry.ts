/** Whether the time of an entry is over. */

import { expiryIn, type StoredValue } from '@ringkeep/shared/operations/stored';
import type { WallClock } from '../context';

/** Nothing is over where the ring's time is not known well enough. */
export function isOverAt(stored: StoredValue, { wallMs, isSure }: WallClock): boolean {
  const expiresAtMs = expiryIn(stored);
  return expiresAtMs !== undefined && isSure && expiresAtMs <= wallMs;
}
