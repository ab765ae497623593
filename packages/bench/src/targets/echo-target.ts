/** A bare grpc-js client: what a call, or a message on a stream, costs by itself. Answers of a stream come in order. */

import { Client, credentials, Metadata, status, type ClientDuplexStream } from '@grpc/grpc-js';
import { CHANNEL_OPTIONS } from '@ringkeep/shared/channel';
import { ECHO_SERVICE, echoRequest } from './echo-protocol';
import type { Target } from './target';

/** Places of answered requests in the queue before it is cut. */
const ANSWERED_KEPT = 4_096;

type Ask = (request: Buffer) => Promise<Buffer>;

export function openEcho(port: number, call: 'unary' | 'stream', valueBytes: number): Target {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), CHANNEL_OPTIONS);
  const ask = call === 'unary' ? unary(client) : overStream(client);
  return {
    get: (key) => ask(echoRequest(valueBytes, key)),
    set: (key, value) => ask(echoRequest(0, key, value)),
    delete: (key) => ask(echoRequest(0, key)),
    close: async () => client.close(),
  };
}

function unary(client: Client): Ask {
  const { path, requestSerialize, responseDeserialize } = ECHO_SERVICE.unary;
  const metadata = new Metadata();
  return (request) =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        (error, answer) => (error ? reject(error) : resolve(answer as Buffer)),
      );
    });
}

function overStream(client: Client): Ask {
  const { path, requestSerialize, responseDeserialize } = ECHO_SERVICE.stream;
  const stream: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
    new Metadata(),
  );
  let waiting: ((answer: Buffer) => void)[] = [];
  let answered = 0;
  stream.on('data', (answer: Buffer) => {
    waiting[answered++]?.(answer);
    if (answered < ANSWERED_KEPT) return;
    waiting = waiting.slice(answered);
    answered = 0;
  });
  stream.on('error', (error: Error & { code?: status }) => {
    // The stream ends with the client that owns it.
    if (error.code !== status.CANCELLED) throw error;
  });
  return (request) =>
    new Promise((resolve) => {
      waiting.push(resolve);
      stream.write(request);
    });
}
