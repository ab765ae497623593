/** What a Watch asks for, read and checked. */

import { position, RingError, type Bytes, type RingKey } from '@ringkeep/shared';
import { bytesOfBuffer, checkKey, placed, type KeyTerms } from '@ringkeep/shared/operations';
import { advance } from '@ringkeep/shared/ring/position';
import { positionOf } from '@ringkeep/shared/ring/ring-key';
import type { dht } from '@ringkeep/shared/wire';
import type { WatchInput } from '../core/inputs';
import type { WatchedRange, WatchFilter } from '../core/watches/watch';

/** Ranges of one arc that a caller may have been told different numbers of. */
const RANGES_MAX = 1_024;

type Asked = Pick<WatchInput, 'filter' | 'ranges' | 'direct'>;

/** Throws INVALID_ARGUMENT, or UNAVAILABLE where the ring is not known yet. */
export function readWatchRequest(request: dht.WatchRequest, terms: KeyTerms): Asked {
  const { direct } = request;
  const filter = filterOf(request, terms);
  const { length } = request.ranges;
  if (length > RANGES_MAX)
    throw new RingError('INVALID_ARGUMENT', `the watch has ${length} ranges; ${RANGES_MAX} are allowed`);
  const given = request.ranges.map(({ start, end, since }): WatchedRange => {
    const range = { start: position(start), end: position(end) };
    return { range, since: since === undefined ? undefined : Number(since) };
  });
  // Where a key is, this node knows better than its caller.
  if (filter.kind === 'key') return { filter, ranges: [at(filter.key, given[0]?.since)], direct };
  if (given.length > 0) return { filter, ranges: given, direct };
  if (filter.kind === 'tag' && terms.positionRule === 'tag')
    return { filter, ranges: [at(placed(filter.tag, 'whole-key'), undefined)], direct };
  throw new RingError(
    'INVALID_ARGUMENT',
    'a watch of more than one place needs the ranges of the ring to watch: of one arc, as the ring names it',
  );
}

function filterOf({ key, prefix, tag }: dht.WatchRequest, terms: KeyTerms): WatchFilter {
  if ([key, prefix, tag].filter((each) => each !== undefined).length > 1)
    throw new RingError(
      'INVALID_ARGUMENT',
      'a watch is of a key, of a prefix or of a tag, of one of them only',
    );
  if (key !== undefined) return { kind: 'key', key: placed(checked(key, terms), terms.positionRule) };
  if (tag !== undefined) return { kind: 'tag', tag: checked(tag, terms) };
  return prefix === undefined ? { kind: 'everything' } : { kind: 'prefix', prefix: bytesOfBuffer(prefix) };
}

function checked(given: Buffer, { keyBytesMax }: KeyTerms): Bytes {
  const bytes = bytesOfBuffer(given);
  checkKey(bytes, keyBytesMax);
  return bytes;
}

function at(key: RingKey, since: number | undefined): WatchedRange {
  const start = positionOf(key);
  return { range: { start, end: advance(start, 1n) }, since };
}
