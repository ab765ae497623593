/** Histories from and to files, a line at a time, so that memory holds the operations and one chunk. */

import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RingError } from '@ringkeep/shared';
import { formatHistoryLine, LINE_CHARS_MAX, parseHistoryLine, type HistoryOperation } from '../core';

/** Throws INVALID_ARGUMENT naming the file and the line that is wrong. */
export async function readHistoryFile(path: string): Promise<HistoryOperation[]> {
  return readHistory(createReadStream(path), path);
}

/** The same from any stream of UTF-8; `name` stands for it in messages. Empty lines are skipped. */
export async function readHistory(input: Readable, name: string): Promise<HistoryOperation[]> {
  const operations: HistoryOperation[] = [];
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let lineNumber = 0;
  let rest = '';
  const take = (line: string): void => {
    lineNumber++;
    if (line.trim() !== '') operations.push(parseHistoryLine(line));
  };
  try {
    for await (const chunk of input) {
      const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
      if (rest.length > LINE_CHARS_MAX) take(rest);
    }
    take(rest + decoder.decode());
  } catch (error) {
    if (error instanceof RingError) {
      throw new RingError('INVALID_ARGUMENT', `${name}, line ${lineNumber}: ${error.message}`, {
        cause: error,
      });
    }
    if ((error as NodeJS.ErrnoException).code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
      throw new RingError('INVALID_ARGUMENT', `${name}: not UTF-8 after line ${lineNumber}`, {
        cause: error,
      });
    }
    throw error;
  }
  return operations;
}

export async function writeHistoryFile(path: string, history: Iterable<HistoryOperation>): Promise<void> {
  await pipeline(Readable.from(lines(history)), createWriteStream(path));
}

function* lines(history: Iterable<HistoryOperation>): Generator<string> {
  for (const operation of history) yield `${formatHistoryLine(operation)}\n`;
}
