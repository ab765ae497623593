/** The bytes of a file or of stdin, unpacked when they are gzipped, and how many were read. */

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { RingError } from '@ringkeep/shared';

const READ_BYTES = 256 * 1024;
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);

export class Source {
  /** Bytes read from the file so far, counted before unpacking. */
  bytesRead = 0;

  private constructor(
    private readonly path: string,
    private readonly stream: Readable,
    /** Unknown for stdin. */
    readonly totalBytes: number | undefined,
  ) {}

  /** Opens a file, or `stdin` for the path `-`. Throws FAILED_PRECONDITION when it cannot be read. */
  static async open(path: string, stdin: Readable): Promise<Source> {
    if (path === '-') return new Source('stdin', stdin, undefined);
    try {
      const facts = await stat(path);
      if (facts.isDirectory()) throw new Error('it is a folder');
      const stream = createReadStream(path, { highWaterMark: READ_BYTES });
      return new Source(path, stream, facts.isFile() ? facts.size : undefined);
    } catch (error) {
      throw unreadable(path, error);
    }
  }

  /** The unpacked bytes, piece by piece. Throws FAILED_PRECONDITION when reading fails. */
  async *chunks(): AsyncGenerator<Buffer> {
    const raw = this.counted();
    const first = await raw.next();
    if (first.done === true) return;
    const whole = joined(first.value, raw);
    if (!first.value.subarray(0, 2).equals(GZIP_MAGIC)) {
      yield* whole;
      return;
    }
    try {
      // Its errors come out of the iterator.
      const unpacked = pipeline(whole, createGunzip({ chunkSize: READ_BYTES }), () => undefined);
      for await (const chunk of unpacked) yield chunk as Buffer;
    } catch (error) {
      throw error instanceof RingError ? error : unreadable(this.path, error);
    }
  }

  private async *counted(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of this.stream) {
        this.bytesRead += (chunk as Buffer).length;
        yield chunk as Buffer;
      }
    } catch (error) {
      throw unreadable(this.path, error);
    }
  }
}

function unreadable(path: string, error: unknown): RingError {
  return new RingError('FAILED_PRECONDITION', `cannot read ${path}: ${(error as Error).message}`, {
    cause: error,
  });
}

async function* joined(first: Buffer, rest: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  yield* rest;
}
