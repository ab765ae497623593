/**
 * Why a stream ended, for people: gRPC wraps the cause of a failed connection in its own story, and tells of a server
 * that is another one in terms of its own.
 */

import { status, type StatusObject } from '@grpc/grpc-js';

export function causeOf({ code, details }: StatusObject, ended: string, expected: string): string {
  if (code === status.OK || details === '') return ended;
  const cause = /Last error: (?:Error: )?(.*?)\.? Resolution note:/.exec(details)?.[1] ?? details;
  if (code === status.UNIMPLEMENTED) return `this is not ${expected}: ${cause}`;
  if (/^Protocol error/.test(cause)) return `this is not ${expected}: what answers there does not speak gRPC`;
  // With TLS on one side only, and from servers that hang up, there is no cause: grpc-js adds the time instead.
  return cause.replace(/^Failed to connect \(.*\)$/, 'the connection was closed before anything was said');
}
