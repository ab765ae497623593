/** How long a key is to live: `30s`, `500ms`, `2m`, `1h`, `keep` or `none`; or the moment at which it ends. */

import { optionValues } from '@ringkeep/process/command-line';
import { quoted } from '@ringkeep/shared/ring/excerpt';
import { TTL_MS_MAX, type TimeToLive } from '@ringkeep/shared/operations/expiry';
import { malformed } from '../http-fault';

const duration = optionValues.durationMs(1, TTL_MS_MAX);

/** Milliseconds. Throws a fault, 400; `name` is where it stands. */
export function parseDuration(text: string, name: string): number {
  try {
    return duration(text);
  } catch (error) {
    throw malformed(`${name} ${(error as Error).message}, got ${quoted(text)}`);
  }
}

/**
 * A moment such as `2030-01-01T00:00:00Z`, in ms since 1970. Throws a fault, 400; `name` is where it stands. Looser
 * spellings are refused: to `Date`, "5" is a day of 2001, and a key that ends then is removed.
 */
export function parseMoment(text: string, name: string): number {
  const ms = Date.parse(text);
  if (/^\d{4}-\d\d-\d\dT/.test(text) && Math.abs(ms) <= TTL_MS_MAX) return ms;
  throw malformed(`${name} must be a moment such as "2030-01-01T00:00:00Z", got ${quoted(text)}`);
}

/** Throws a fault, 400. */
export function parseTtl(text: string, name: string): TimeToLive {
  if (text === 'keep' || text === 'none') return { kind: text };
  return { kind: 'duration', ms: parseDuration(text, `${name} must be keep or none, or it`) };
}
