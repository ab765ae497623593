/**
 * Reads a log after a start: where does it end, and is anything missing before that?
 *
 * The log ends where the next record is not whole. Two very different things look like that:
 *
 * - A torn tail. The machine stopped while a group of batches was on its way to the disk. Any of the group's sectors
 *   may be there or not, even later ones without earlier ones. Nobody was told that these batches are durable. The log
 *   is cut there, and what is left behind the cut is destroyed.
 * - Damage. The record was on the disk once and no longer is. Cutting there would lose acknowledged writes, so the node
 *   does not start.
 *
 * One question tells them apart: was the missing batch ever durable? A whole record behind it does not answer that,
 * because it may belong to the same torn group. So each record carries how far the log was durable when it was written,
 * and a log at rest ends with a mark that does. Any whole record behind the gap, in this segment or a later one, that
 * was written when the missing batch was durable proves damage. Damage of the very last group, within the moment before
 * its mark is written, cannot be told from a tear.
 *
 * What is read may be in the system's memory only, and not just because nobody has synced it yet. A write that failed
 * leaves its pages there, marked as clean, and a sync of clean pages writes nothing. So everything that is not known to
 * be on the disk is written again before it counts. The batches up to the highest `durableBefore` that is read are
 * known: their own writes had succeeded when that record was made. Behind them is what the process before had under
 * way: one group with durability "always", everything since the last sync with the others. A later write that failed
 * may have taken a page of a known record with it. The disk then has that page as it was before, and the record in it
 * has not changed since.
 *
 * Segments are complete and synced before they are given their name, so a damaged header is damage. A log is never
 * written behind a cut: the next batch goes to a new segment with a new salt, so no leftover is ever taken for one of
 * its records. Gaps are judged by batch numbers and not by segment names, and what the checkpoint holds may be missing.
 * A log that was ever opened has a segment at any moment. If there is none, somebody has removed it.
 */

import { join } from 'node:path';
import { RingError } from '@ringkeep/shared';
import type { LogFolder } from './log-folder';
import {
  MARK_NUMBER,
  SEGMENT_HEADER_BYTES,
  decodeRecord,
  decodeSegmentHeader,
  provesDurable,
  segmentNumberOf,
  type SegmentRecord,
} from './log-record';

/** How much of it is written again at once. */
const REWRITE_BYTES = 1 << 20;

export interface ClosedSegment {
  readonly name: string;
  /** The number of its last batch; 0 when it has none. */
  readonly lastNumber: number;
}

export interface RecoveredLog {
  readonly segments: ClosedSegment[];
  /** The only segment, when nothing is in it; to be removed when there is another one. */
  readonly empty: string | undefined;
  /** The number of the last segment that was found; 0 when there was none. */
  readonly segmentNumber: number;
  /** The number of the last batch, in the log or the checkpoint. */
  readonly lastNumber: number;
  /** What the visited batches take in the log. */
  readonly bytes: number;
}

interface Segment {
  readonly name: string;
  readonly bytes: Buffer;
  readonly salt: number;
}

/** Where the readable part of a segment ends. */
interface End {
  readonly segment: Segment;
  readonly at: number;
}

/**
 * Hands every batch after the checkpoint's to `visit`, in order, and cuts a torn tail off. Throws
 * FAILED_PRECONDITION when a batch is missing; nothing is changed then.
 */
export async function recoverLog(
  folder: LogFolder,
  checkpointNumber: number,
  visit: (batch: Uint8Array) => void,
): Promise<RecoveredLog> {
  const names = (await folder.list()).filter((name) => segmentNumberOf(name) !== undefined).sort();
  const reader = new RecordReader(checkpointNumber, visit);
  const segments: ClosedSegment[] = [];
  let end: End | undefined;
  let empty: string | undefined;
  for (const name of names) {
    const segment = await readSegment(folder, name);
    if (end !== undefined && !reader.begins(segment)) break;
    end = { segment, at: reader.read(segment) };
    segments.push({ name, lastNumber: reader.lastNumber });
  }
  if (end !== undefined) {
    const later = names.slice(segments.length);
    await refuseDamage(folder, end, later, reader.missing);
    for (const { name, lastNumber } of segments) {
      if (lastNumber > reader.knownDurable) await writeAnew(folder, name, reader.knownDurable);
    }
    await cut(folder, end, later, segments.length === 1);
    if (end.at === SEGMENT_HEADER_BYTES) empty = segments.pop()?.name;
  }
  return {
    segments,
    empty: segments.length === 0 ? empty : undefined,
    segmentNumber: segmentNumberOf(names.at(-1) ?? '') ?? 0,
    lastNumber: Math.max(reader.lastNumber, checkpointNumber),
    bytes: reader.bytes,
  };
}

