/**
 * Log batches and checkpoint snapshots as bytes. The storage frames and checks them; this is only what is
 * inside. The first byte is the format's version: a later format can read an older one's log.
 */

import type { Arc, Bytes, KeyRange, KnownRing } from '@ringkeep/shared';
import { RingError } from '@ringkeep/shared/ring/errors';
import { NOTHING_KNOWN } from '@ringkeep/shared/ring/history';
import { UNKNOWN_TERM, unknownHistory } from '@ringkeep/shared/ring/log-history';
import { position } from '@ringkeep/shared/ring/position';
import type { dht } from '@ringkeep/shared/wire';
import type { SequencedOp } from '../core/messages';
import type { LogRecord, ReplicaSnapshot } from '../core/replica/records';
import { ByteReader, ByteWriter } from './byte-writer';
import { columnsOf, entriesOf, opsOf, opsOfBareValues } from './entry-columns';
import { readConflict, readHistory, writeConflict, writeHistory } from './history-codec';

const FORMAT_VERSION = 3;
/** Values had no envelopes, logs no histories, and nodes did not keep which ring they knew. */
const FORMAT_OF_BARE_VALUES = 2;

/** The bytes on disk; never reused. */
const TAGS = {
  create: 1,
  prepare: 2,
  commit: 3,
  truncate: 4,
  'live-term': 5,
  install: 7,
  complete: 8,
  split: 9,
  merge: 10,
  forget: 11,
  transfer: 12,
  stop: 13,
  overrule: 14,
  resume: 15,
  'known-ring': 16,
  mend: 17,
  skip: 18,
} as const satisfies Record<LogRecord['kind'], number>;

/** In place of the term of prepared operations: the one in which the copy was last live. */
const OF_LIVE_TERM = -1;

const kinds = new Map(Object.entries(TAGS).map(([kind, tag]) => [tag as number, kind as LogRecord['kind']]));

export function encodeBatch(records: readonly LogRecord[]): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(FORMAT_VERSION);
  for (const record of records) writeRecord(writer, record);
  return writer.finish();
}

export function decodeBatch(batch: Uint8Array): LogRecord[] {
  const { reader, format } = versioned(batch);
  const records: LogRecord[] = [];
  while (!reader.done) records.push(readRecord(reader, format));
  return records;
}

/** All of a node's durable state but the entries. */
export interface Snapshot {
  readonly replicas: readonly ReplicaSnapshot[];
  readonly known: KnownRing;
}

export function encodeSnapshot({ replicas, known }: Snapshot): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(FORMAT_VERSION);
  writeKnown(writer, known);
  for (const replica of replicas) {
    writeArc(writer, replica.range);
    writer.byte(replica.complete ? 1 : 0);
    writer.counter(replica.liveTerm);
    writer.counter(replica.committed);
    writeOps(writer, replica.window);
    writeHistory(writer, replica.history);
    writer.counter(replica.overrules);
    writer.byte(replica.conflict ? 1 : 0);
    if (replica.conflict) writeConflict(writer, replica.conflict);
  }
  return writer.finish();
}

export function decodeSnapshot(bytes: Uint8Array): Snapshot {
  const { reader, format } = versioned(bytes);
  const known = format.hasHistories ? readKnown(reader) : NOTHING_KNOWN;
  const replicas: ReplicaSnapshot[] = [];
  while (!reader.done) {
    const range = readArc(reader);
    const complete = reader.byte() === 1;
    const liveTerm = reader.counter();
    const committed = reader.counter();
    const window = format.operations(readColumns(reader));
    const copy = { range, complete, liveTerm, committed, window };
    if (!format.hasHistories) {
      const history = unknownHistory(committed + window.length);
      replicas.push({ ...copy, history, overrules: 0, conflict: undefined });
      continue;
    }
    const history = readHistory(reader);
    const overrules = reader.counter();
    const conflict = reader.byte() === 1 ? readConflict(reader) : undefined;
    replicas.push({ ...copy, history, overrules, conflict });
  }
  return { replicas, known };
}

function writeKnown(writer: ByteWriter, { version, run }: KnownRing): void {
  writer.counter(version);
  writer.position(position(run));
}

function readKnown(reader: ByteReader): KnownRing {
  return { version: reader.counter(), run: reader.position() };
}

/** What differs between the formats that are read. */
interface Format {
  readonly operations: (columns: dht.EntryColumns) => readonly SequencedOp[];
  readonly hasHistories: boolean;
}

const FORMATS = new Map<number, Format>([
  [FORMAT_VERSION, { operations: opsOf, hasHistories: true }],
  [FORMAT_OF_BARE_VALUES, { operations: opsOfBareValues, hasHistories: false }],
]);

function versioned(bytes: Uint8Array): { readonly reader: ByteReader; readonly format: Format } {
  const reader = new ByteReader(bytes);
  const version = reader.byte();
  const format = FORMATS.get(version);
  if (format) return { reader, format };
  throw new RingError(
    'FAILED_PRECONDITION',
    `the data was written in format ${version}; this version of Ringkeep reads the formats ` +
      `${FORMAT_OF_BARE_VALUES} and ${FORMAT_VERSION}`,
  );
}

function writeArc(writer: ByteWriter, arc: Arc): void {
  writer.position(arc.start);
  writer.position(arc.end);
}

function readArc(reader: ByteReader): Arc {
  return { start: reader.position(), end: reader.position() };
}

function writeKeyRange(writer: ByteWriter, { from, to }: KeyRange): void {
  writeBound(writer, from);
  writer.byte(to === undefined ? 0 : 1);
  if (to !== undefined) writeBound(writer, to);
}

