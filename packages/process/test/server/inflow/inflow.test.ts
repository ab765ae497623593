/** A server under callers that open too much, send by halves and do not read; small limits, real sockets. */

import { once } from 'node:events';
import {
  connect as connectHttp2,
  constants,
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
} from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import type { ServerDuplexStream, ServerUnaryCall, sendUnaryData } from '@grpc/grpc-js';
import type { Logger } from '@ringkeep/process/running';
import { DEFAULT_INFLOW, GrpcServer, type InflowLimits } from '@ringkeep/process/server';

const KIB = 1024;
const ASK = '/test.Test/Ask';
const TALK = '/test.Test/Talk';
const raw = {
  requestSerialize: (bytes: Buffer) => bytes,
  requestDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: (bytes: Buffer) => bytes,
  responseDeserialize: (bytes: Buffer) => bytes,
};

let server: GrpcServer;
let port: number;
let unanswered: (() => void)[];
let lines: string[];
const sessions: ClientHttp2Session[] = [];

async function serve(limits: Partial<InflowLimits>): Promise<void> {
  unanswered = [];
  lines = [];
  const log = { warn: (text: string) => lines.push(text), child: () => log } as unknown as Logger;
  server = new GrpcServer(undefined, log, limits);
  server.addService(
    {
      ask: { path: ASK, requestStream: false, responseStream: false, ...raw },
      talk: { path: TALK, requestStream: true, responseStream: true, ...raw },
    },
    {
      // The answer is as long as the request says; a request that says nothing is not answered.
      ask: (call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) => {
        const length = Number(call.request.toString('latin1').trim());
        if (Number.isInteger(length)) answer(null, Buffer.alloc(length));
        else unanswered.push(() => answer(null, Buffer.alloc(0)));
      },
      talk: (call: ServerDuplexStream<Buffer, Buffer>) => {
        call.on('data', (request: Buffer) => call.write(Buffer.alloc(Number(request.toString('latin1')))));
        call.on('end', () => call.end());
        call.on('error', () => undefined);
      },
    },
  );
  port = await server.listen({ host: '127.0.0.1', port: 0 });
}

afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy();
  for (const answer of unanswered) answer();
  await server.stop(100);
});

async function session(): Promise<ClientHttp2Session> {
  const made = connectHttp2(`http://127.0.0.1:${port}`);
  made.on('error', () => undefined);
  made.setMaxListeners(0);
  sessions.push(made);
  await once(made, 'connect');
  return made;
}

class Call {
  readonly stream: ClientHttp2Stream;
  headers: IncomingHttpHeaders = {};
  received = 0;
  readonly over: Promise<void>;

  constructor(on: ClientHttp2Session, path: string, more: Record<string, string> = {}, reads = true) {
    this.stream = on.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...more,
    });
    const note = (headers: IncomingHttpHeaders): void =>
      void (this.headers = { ...this.headers, ...headers });
    this.stream.on('response', note);
    this.stream.on('trailers', note);
    this.stream.on('error', () => undefined);
    this.over = new Promise((resolve) => this.stream.once('close', resolve));
    if (reads) this.stream.on('data', (bytes: Buffer) => (this.received += bytes.length));
  }

  send(request: string): this {
    this.stream.write(framed(Buffer.from(request)));
    return this;
  }

  get refusal(): string {
    return `${this.headers['grpc-status']} ${decodeURI(String(this.headers['grpc-message'] ?? ''))}`;
  }
}

function framed(message: Buffer, length = message.length): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(length, 1);
  return Buffer.concat([header, message]);
}

async function asks(on: ClientHttp2Session, length = 3, more: Record<string, string> = {}): Promise<Call> {
  const call = new Call(on, ASK, more).send(String(length));
  call.stream.end();
  await call.over;
  return call;
}

