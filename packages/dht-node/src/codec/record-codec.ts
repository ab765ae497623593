/**
 * Log batches and checkpoint snapshots as bytes. The storage frames and checks them; this is only what is
 * inside. The first byte is the format's version: a later format can read an older one's log.
 */

import { RingError, type Arc, type RingKey } from '@ringkeep/shared';
import type { Entry } from '../core/entry-store';
import type { SequencedOp } from '../core/messages';
import type { LogRecord, ReplicaSnapshot } from '../core/records';
import { ByteReader, ByteWriter } from './byte-writer';

const FORMAT_VERSION = 1;

/** The bytes on disk; never reused. */
const TAGS = {
  create: 1,
  prepare: 2,
  commit: 3,
  truncate: 4,
  'live-term': 5,
  reset: 6,
  install: 7,
  complete: 8,
  split: 9,
  merge: 10,
  forget: 11,
} as const satisfies Record<LogRecord['kind'], number>;

const kinds = new Map(Object.entries(TAGS).map(([kind, tag]) => [tag as number, kind as LogRecord['kind']]));

const OP_BARE = 0;
const OP_DELETE = 1;
const OP_SET = 2;

export function encodeBatch(records: readonly LogRecord[]): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(FORMAT_VERSION);
  for (const record of records) writeRecord(writer, record);
  return writer.finish();
}

export function decodeBatch(batch: Uint8Array): LogRecord[] {
  const reader = versioned(batch);
  const records: LogRecord[] = [];
  while (!reader.done) records.push(readRecord(reader));
  return records;
}

export function encodeSnapshot(replicas: readonly ReplicaSnapshot[]): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(FORMAT_VERSION);
  for (const replica of replicas) {
    writeArc(writer, replica.range);
    writer.byte(replica.complete ? 1 : 0);
    writer.counter(replica.liveTerm);
    writer.counter(replica.committed);
    writeOps(writer, replica.window);
  }
  return writer.finish();
}

export function decodeSnapshot(bytes: Uint8Array): ReplicaSnapshot[] {
  const reader = versioned(bytes);
  const replicas: ReplicaSnapshot[] = [];
  while (!reader.done) {
    const range = readArc(reader);
    const complete = reader.byte() === 1;
    const liveTerm = reader.counter();
    const committed = reader.counter();
    replicas.push({ range, complete, liveTerm, committed, window: readOps(reader) });
  }
  return replicas;
}

function versioned(bytes: Uint8Array): ByteReader {
  const reader = new ByteReader(bytes);
  const version = reader.byte();
  if (version !== FORMAT_VERSION) {
    throw new RingError(
      'FAILED_PRECONDITION',
      `the data was written in format ${version}; this version of Ringkeep reads format ${FORMAT_VERSION}`,
    );
  }
  return reader;
}

function writeArc(writer: ByteWriter, arc: Arc): void {
  writer.position(arc.start);
  writer.position(arc.end);
}

function readArc(reader: ByteReader): Arc {
  return { start: reader.position(), end: reader.position() };
}

function writeOp(writer: ByteWriter, op: SequencedOp): void {
  if (op === undefined) return writer.byte(OP_BARE);
  writer.byte(op.value === undefined ? OP_DELETE : OP_SET);
  writer.bytes(op.key);
  if (op.value !== undefined) writer.bytes(op.value);
}

function writeOps(writer: ByteWriter, ops: readonly SequencedOp[]): void {
  writer.word(ops.length);
  for (const op of ops) writeOp(writer, op);
}

function readOp(reader: ByteReader): SequencedOp {
  const type = reader.byte();
  if (type === OP_BARE) return undefined;
  if (type !== OP_DELETE && type !== OP_SET)
    throw new RingError('INTERNAL', `a record has an operation of type ${type}`);
  const key = reader.bytes() as RingKey;
  return { key, value: type === OP_SET ? reader.bytes() : undefined };
}

function readOps(reader: ByteReader): SequencedOp[] {
  return Array.from({ length: reader.word() }, () => readOp(reader));
}

function readEntries(reader: ByteReader): Entry[] {
  return readOps(reader).filter((op) => op !== undefined);
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
    case 'reset':
    case 'forget':
      return writer.position(record.start);
    case 'install':
      writer.position(record.start);
      return writeOps(writer, record.entries);
    case 'complete':
      writer.position(record.start);
      writer.counter(record.committed);
      writer.counter(record.term);
      return writeOps(writer, record.window);
    case 'split':
      writer.position(record.start);
      return writer.position(record.at);
    case 'merge':
      writer.position(record.start);
      return writer.position(record.nextStart);
  }
}

function readRecord(reader: ByteReader): LogRecord {
  const tag = reader.byte();
  const kind = kinds.get(tag);
  switch (kind) {
    case 'create': {
      const range = readArc(reader);
      return { kind, range, complete: reader.byte() === 1 };
    }
    case 'prepare':
      return { kind, start: reader.position(), firstSeq: reader.counter(), ops: readOps(reader) };
    case 'commit':
      return { kind, start: reader.position(), seq: reader.counter() };
    case 'truncate':
      return { kind, start: reader.position(), lastPrepared: reader.counter() };
    case 'live-term':
      return { kind, start: reader.position(), term: reader.counter() };
    case 'reset':
    case 'forget':
      return { kind, start: reader.position() };
    case 'install':
      return { kind, start: reader.position(), entries: readEntries(reader) };
    case 'complete':
      return {
        kind,
        start: reader.position(),
        committed: reader.counter(),
        term: reader.counter(),
        window: readOps(reader),
      };
    case 'split':
      return { kind, start: reader.position(), at: reader.position() };
    case 'merge':
      return { kind, start: reader.position(), nextStart: reader.position() };
    default:
      throw new RingError('INTERNAL', `a record of unknown type ${tag}`);
  }
}
