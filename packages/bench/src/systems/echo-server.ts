/** The bare grpc-js server of echo-protocol.ts: `node echo-server.js PORT`. */

import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { MESSAGE_OPTIONS } from '@ringkeep/shared/channel';
import { answerBytesOf, ECHO_SERVICE } from '../targets/echo-protocol';

const answers = new Map<number, Buffer>();

function answerTo(request: Buffer): Buffer {
  const size = answerBytesOf(request);
  const known = answers.get(size);
  if (known) return known;
  const made = Buffer.alloc(size, 1);
  answers.set(size, made);
  return made;
}

const server = new Server(MESSAGE_OPTIONS);
server.addService(ECHO_SERVICE, {
  unary: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) =>
    answer(null, answerTo(call.request)),
  stream: (call: ServerDuplexStream<Buffer, Buffer>) => {
    call.on('data', (request: Buffer) => call.write(answerTo(request)));
    call.on('end', () => call.end());
    // The client is gone; there is nobody to tell.
    call.on('error', () => undefined);
  },
});
server.bindAsync(`127.0.0.1:${process.argv[2]}`, ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
});
