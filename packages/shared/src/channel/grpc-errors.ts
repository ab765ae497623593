/**
 * Converts RingErrors to gRPC statuses and back.
 *
 * Several codes share a gRPC status (NOT_OWNER and FAILED_PRECONDITION), so the code also travels in a trailer. A
 * status without that trailer was made by gRPC itself, on either side: the connection broke, or the deadline passed. If
 * the call was a write, nobody can then say whether it happened, unless gRPC says that it never left.
 */

import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { ERROR_CODES, RingError, type ErrorCode, type RingUpdate } from '../ring';
import * as wire from '../wire/generated/registry';
import { updateFromWire, updateToWire } from '../wire/ring-conversion';

export const CODE_TRAILER = 'ringkeep-code';
export const RING_TRAILER = 'ringkeep-ring-bin';
/** Peers may refuse more than 8 KiB of metadata, and the ring travels in base64. A larger ring is fetched instead. */
export const RING_TRAILER_BYTES_MAX = 4096;

/** Statuses that gRPC or another server gives on its own, and the codes that they become. */
const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  [status.CANCELLED]: 'CANCELLED',
  [status.INVALID_ARGUMENT]: 'INVALID_ARGUMENT',
  [status.OUT_OF_RANGE]: 'INVALID_ARGUMENT',
  [status.DEADLINE_EXCEEDED]: 'DEADLINE_EXCEEDED',
  [status.ALREADY_EXISTS]: 'ALREADY_EXISTS',
  [status.RESOURCE_EXHAUSTED]: 'RESOURCE_EXHAUSTED',
  [status.ABORTED]: 'OUTCOME_UNKNOWN',
  [status.UNAVAILABLE]: 'UNAVAILABLE',
  [status.NOT_FOUND]: 'FAILED_PRECONDITION',
  [status.FAILED_PRECONDITION]: 'FAILED_PRECONDITION',
  [status.PERMISSION_DENIED]: 'FAILED_PRECONDITION',
  [status.UNAUTHENTICATED]: 'FAILED_PRECONDITION',
  [status.UNIMPLEMENTED]: 'FAILED_PRECONDITION',
};

/** Statuses that gRPC gives without knowing how far the call got. */
const UNDECIDED: ReadonlySet<number> = new Set([
  status.CANCELLED,
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.RESOURCE_EXHAUSTED,
  status.INTERNAL,
  status.UNAVAILABLE,
]);

/** How grpc-js begins the details of a call that found no connection and so never left. */
const NEVER_LEFT = /^(No connection established|Name resolution failed|Failed to connect)/;

export interface CallFacts {
  /** Name of the method. */
  readonly call: string;
  readonly address: string;
  /** The call is a write: without an answer from the server it may or may not have happened. */
  readonly writes: boolean;
}

/** What a grpc-js server answers to a failed call. `ring` goes along when the caller's is out of date. */
export function toServiceError(error: unknown, ring?: RingUpdate): ServiceError {
  const code: ErrorCode = error instanceof RingError ? error.code : 'INTERNAL';
  const details = error instanceof Error ? error.message : String(error);
  const metadata = new Metadata();
  metadata.set(CODE_TRAILER, code);
  if (ring) {
    const bytes = wire.RingUpdate.encode(updateToWire(ring)).finish();
    if (bytes.length <= RING_TRAILER_BYTES_MAX) metadata.set(RING_TRAILER, Buffer.from(bytes));
  }
  return Object.assign(new Error(details), { code: ERROR_CODES[code].grpcStatus, details, metadata });
}

/** The RingError for a failed call; its text names the method and the address. */
export function fromServiceError(error: unknown, facts: CallFacts): RingError {
  if (error instanceof RingError) return error;
  const where = `${facts.call} at ${facts.address}`;
  if (!isServiceError(error)) {
    const text = error instanceof Error ? error.message : String(error);
    return new RingError('INTERNAL', `${where}: ${text}`, { cause: error });
  }
  const named = error.metadata?.get(CODE_TRAILER)[0];
  const code =
    typeof named === 'string' && Object.hasOwn(ERROR_CODES, named)
      ? (named as ErrorCode)
      : codeOf(error, facts.writes);
  // grpc-js wraps the cause of a failed connection in its own story.
  const cause = /Last error: (?:Error: )?(.*?)\.? Resolution note:/s.exec(error.details)?.[1];
  const text = cause ?? (error.details || ERROR_CODES[code].text);
  return new RingError(code, `${text} (${where})`, { cause: error });
}

function codeOf(error: ServiceError, writes: boolean): ErrorCode {
  if (writes && UNDECIDED.has(error.code) && !NEVER_LEFT.test(error.details)) return 'OUTCOME_UNKNOWN';
  return CODE_OF_STATUS[error.code] ?? 'INTERNAL';
}

/** The ring that came with an error, or undefined. */
export function ringOfServiceError(error: unknown): RingUpdate | undefined {
  const source = error instanceof RingError ? error.cause : error;
  if (!isServiceError(source)) return undefined;
  const bytes = source.metadata?.get(RING_TRAILER)[0];
  if (!(bytes instanceof Uint8Array)) return undefined;
  return updateFromWire(wire.RingUpdate.decode(bytes));
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error;
}
