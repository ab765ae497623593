/** Histories of logs as the node's own log and its checkpoints keep them. */

import type { LogExtent, LogHistory, LogPiece, TermRun, TermStart } from '@ringkeep/shared';
import type { ConflictingLog } from '../core/messages';
import type { ByteReader, ByteWriter } from './byte-writer';

export function writeHistory(writer: ByteWriter, { from, pieces, starts }: LogHistory): void {
  writer.counter(from);
  writer.word(pieces.length);
  for (const piece of pieces) {
    writer.position(piece.range.start);
    writer.position(piece.range.end);
    writer.counter(piece.from);
    writer.counter(piece.committed);
    writer.word(piece.runs.length);
    for (const { term, first, last } of piece.runs) {
      writer.counter(term);
      writer.counter(first);
      writer.counter(last);
    }
  }
  writer.word(starts.length);
  for (const { term, first } of starts) {
    writer.counter(term);
    writer.counter(first);
  }
}

export function readHistory(reader: ByteReader): LogHistory {
  const from = reader.counter();
  const pieces = times(reader.word(), (): LogPiece => {
    const range = { start: reader.position(), end: reader.position() };
    const pieceFrom = reader.counter();
    const committed = reader.counter();
    const runs = times(reader.word(), (): TermRun => {
      return { term: reader.counter(), first: reader.counter(), last: reader.counter() };
    });
    return { range, from: pieceFrom, runs, committed };
  });
  const starts = times(reader.word(), (): TermStart => {
    return { term: reader.counter(), first: reader.counter() };
  });
  return { from, pieces, starts };
}

export function writeConflict(writer: ByteWriter, { node, log }: ConflictingLog): void {
  writer.position(node);
  writer.position(log.range.start);
  writer.position(log.range.end);
  writer.counter(log.committed);
  writer.counter(log.lastPrepared);
  writeHistory(writer, log.history);
}

export function readConflict(reader: ByteReader): ConflictingLog {
  const node = reader.position();
  const log: LogExtent = {
    range: { start: reader.position(), end: reader.position() },
    committed: reader.counter(),
    lastPrepared: reader.counter(),
    history: readHistory(reader),
  };
  return { node, log };
}

function times<T>(count: number, read: () => T): T[] {
  const items: T[] = [];
  for (let i = 0; i < count; i++) items.push(read());
  return items;
}
