/** What the stream to another node says of frames when it breaks: which have left and which certainly have not. */

import { position, type Bytes, type Member } from '@ringkeep/shared';
import { OperationType, ringKeyOf } from '@ringkeep/shared/operations';
import { silentLogger } from '@ringkeep/process/running';
import { GrpcServer } from '@ringkeep/process/server';
import { dht } from '@ringkeep/shared/wire';
import { Metadata, status, type ServerDuplexStream } from '@grpc/grpc-js';
import { Peers } from '../../src/links/peers';
import type { NodeInput } from '../../src/core';
import { eventually } from './node-peer';

type Stream = ServerDuplexStream<dht.BatchRequest, dht.BatchReply>;

let server: GrpcServer;
let peers: Peers;
let member: Member;
let inputs: NodeInput[];
let streams: Stream[];
let frames: number;
/** The node sends its header, after which it is known to take frames. */
let welcomes: boolean;

beforeEach(async () => {
  [inputs, streams, frames, welcomes] = [[], [], 0, true];
  server = new GrpcServer();
  const { queryBatch } = dht.DhtNodeService;
  server.addService(
    { queryBatch },
    {
      queryBatch: (stream: Stream) => {
        streams.push(stream);
        if (welcomes) stream.sendMetadata(new Metadata());
        stream.on('data', () => frames++);
        stream.on('error', () => undefined);
      },
    },
  );
  const port = await server.listen({ host: '127.0.0.1', port: 0 });
  const addr = `http://127.0.0.1:${port}`;
  member = { id: position(1n), addr, salt: 0, incarnation: 1, process: 0n, state: 'active', coordinates: [] };
  const self = { id: position(2n), addr: 'http://127.0.0.1:1' };
  peers = new Peers(
    () => self,
    undefined,
    (input) => inputs.push(input),
    silentLogger,
  );
});

afterEach(() => {
  peers.stop();
  server.grpc.forceShutdown();
});

function forward(number: number): void {
  const operation = {
    type: OperationType.set,
    key: ringKeyOf('key' as Bytes),
    value: 'value' as Bytes,
  } as const;
  peers.forward(
    {
      kind: 'forward',
      forward: number,
      to: member,
      operations: [operation],
      hops: 1,
      deadlineAtMs: 0,
      ringVersion: 1,
    },
    60_000,
  );
}

const failures = (): unknown[] =>
  inputs.map((input) =>
    input.kind === 'forward-failed' ? { forward: input.forward, sent: input.sent } : input,
  );

test('a frame that was written when the stream breaks may have been carried out', async () => {
  forward(1);
  await eventually('the frame has arrived', () => frames === 1);
  const broken = { code: status.UNAVAILABLE, details: 'broken off' };
  streams[0]?.emit('error', Object.assign(new Error('broken off'), broken));
  await eventually('the break is noticed', () => inputs.length > 0);
  expect(failures()).toEqual([{ forward: 1, sent: true }]);
});

test('a frame that was answered by nonsense may have been carried out', async () => {
  forward(1);
  await eventually('the frame has arrived', () => frames === 1);
  streams[0]?.write(
    dht.BatchReply.fromPartial({ frame: 1, codes: Buffer.from([0]), blob: Buffer.from('too much') }),
  );
  await eventually('the answer is there', () => inputs.length > 0);
  expect(failures()).toEqual([{ forward: 1, sent: true }]);
});

test('a frame for a node that does not take the stream has not left', async () => {
  welcomes = false;
  forward(1);
  await eventually('the node has the stream', () => streams.length === 1);
  server.grpc.forceShutdown();
  await eventually('the break is noticed', () => inputs.length > 0);
  expect(failures()).toEqual([{ forward: 1, sent: false }]);
  expect(frames).toBe(0);
});
