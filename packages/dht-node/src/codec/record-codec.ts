/**
 * Log batches and checkpoint snapshots as bytes. The storage frames and checks them; this is only what is
 * inside. The first byte is the format's version: a later format can read an older one's log.
 */

import { RingError, type Arc } from '@ringkeep/shared';
import type { dht } from '@ringkeep/shared/wire';
import type { SequencedOp } from '../core/messages';
import type { LogRecord, ReplicaSnapshot } from '../core/records';
import { ByteReader, ByteWriter } from './byte-writer';
import { columnsOf, entriesOf, opsOf, opsOfBareValues } from './entry-columns';

const FORMAT_VERSION = 3;
/** Values had no envelopes. */
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
} as const satisfies Record<LogRecord['kind'], number>;

const kinds = new Map(Object.entries(TAGS).map(([kind, tag]) => [tag as number, kind as LogRecord['kind']]));

export function encodeBatch(records: readonly LogRecord[]): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(FORMAT_VERSION);
  for (const record of records) writeRecord(writer, record);
  return writer.finish();
}

export function decodeBatch(batch: Uint8Array): LogRecord[] {
  const { reader, operations } = versioned(batch);
  const records: LogRecord[] = [];
  while (!reader.done) records.push(readRecord(reader, operations));
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
  const { reader, operations } = versioned(bytes);
  const replicas: ReplicaSnapshot[] = [];
  while (!reader.done) {
    const range = readArc(reader);
    const complete = reader.byte() === 1;
    const liveTerm = reader.counter();
    const committed = reader.counter();
    replicas.push({ range, complete, liveTerm, committed, window: operations(readColumns(reader)) });
  }
  return replicas;
}

/** How the operations of a format are read. */
type OperationsReader = (columns: dht.EntryColumns) => readonly SequencedOp[];

function versioned(bytes: Uint8Array): {
  readonly reader: ByteReader;
  readonly operations: OperationsReader;
} {
  const reader = new ByteReader(bytes);
  const version = reader.byte();
  if (version === FORMAT_VERSION) return { reader, operations: opsOf };
  if (version === FORMAT_OF_BARE_VALUES) return { reader, operations: opsOfBareValues };
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

function readRecord(reader: ByteReader, operations: OperationsReader): LogRecord {
  const tag = reader.byte();
  const kind = kinds.get(tag);
  switch (kind) {
    case 'create': {
      const range = readArc(reader);
      return { kind, range, complete: reader.byte() === 1 };
    }
    case 'prepare':
      return {
        kind,
        start: reader.position(),
        firstSeq: reader.counter(),
        ops: operations(readColumns(reader)),
      };
    case 'commit':
      return { kind, start: reader.position(), seq: reader.counter() };
    case 'truncate':
      return { kind, start: reader.position(), lastPrepared: reader.counter() };
    case 'live-term':
      return { kind, start: reader.position(), term: reader.counter() };
    case 'transfer':
      return { kind, range: readArc(reader) };
    case 'forget':
      return { kind, start: reader.position() };
    case 'install':
      return { kind, start: reader.position(), entries: entriesOf(readColumns(reader), operations) };
    case 'complete':
      return {
        kind,
        start: reader.position(),
        committed: reader.counter(),
        term: reader.counter(),
        window: operations(readColumns(reader)),
      };
    case 'split':
      return { kind, start: reader.position(), at: reader.position() };
    case 'merge':
      return { kind, start: reader.position(), nextStart: reader.position() };
    default:
      throw new RingError('INTERNAL', `a record of unknown type ${tag}`);
  }
}