/** Follows the numbers of the batches from record to record. */
class RecordReader {
  /** 0 until the first batch was read. */
  lastNumber = 0;
  bytes = 0;
  /** Every batch up to this one was on the disk when a record that was read was written. */
  knownDurable = 0;

  constructor(
    private readonly checkpointNumber: number,
    private readonly visit: (batch: Uint8Array) => void,
  ) {}

  /** The lowest number that is needed and was not read. */
  get missing(): number {
    return Math.max(this.lastNumber, this.checkpointNumber) + 1;
  }

  /** True when the log goes on in the segment. */
  begins({ bytes, salt }: Segment): boolean {
    const first = decodeRecord(bytes, SEGMENT_HEADER_BYTES, salt);
    return first !== undefined && this.accepts(first);
  }

  /** Reads as far as the log goes on; returns where it does not. */
  read({ bytes, salt }: Segment): number {
    let at = SEGMENT_HEADER_BYTES;
    for (;;) {
      const record = decodeRecord(bytes, at, salt);
      if (record === undefined || !this.accepts(record)) return at;
      this.knownDurable = Math.max(this.knownDurable, record.durableBefore);
      if (record.number !== MARK_NUMBER) this.take(record, record.end - at);
      at = record.end;
    }
  }

  private accepts({ number, durableBefore }: SegmentRecord): boolean {
    if (durableBefore >= this.missing) return false;
    if (number === MARK_NUMBER || number === this.lastNumber + 1) return true;
    return number > this.lastNumber && number <= this.checkpointNumber + 1;
  }

  private take({ number, payload }: SegmentRecord, bytes: number): void {
    this.lastNumber = number;
    if (number <= this.checkpointNumber) return;
    this.bytes += bytes;
    this.visit(payload);
  }
}

async function readSegment(folder: LogFolder, name: string): Promise<Segment> {
  const bytes = await folder.read(name);
  const salt = decodeSegmentHeader(bytes);
  if (salt === undefined) throw damage(folder, name, 0, 'the header of the log segment is damaged');
  return { name, bytes, salt };
}

async function refuseDamage(
  folder: LogFolder,
  end: End,
  later: readonly string[],
  missing: number,
): Promise<void> {
  const { segment, at } = end;
  let proven = provesDurable(segment.bytes, at, segment.salt, missing);
  for (const name of later) {
    if (proven) break;
    const { bytes, salt } = await readSegment(folder, name);
    proven = provesDurable(bytes, SEGMENT_HEADER_BYTES, salt, missing);
  }
  if (!proven) return;
  const next = later[0];
  const beginsNext = next !== undefined && segment.bytes.subarray(at).every((byte) => byte === 0);
  throw damage(
    folder,
    beginsNext ? next : segment.name,
    beginsNext ? SEGMENT_HEADER_BYTES : at,
    `batch ${missing} should begin here and cannot be read; a record behind it shows that it was on the disk`,
  );
}

function damage(folder: LogFolder, name: string, at: number, what: string): RingError {
  return new RingError(
    'FAILED_PRECONDITION',
    `${join(folder.path, name)} is damaged at byte ${at}: ${what}. Nothing was changed. Put back a copy of the ` +
      'data folder, or, if other nodes hold copies of its keys, delete the folder and start this one as a new node.',
  );
}

/** Writes everything in a segment that follows the batch of that number once more, the marks too, and syncs it. */
async function writeAnew(folder: LogFolder, name: string, number: number): Promise<void> {
  const { bytes, salt } = await readSegment(folder, name);
  let from = SEGMENT_HEADER_BYTES;
  let end = from;
  for (let record = decodeRecord(bytes, end, salt); record; record = decodeRecord(bytes, end, salt)) {
    end = record.end;
    if (record.number !== MARK_NUMBER && record.number <= number) from = end;
  }
  const file = await folder.open(name, false);
  try {
    for (let at = from; at < end; at += REWRITE_BYTES) {
      await file.write(bytes.subarray(at, Math.min(end, at + REWRITE_BYTES)), at);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * The latest first: whatever a crash leaves of it is cut at the same place by the next start. What stays
 * has been written anew as far as that is needed, so the sync of the truncation makes its length durable.
 */
async function cut(folder: LogFolder, end: End, later: readonly string[], only: boolean): Promise<void> {
  for (const name of [...later].reverse()) await folder.remove(name);
  const { name } = end.segment;
  if (end.at > SEGMENT_HEADER_BYTES) await folder.truncate(name, end.at);
  else if (!only) await folder.remove(name);
}
