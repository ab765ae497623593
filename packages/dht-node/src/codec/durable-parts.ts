/** The parts of which batches and snapshots are made: arcs, ranges of keys, operations, the ring that was known. */

import type { Arc, Bytes, KeyRange, KnownRing } from '@ringkeep/shared';
import { position } from '@ringkeep/shared/ring/position';
import type { dht } from '@ringkeep/shared/wire';
import type { SequencedOp } from '../core/replica/sequenced-op';
import type { ByteReader, ByteWriter } from './byte-writer';
import { columnsOf } from './entry-columns';

export function writeKnown(writer: ByteWriter, { version, run }: KnownRing): void {
  writer.counter(version);
  writer.position(position(run));
}

export function readKnown(reader: ByteReader): KnownRing {
  return { version: reader.counter(), run: reader.position() };
}

export function writeArc(writer: ByteWriter, arc: Arc): void {
  writer.position(arc.start);
  writer.position(arc.end);
}

export function readArc(reader: ByteReader): Arc {
  return { start: reader.position(), end: reader.position() };
}

export function writeKeyRange(writer: ByteWriter, { from, to }: KeyRange): void {
  writeBound(writer, from);
  writer.byte(to === undefined ? 0 : 1);
  if (to !== undefined) writeBound(writer, to);
}

function writeBound(writer: ByteWriter, bound: Bytes): void {
  writer.word(bound.length);
  writer.raw(Buffer.from(bound, 'latin1'));
}

export function readKeyRange(reader: ByteReader): KeyRange {
  return { from: readBound(reader), to: reader.byte() === 1 ? readBound(reader) : undefined };
}

function readBound(reader: ByteReader): Bytes {
  return reader.raw(reader.word()).toString('latin1') as Bytes;
}

export function writeOps(writer: ByteWriter, ops: readonly SequencedOp[]): void {
  const { kinds, keyLengths, valueLengths, blob } = columnsOf(ops);
  writer.word(kinds.length);
  writer.word(keyLengths.length);
  writer.word(valueLengths.length);
  writer.word(blob.length);
  writer.raw(kinds);
  for (const length of keyLengths) writer.word(length);
  for (const length of valueLengths) writer.word(length);
  writer.raw(blob);
}

export function readColumns(reader: ByteReader): dht.EntryColumns {
  const rows = reader.word();
  const keys = reader.word();
  const values = reader.word();
  const blobBytes = reader.word();
  const kinds = reader.raw(rows);
  const keyLengths = Array.from({ length: keys }, () => reader.word());
  const valueLengths = Array.from({ length: values }, () => reader.word());
  return { kinds, keyLengths, valueLengths, blob: reader.raw(blobBytes) };
}
