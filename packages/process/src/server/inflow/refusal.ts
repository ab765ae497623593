/** Refuses a gRPC call before gRPC has seen it, and ends a call that gRPC cannot end. */

import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { CODE_TRAILER } from '@ringkeep/shared/channel/grpc-errors';
import { ERROR_CODES, type ErrorCode } from '@ringkeep/shared/ring/errors';

export interface Refusal {
  readonly code: ErrorCode;
  readonly text: string;
}

function statusOf({ code, text }: Refusal): OutgoingHttpHeaders {
  return {
    'grpc-status': String(ERROR_CODES[code].grpcStatus),
    'grpc-message': encodeURI(text),
    [CODE_TRAILER]: code,
  };
}

/** Answers a call for which nothing was done. */
export function refuse(stream: ServerHttp2Stream, refusal: Refusal): void {
  stream.on('error', () => undefined);
  if (stream.destroyed || stream.headersSent) return;
  const headers = { ':status': 200, 'content-type': 'application/grpc+proto', ...statusOf(refusal) };
  stream.respond(headers, { endStream: true });
  // What is still being sent is of no use.
  stream.close(constants.NGHTTP2_NO_ERROR);
}

/**
 * Ends a call: with a status if the caller can still hear it, that is, if nothing waits for it to be read. A caller
 * that does not read is reset; the code says why, and gRPC turns it into RESOURCE_EXHAUSTED.
 */
export function cutOff(stream: ServerHttp2Stream, refusal: Refusal): void {
  if (stream.destroyed) return;
  if (!stream.headersSent) return refuse(stream, refusal);
  if (stream.writableLength === 0 && !stream.writableEnded) {
    stream.removeAllListeners('wantTrailers');
    stream.once('wantTrailers', () => stream.sendTrailers(statusOf(refusal)));
    stream.end();
    stream.resume();
    return;
  }
  reset(stream);
}

/** Gives up a stream and everything that it holds, whether or not the other side notices. */
export function reset(stream: ServerHttp2Stream): void {
  if (stream.destroyed) return;
  stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  stream.destroy();
}
