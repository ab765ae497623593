/**
 * discarded.jsonl in the data folder: prepared operations that the node was told to discard, one a line. For most of
 * them nobody was told that they were done. But after an old disk was put back, one of them may be the last trace of an
 * acknowledged write.
 *
 * It is bounded: a full file becomes discarded.old.jsonl and replaces the one before. It is written and synced at once,
 * because the log forgets the operations with its next batch; this happens rarely.
 */

import { appendFileSync, fsyncSync, closeSync, openSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { formatArc, positionOf, formatPosition, POSITION_BYTES, type Arc } from '@ringkeep/shared';
import { valueIn, bufferOfBytes } from '@ringkeep/shared/operations';
import type { DiscardedOp } from '../core/effects';

const FILE_BYTES_MAX = 16 * 1024 * 1024;

export class DiscardFile {
  constructor(
    private readonly folder: string,
    private readonly bytesMax = FILE_BYTES_MAX,
  ) {}

  keep(range: Arc, ops: readonly DiscardedOp[]): void {
    const path = join(this.folder, 'discarded.jsonl');
    const at = new Date().toISOString();
    const lines = ops.map((op) => `${JSON.stringify({ at, arc: formatArc(range), ...described(op) })}\n`);
    const file = openSync(path, 'a');
    try {
      appendFileSync(file, lines.join(''));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (statSync(path).size >= this.bytesMax) renameSync(path, join(this.folder, 'discarded.old.jsonl'));
  }
}

function described({ seq, term, op: { key, value } }: DiscardedOp): Record<string, string | number | null> {
  return {
    term,
    seq,
    position: formatPosition(positionOf(key)),
    key: bufferOfBytes(key).subarray(POSITION_BYTES).toString('base64'),
    value: value === undefined ? null : bufferOfBytes(valueIn(value)).toString('base64'),
  };
}
