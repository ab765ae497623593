/**
 * The bare gRPC service that the ring is compared with: bytes in, bytes out, no protobuf, nothing looked up.
 *
 * A request begins with the number of bytes of the answer that it wants, so that a get and a set move the same bytes in
 * each direction as with a store.
 */

import type { ServiceDefinition } from '@grpc/grpc-js';

const bytes = {
  requestSerialize: (message: Buffer) => message,
  requestDeserialize: (message: Buffer) => message,
  responseSerialize: (message: Buffer) => message,
  responseDeserialize: (message: Buffer) => message,
};

export const ECHO_SERVICE = {
  unary: { path: '/bench.Echo/Unary', requestStream: false, responseStream: false, ...bytes },
  stream: { path: '/bench.Echo/Stream', requestStream: true, responseStream: true, ...bytes },
} satisfies ServiceDefinition;

const SIZE_BYTES = 4;

export function echoRequest(answerBytes: number, key: string, value?: Buffer): Buffer {
  const request = Buffer.allocUnsafe(SIZE_BYTES + key.length + (value?.length ?? 0));
  request.writeUInt32BE(answerBytes, 0);
  request.write(key, SIZE_BYTES, 'latin1');
  value?.copy(request, SIZE_BYTES + key.length);
  return request;
}

export function answerBytesOf(request: Buffer): number {
  return request.readUInt32BE(0);
}
