import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { ERROR_CODES, RingError, type ErrorCode } from '@ringkeep/shared';
import {
  CODE_TRAILER,
  RING_TRAILER_BYTES_MAX,
  fromServiceError,
  ringOfServiceError,
  toServiceError,
} from '@ringkeep/shared/channel';
import { sampleRing } from './sample-ring';

const read = { call: 'QueryDHT', address: 'http://a:1', writes: false };
const write = { ...read, writes: true };
const codes = Object.keys(ERROR_CODES) as ErrorCode[];

function fromGrpc(code: number, details = ''): ServiceError {
  return Object.assign(new Error(`${code}: ${details}`), { code, details, metadata: new Metadata() });
}

describe('errors on the wire', () => {
  test.each(codes)('%s comes back as itself, with method and address in its text', (code) => {
    const sent = toServiceError(new RingError(code, 'what went wrong'));
    expect(sent.code).toBe(ERROR_CODES[code].grpcStatus);
    const back = fromServiceError(sent, write);
    expect(back).toMatchObject({ code, message: 'what went wrong (QueryDHT at http://a:1)' });
  });

  test('any other error is INTERNAL with its text', () => {
    expect(fromServiceError(toServiceError(new Error('a bug')), read)).toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('a bug'),
    });
    expect(fromServiceError('no error at all', read).code).toBe('INTERNAL');
  });

  test('the ring travels along when it is small enough, and is left out when it is not', () => {
    const small = sampleRing(3);
    const error = fromServiceError(
      toServiceError(new RingError('NOT_OWNER'), { kind: 'ring', ring: small }),
      read,
    );
    expect(ringOfServiceError(error)).toEqual({ kind: 'ring', ring: small });
    const large = sampleRing(Math.ceil(RING_TRAILER_BYTES_MAX / 20));
    const bare = toServiceError(new RingError('NOT_OWNER'), { kind: 'ring', ring: large });
    expect(ringOfServiceError(bare)).toBeUndefined();
  });

  test.each([
    [status.UNAVAILABLE, 'UNAVAILABLE', 'OUTCOME_UNKNOWN'],
    [status.DEADLINE_EXCEEDED, 'DEADLINE_EXCEEDED', 'OUTCOME_UNKNOWN'],
    [status.CANCELLED, 'CANCELLED', 'OUTCOME_UNKNOWN'],
    [status.INTERNAL, 'INTERNAL', 'OUTCOME_UNKNOWN'],
    [status.UNKNOWN, 'INTERNAL', 'OUTCOME_UNKNOWN'],
    [status.RESOURCE_EXHAUSTED, 'RESOURCE_EXHAUSTED', 'OUTCOME_UNKNOWN'],
    [status.ABORTED, 'OUTCOME_UNKNOWN', 'OUTCOME_UNKNOWN'],
    [status.INVALID_ARGUMENT, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT'],
    [status.OUT_OF_RANGE, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT'],
    [status.UNIMPLEMENTED, 'FAILED_PRECONDITION', 'FAILED_PRECONDITION'],
    [status.UNAUTHENTICATED, 'FAILED_PRECONDITION', 'FAILED_PRECONDITION'],
    [status.DATA_LOSS, 'INTERNAL', 'INTERNAL'],
  ])("gRPC's own status %d is %s for a read and %s for a write", (code, forRead, forWrite) => {
    expect(fromServiceError(fromGrpc(code), read).code).toBe(forRead);
    expect(fromServiceError(fromGrpc(code), write).code).toBe(forWrite);
  });

  test('a write that never left is UNAVAILABLE and may be tried again', () => {
    const details = 'No connection established. Last error: connect ECONNREFUSED 127.0.0.1:1';
    expect(fromServiceError(fromGrpc(status.UNAVAILABLE, details), write).advice).toBe('retry-later');
  });

  test('a code from a later version falls back to the status', () => {
    const error = fromGrpc(status.UNAVAILABLE);
    error.metadata.set(CODE_TRAILER, 'SOMETHING_NEW');
    expect(fromServiceError(error, read).code).toBe('UNAVAILABLE');
    error.metadata.set(CODE_TRAILER, 'toString');
    expect(fromServiceError(error, read).code).toBe('UNAVAILABLE');
  });

  test('a RingError passes through', () => {
    const error = new RingError('NOT_OWNER');
    expect(fromServiceError(error, write)).toBe(error);
  });
});
