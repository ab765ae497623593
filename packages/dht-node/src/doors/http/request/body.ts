/** Reads a body up to a limit, and drops what comes behind it. */

import type { IncomingMessage } from 'node:http';
import { DROPPED_BYTES_MAX } from '../limits';
import { ReaderGone } from '../response-stream';
import { tooLarge } from './content';

/** Throws a fault, 413, or ReaderGone. `held` is told how much has come so far. */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
  held: (bytes: number) => void,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    const take = (piece: Buffer): void => {
      bytes += piece.length;
      if (bytes > bytesMax) return settle(() => reject(tooLarge(bytesMax)));
      pieces.push(piece);
      held(bytes);
    };
    const settle = (how: () => void): void => {
      request.off('data', take);
      request.off('end', whole);
      request.off('close', brokenOff);
      how();
    };
    const whole = (): void =>
      settle(() => resolve(pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces, bytes)));
    const brokenOff = (): void =>
      settle(() => reject(new ReaderGone('the caller went before it had sent its request')));
    request.on('data', take);
    request.on('end', whole);
    request.on('close', brokenOff);
  });
}

/**
 * What is still to come of a body that nobody wants: it is read, so that its sender comes to read the answer. One that
 * sends too much is cut.
 */
export function dropBody(request: IncomingMessage): void {
  if (request.complete || request.destroyed) return;
  let bytes = 0;
  request.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > DROPPED_BYTES_MAX) request.destroy();
  });
}
