/** What a Watch asks for, read and checked. */

import { position, RingError } from '@ringkeep/shared';
import { bytesOfBuffer, checkKey, ringKeyOf } from '@ringkeep/shared/operations';
import { advance } from '@ringkeep/shared/ring/position';
import { positionOf } from '@ringkeep/shared/ring/ring-key';
import type { dht } from '@ringkeep/shared/wire';
import type { WatchInput } from '../../core/inputs';
import type { WatchedRange, WatchFilter } from '../../core/watches/watch';

/** Ranges of one arc that a caller may have been told different numbers of. */
const RANGES_MAX = 1_024;

type Asked = Pick<WatchInput, 'filter' | 'ranges' | 'direct'>;

/** Throws INVALID_ARGUMENT. */
export function readWatchRequest(request: dht.WatchRequest, keyBytesMax: number): Asked {
  const { key, prefix, direct } = request;
  if (key !== undefined && prefix !== undefined)
    throw new RingError('INVALID_ARGUMENT', 'a watch is of a key or of a prefix, not of both');
  if (request.ranges.length > RANGES_MAX)
    throw new RingError(
      'INVALID_ARGUMENT',
      `the watch has ${request.ranges.length} ranges; ${RANGES_MAX} are allowed`,
    );
  const given = request.ranges.map(({ start, end, since }): WatchedRange => {
    const range = { start: position(start), end: position(end) };
    return { range, since: since === undefined ? undefined : Number(since) };
  });
  if (key !== undefined) return { ...ofKey(bytesOfBuffer(key), given, keyBytesMax), direct };
  if (given.length === 0)
    throw new RingError(
      'INVALID_ARGUMENT',
      'a watch of more than one key needs the ranges of the ring to watch: of one arc, as the ring names it',
    );
  const filter: WatchFilter =
    prefix === undefined ? { kind: 'everything' } : { kind: 'prefix', prefix: bytesOfBuffer(prefix) };
  return { filter, ranges: given, direct };
}

/** Where the key is, this node knows better than its caller. */
function ofKey(
  name: Parameters<typeof ringKeyOf>[0],
  given: readonly WatchedRange[],
  keyBytesMax: number,
): Omit<Asked, 'direct'> {
  checkKey(name, keyBytesMax);
  const key = ringKeyOf(name);
  const start = positionOf(key);
  const range = { start, end: advance(start, 1n) };
  return { filter: { kind: 'key', key }, ranges: [{ range, since: given[0]?.since }] };
}