function writeBound(writer: ByteWriter, bound: Bytes): void {
  writer.word(bound.length);
  writer.raw(Buffer.from(bound, 'latin1'));
}

function readKeyRange(reader: ByteReader): KeyRange {
  return { from: readBound(reader), to: reader.byte() === 1 ? readBound(reader) : undefined };
}

function readBound(reader: ByteReader): Bytes {
  return reader.raw(reader.word()).toString('latin1') as Bytes;
}

function writeOps(writer: ByteWriter, ops: readonly SequencedOp[]): void {
  const { kinds, keyLengths, valueLengths, blob } = columnsOf(ops);
  writer.word(ops.length);
  writer.word(keyLengths.length);
  writer.word(valueLengths.length);
  writer.word(blob.length);
  writer.raw(kinds);
  for (const length of keyLengths) writer.word(length);
  for (const length of valueLengths) writer.word(length);
  writer.raw(blob);
}

function readColumns(reader: ByteReader): dht.EntryColumns {
  const ops = reader.word();
  const keys = reader.word();
  const values = reader.word();
  const blobBytes = reader.word();
  const kinds = reader.raw(ops);
  const keyLengths = Array.from({ length: keys }, () => reader.word());
  const valueLengths = Array.from({ length: values }, () => reader.word());
  return { kinds, keyLengths, valueLengths, blob: reader.raw(blobBytes) };
}

function writeRecord(writer: ByteWriter, record: LogRecord): void {
  writer.byte(TAGS[record.kind]);
  switch (record.kind) {
    case 'create':
      writeArc(writer, record.range);
      return writer.byte(record.complete ? 1 : 0);
    case 'prepare':
      writer.position(record.start);
      writer.counter(record.firstSeq);
      writer.counter(record.term ?? OF_LIVE_TERM);
      return writeOps(writer, record.ops);
    case 'commit':
      writer.position(record.start);
      return writer.counter(record.seq);
    case 'truncate':
      writer.position(record.start);
      return writer.counter(record.lastPrepared);
    case 'live-term':
      writer.position(record.start);
      return writer.counter(record.term);
    case 'transfer':
      return writeArc(writer, record.range);
    case 'forget':
    case 'resume':
      return writer.position(record.start);
    case 'install':
      writer.position(record.start);
      return writeOps(writer, record.entries);
    case 'mend':
      writer.position(record.start);
      writer.word(record.ranges.length);
      for (const range of record.ranges) writeKeyRange(writer, range);
      return writeOps(writer, record.entries);
    case 'complete':
      writer.position(record.start);
      writer.counter(record.committed);
      writer.counter(record.term);
      writeOps(writer, record.window);
      return writeHistory(writer, record.history);
    case 'split':
      writer.position(record.start);
      return writer.position(record.at);
    case 'merge':
      writer.position(record.start);
      return writer.position(record.nextStart);
    case 'stop':
      writer.position(record.start);
      return writeConflict(writer, record.conflict);
    case 'overrule':
      writer.position(record.start);
      return writer.counter(record.term);
    case 'skip':
      writer.position(record.start);
      writer.counter(record.seq);
      return writer.counter(record.term);
    case 'known-ring':
      return writeKnown(writer, record.known);
  }
}

function readRecord(reader: ByteReader, format: Format): LogRecord {
  const tag = reader.byte();
  const kind = kinds.get(tag);
  switch (kind) {
    case 'create': {
      const range = readArc(reader);
      return { kind, range, complete: reader.byte() === 1 };
    }
    case 'prepare': {
      const start = reader.position();
      const firstSeq = reader.counter();
      const term = format.hasHistories ? reader.counter() : UNKNOWN_TERM;
      const ops = format.operations(readColumns(reader));
      return { kind, start, firstSeq, ops, ...(term !== OF_LIVE_TERM && { term }) };
    }
    case 'commit':
      return { kind, start: reader.position(), seq: reader.counter() };
    case 'truncate':
      return { kind, start: reader.position(), lastPrepared: reader.counter() };
    case 'live-term':
      return { kind, start: reader.position(), term: reader.counter() };
    case 'transfer':
      return { kind, range: readArc(reader) };
    case 'forget':
    case 'resume':
      return { kind, start: reader.position() };
    case 'install':
      return { kind, start: reader.position(), entries: entriesOf(readColumns(reader), format.operations) };
    case 'mend': {
      const start = reader.position();
      const ranges = Array.from({ length: reader.word() }, () => readKeyRange(reader));
      return { kind, start, ranges, entries: entriesOf(readColumns(reader), format.operations) };
    }
    case 'complete': {
      const start = reader.position();
      const committed = reader.counter();
      const term = reader.counter();
      const window = format.operations(readColumns(reader));
      const history = format.hasHistories ? readHistory(reader) : unknownHistory(committed + window.length);
      return { kind, start, committed, term, window, history };
    }
    case 'split':
      return { kind, start: reader.position(), at: reader.position() };
    case 'merge':
      return { kind, start: reader.position(), nextStart: reader.position() };
    case 'stop':
      return { kind, start: reader.position(), conflict: readConflict(reader) };
    case 'overrule':
      return { kind, start: reader.position(), term: reader.counter() };
    case 'skip':
      return { kind, start: reader.position(), seq: reader.counter(), term: reader.counter() };
    case 'known-ring':
      return { kind, known: readKnown(reader) };
    default:
      throw new RingError('INTERNAL', `a record of unknown type ${tag}`);
  }
}
