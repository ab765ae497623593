/** Why a stream ended, for people: gRPC wraps the cause of a failed connection in its own story. */

import { status, type StatusObject } from '@grpc/grpc-js';

export function causeOf({ code, details }: StatusObject, ended: string): string {
  if (code === status.OK || details === '') return ended;
  return /Last error: (?:Error: )?(.*?)\.? Resolution note:/.exec(details)?.[1] ?? details;
}