async function eventually(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${JSON.stringify(server.held)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('bytes', () => {
  test('messages that are never completed take no more than the budget, others are answered, and all of it returns', async () => {
    await serve({ bytes: 1_000 * KIB });
    const hostile = await session();
    const other = await session();
    const calls = Array.from({ length: 100 }, () => new Call(hostile, TALK));
    let most = 0;
    const sends = async (): Promise<void> => {
      for (const call of calls) {
        if (!call.stream.destroyed) call.stream.write(framed(Buffer.alloc(60 * KIB), 4_000 * KIB));
        await new Promise((resolve) => setImmediate(resolve));
        most = Math.max(most, server.held.bytes);
      }
    };
    await sends();
    expect((await asks(other)).refusal).toBe('0 OK');
    await eventually(() => calls.filter((call) => call.headers['grpc-status'] === '8').length > 50);
    expect(calls.find((call) => call.headers['grpc-status'])?.refusal).toContain('too many bytes wait');
    expect(most).toBeLessThan(1_200 * KIB);
    for (const call of calls) call.stream.close(constants.NGHTTP2_CANCEL);
    await eventually(() => server.held.calls === 0 && server.held.bytes === 0);
    expect(hostile.destroyed).toBe(false);
    expect(lines.filter((line) => line.includes('too many bytes'))).toHaveLength(5);
  });

  test('a message sent byte by byte among much else costs what it keeps alive', async () => {
    await serve({ bytes: 4_000 * KIB });
    const hostile = await session();
    const other = await session();
    const call = new Call(hostile, TALK);
    const noise = new Call(hostile, TALK);
    call.stream.write(framed(Buffer.alloc(0), 1_000));
    for (let sent = 0; sent < 900 && !call.stream.destroyed && !hostile.destroyed; sent++) {
      call.stream.write(Buffer.alloc(1));
      noise.stream.write(framed(Buffer.from('0'.padStart(16 * KIB))));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually(() => call.stream.destroyed || hostile.destroyed);
    expect((await asks(other)).refusal).toBe('0 OK');
    await eventually(() => server.held.bytes === 0);
    expect(lines.length).toBeGreaterThan(0);
  });

  test('a message that is begun and not completed in time ends its call', async () => {
    await serve({ messageMs: 200 });
    const call = new Call(await session(), TALK).send('3');
    await eventually(() => call.received === 8);
    call.stream.write(framed(Buffer.alloc(10), 11));
    await call.over;
    expect(call.refusal).toBe('4 a message was begun but not completed within 200 ms');
    const whole = new Call(await session(), TALK);
    whole.stream.write(framed(Buffer.from('3')).subarray(0, 3));
    whole.stream.end(framed(Buffer.from('3')).subarray(3));
    await whole.over;
    expect(whole.refusal).toBe('0 OK');
  });

  test.each([
    ['on many calls of one connection', 1],
    ['on many connections', 30],
  ])('answers that are not read %s are given up for those that are', async (_, connections) => {
    await serve({ bytes: 2_000 * KIB });
    const hostile = await Promise.all(Array.from({ length: connections }, () => session()));
    const calls = Array.from({ length: 30 }, (_, i) => {
      const call = new Call(hostile[i % connections]!, ASK, {}, false).send(String(200 * KIB));
      call.stream.end();
      return call;
    });
    await eventually(() =>
      calls.some(({ stream }) => stream.rstCode === constants.NGHTTP2_ENHANCE_YOUR_CALM),
    );
    await eventually(() => server.held.bytes < 2_000 * KIB);
    // Read at last, it is whole.
    const other = await asks(await session(), 300 * KIB);
    expect([other.refusal, other.received]).toEqual(['0 OK', 300 * KIB + 5]);
    for (const each of hostile) each.destroy();
    await eventually(() => server.held.bytes === 0 && server.held.calls === 0);
  });

  test('requests that wait for their answer are nobody’s fault: more is refused, and none of them is ended', async () => {
    await serve({ bytes: 300 * KIB });
    const caller = await session();
    const calls: Call[] = [];
    for (let sent = 1; sent <= 100; sent++) {
      const call = new Call(caller, ASK).send(' '.repeat(3 * KIB) + 'x');
      call.stream.end();
      calls.push(call);
      await eventually(() => unanswered.length === sent);
    }
    expect(server.held.bytes).toBeGreaterThanOrEqual(300 * KIB);
    expect((await asks(caller)).refusal).toBe('8 too many bytes of requests and answers are under way');
    expect((await asks(caller, 3, { 'user-agent': 'ringkeep-node grpc' })).refusal).toBe('0 OK');
    for (const answer of unanswered.splice(0)) answer();
    await Promise.all(calls.map(({ over }) => over));
    expect(new Set(calls.map(({ refusal }) => refusal))).toEqual(new Set(['0 OK']));
    expect((await asks(caller)).refusal).toBe('0 OK');
  });
});

describe('calls', () => {
  test('beyond those that a connection, or all of them, may have are refused with the reason', async () => {
    await serve({ callsOfConnection: 3, calls: 5 });
    let refusals = 0;
    server.onRefusal(() => refusals++);
    const [a, b] = [await session(), await session()];
    const open = (on: ClientHttp2Session, count: number): Call[] =>
      Array.from({ length: count }, () => new Call(on, TALK));
    const calls = open(a, 3);
    await eventually(() => server.held.calls === 3);
    expect((await asks(a)).refusal).toBe('8 the limit of 3 calls on a connection is reached');
    calls.push(...open(b, 2));
    await eventually(() => server.held.calls === 5);
    expect((await asks(b)).refusal).toBe('8 the limit of 5 calls is reached');
    calls[0]!.stream.close(constants.NGHTTP2_CANCEL);
    await eventually(() => server.held.calls === 4);
    expect((await asks(a)).refusal).toBe('0 OK');
    expect(refusals).toBe(2);
  });
});

test('headers that gRPC would quote in its errors are refused when they are long', async () => {
  await serve({});
  const on = await session();
  const long = `/${'x'.repeat(1_000)}`;
  for (const name of [':path', 'grpc-timeout', 'grpc-encoding'])
    expect((await asks(on, 3, { [name]: long })).refusal).toBe(
      `3 the header ${name} is longer than 200 bytes`,
    );
});

describe('connections', () => {
  const idle: Socket[] = [];
  afterEach(() => {
    for (const socket of idle.splice(0)) socket.destroy();
  });

  async function connectIdly(): Promise<Socket> {
    const socket = connectTcp(port, '127.0.0.1');
    socket.on('error', () => undefined);
    idle.push(socket.resume());
    await once(socket, 'connect');
    return socket;
  }

  test('that are idle make room, those that have been for longest first', async () => {
    await serve({ connections: 8 });
    const used = await session();
    const held = new Call(used, TALK);
    await eventually(() => server.held.calls === 1);
    for (let i = 0; i < 30; i++) await connectIdly();
    const late = await session();
    expect((await asks(late)).refusal).toBe('0 OK');
    await eventually(() => server.held.connections <= 7);
    expect([held.stream.destroyed, idle[0]!.destroyed || idle[0]!.readableEnded]).toEqual([false, true]);
    expect((await asks(used)).refusal).toBe('0 OK');
  });

  test('where none is idle a client is told so and a node is served', async () => {
    await serve({ connections: 4 });
    const busy = [await session(), await session(), await session()];
    const calls = busy.map((each) => new Call(each, TALK));
    await eventually(() => server.held.calls === 3);
    const client = await session();
    expect((await asks(client)).refusal).toBe(
      '8 the limit of 3 connections is reached, and none of them is idle',
    );
    await eventually(() => client.destroyed);
    const node = await session();
    expect((await asks(node, 3, { 'user-agent': 'ringkeep-node grpc-node-js' })).refusal).toBe('0 OK');
    expect((await asks(node)).refusal).toBe('0 OK');
    expect(calls.map(({ stream }) => stream.destroyed)).toEqual([false, false, false]);
  });
});

test('the limits are such that what is promised elsewhere fits them', () => {
  expect(DEFAULT_INFLOW.bytes).toBeGreaterThanOrEqual(32 * KIB * KIB);
  expect(DEFAULT_INFLOW.calls).toBeGreaterThanOrEqual(DEFAULT_INFLOW.callsOfConnection);
});
