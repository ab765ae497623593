/**
 * Reads a page of a scan: what the table holds of a stretch of the arc, in one step, hence at one moment.
 *
 * The stretch begins at the place that was asked for and ends with the arc as it is now, at the latest: what lies behind
 * belongs to somebody else, or will in a moment, and is asked of whoever owns it when the scan gets there. A page is
 * bounded by what it looks at, so that a scan that finds little does not hold up everybody else.
 */

import {
  POSITION_BYTES,
  RingError,
  type Arc,
  type Bytes,
  type KeyRange,
  type RingKey,
} from '@ringkeep/shared';
import { expiryIn } from '@ringkeep/shared/operations/stored';
import { tagOf, type PositionRule } from '@ringkeep/shared/ring/position-rule';
import { onlyKey, samePosition } from '@ringkeep/shared/ring/arc';
import { keyOf, positionBytes } from '@ringkeep/shared/ring/ring-key';
import { placeOfTag } from '@ringkeep/shared/scans/cursor';
import { ScanPageWriter } from '@ringkeep/shared/scans/scan-page-writer';
import type { KeyOrder, ScanQuery } from '@ringkeep/shared/scans/scan-query';
import { PAGE_BYTES_TARGET, PAGE_EXAMINED_MAX } from '../limits';
import type { EntryStore, KeyWalk } from '../replica/entry-store';

type EntryWalk = ReturnType<EntryStore['walk']>;

/** What is read, and as of when. */
export interface PageSource {
  readonly walk: (range: KeyRange, reverse: boolean) => EntryWalk;
  readonly walkKeys: EntryStore['walkKeys'];
  readonly arc: Arc;
  /** The number of the last operation whose entries the table has. */
  readonly seq: number;
  readonly rule: PositionRule;
  readonly isOver: (expiresAtMs: number) => boolean;
}

export interface ReadPage {
  /** Undefined if the first thing that it met is damaged; read by `decodeScanPage`. */
  readonly page: Bytes | undefined;
  /** What ended it is damaged. */
  readonly damaged: KeyRange | undefined;
  /** Keys whose time is over: there is a page when they have been ended. */
  readonly over: readonly RingKey[];
}

/** The stretch from a place on that one page may be about, and whether the scan is over behind it. */
interface Stretch extends KeyRange {
  readonly last: boolean;
}

/** Throws RingError when there can be no such page. */
export function readPage(source: PageSource, place: RingKey, query: ScanQuery): ReadPage {
  const { byKey } = query;
  const stretch = stretchOf(source, place, query);
  const writer = new ScanPageWriter(query.keysOnly);
  let next = stretch.last || byKey ? undefined : (stretch.to as RingKey | undefined);
  const over: RingKey[] = [];
  let damaged: KeyRange | undefined;
  let examined = 0;
  let bytes = 0;
  for (const [key, stored] of candidates(source, stretch, query)) {
    if (writer.entries === query.limit || bytes >= PAGE_BYTES_TARGET || examined === PAGE_EXAMINED_MAX) {
      next = goingOnAt(key, byKey);
      break;
    }
    examined++;
    if (stored === undefined) continue;
    if (!writer.write(key, stored)) {
      damaged = onlyKey(key);
      if (examined === 1) return { page: undefined, damaged, over };
      next = goingOnAt(key, byKey);
      break;
    }
    if (!isAsked(key, query)) continue;
    const expiresAtMs = expiryIn(stored);
    if (expiresAtMs !== undefined && source.isOver(expiresAtMs)) {
      over.push(key);
      continue;
    }
    writer.keep();
    bytes += key.length + (query.keysOnly ? 0 : stored.length);
  }
  return { page: writer.finish(next, source.arc, source.seq), damaged, over };
}

/** What the page looks at, in its order. Of an index of keys, what lies outside of the stretch, too. */
function candidates(source: PageSource, stretch: Stretch, { tag, byKey }: ScanQuery): KeyWalk {
  if (byKey === undefined) return source.walk(stretch, false);
  const { from, to, reverse } = byKey;
  if (tag === undefined) {
    const walk = source.walkKeys({ from: from ?? ('' as Bytes), to }, reverse, stretch);
    if (walk !== undefined) return walk;
    throw new RingError(
      'FAILED_PRECONDITION',
      'the ring keeps no index of its keys (--key-index of the registry, when the ring begins): a range needs a tag',
    );
  }
  const at = stretch.from.slice(0, POSITION_BYTES);
  const least = `${at}${from ?? ''}` as Bytes;
  const end = to === undefined ? stretch.to : (`${at}${to}` as Bytes);
  return source.walk({ from: least, to: end }, reverse);
}

function goingOnAt(key: RingKey, byKey: KeyOrder | undefined): RingKey {
  if (byKey === undefined) return key;
  return (byKey.reverse ? `${keyOf(key)}\0` : keyOf(key)) as RingKey;
}

function stretchOf({ arc, rule }: PageSource, place: RingKey, { tag, byKey }: ScanQuery): Stretch {
  const arcEnd = endOfArc(arc, place);
  if (tag === undefined) {
    const to = byKey?.end !== undefined && !(arcEnd !== undefined && arcEnd < byKey.end) ? byKey.end : arcEnd;
    return { from: place, to, last: to === undefined };
  }
  if (rule === 'whole-key')
    throw new RingError('FAILED_PRECONDITION', 'the ring is from before there were tags: its keys have none');
  if (!place.startsWith(placeOfTag(tag)))
    throw new RingError('INVALID_ARGUMENT', 'the place to go on from is not one of this tag');
  return { from: place, to: samePosition(place).to, last: true };
}

/** Where the part of an arc ends that a place is in; undefined: with the ring. */
function endOfArc({ start, end }: Arc, place: RingKey): Bytes | undefined {
  if (end === 0n || start === end) return undefined;
  return end < start && place >= positionBytes(start) ? undefined : positionBytes(end);
}

function isAsked(key: RingKey, { prefix, tag }: ScanQuery): boolean {
  if (prefix !== undefined && !key.startsWith(prefix, POSITION_BYTES)) return false;
  return tag === undefined || tagOf(keyOf(key)) === tag;
}
