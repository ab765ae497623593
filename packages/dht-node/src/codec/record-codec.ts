/** Log batches as bytes. The storage frames and checks them; this is only what is inside. */

import { RingError } from '@ringkeep/shared/ring/errors';
import { UNKNOWN_TERM, unknownHistory } from '@ringkeep/shared/ring/log-history';
import type { LogRecord } from '../core/replica/records';
import type { ByteReader, ByteWriter } from './byte-writer';
import { newestFormat, versioned, type Format } from './durable-format';
import {
  readArc,
  readColumns,
  readKeyRange,
  readKnown,
  writeArc,
  writeKeyRange,
  writeKnown,
  writeOps,
} from './durable-parts';
import { entriesOf } from './entry-columns';
import { readConflict, readHistory, writeConflict, writeHistory } from './history-codec';

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
  const writer = newestFormat();
  for (const record of records) writeRecord(writer, record);
  return writer.finish();
}

export function decodeBatch(batch: Uint8Array): LogRecord[] {
  const { reader, format } = versioned(batch);
  const records: LogRecord[] = [];
  while (!reader.done) records.push(readRecord(reader, format));
  return records;
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
