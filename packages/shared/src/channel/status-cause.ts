/**
 * Finds why a stream ended, from its status alone. gRPC wraps the cause of a failed connection in text of its own, and
 * describes another kind of server in its own terms.
 */

import { status, type StatusObject } from '@grpc/grpc-js';

export const NO_GRPC = 'what answers there does not speak gRPC';
export const HUNG_UP = 'the connection was closed before anything was said';
/** Where grpc-js tells why it could not connect. */
export const LAST_ERROR = /Last error: (?:Error: )?(.*?)\.? Resolution note/s;

/** `ended` is the text for a stream that ended in order. */
export function causeOf({ code, details }: StatusObject, ended: string, expected: string): string {
  if (code === status.OK || details === '') return ended;
  const cause = LAST_ERROR.exec(details)?.[1] ?? details;
  if (code === status.UNIMPLEMENTED) return `this is not ${expected}: ${cause}`;
  if (/^Protocol error/.test(cause)) return `this is not ${expected}: ${NO_GRPC}`;
  // With TLS on one side only, and from servers that hang up, there is no cause: grpc-js adds the time instead.
  return /^Failed to connect \(.*\)$/.test(cause) ? HUNG_UP : cause;
}
