import { once } from 'node:events';
import { connect } from 'node:http2';
import { Metadata, type Client, status, type ServerWritableStream, type ServiceError } from '@grpc/grpc-js';
import { FLOW_CONTROL_WINDOW_BYTES, RingError } from '@ringkeep/shared';
import { GrpcServer, unary } from '@ringkeep/process/server';
import { addressUrl, channelTo, fromServiceError, ringOfServiceError } from '@ringkeep/shared/channel';
import { registry } from '@ringkeep/shared/wire';
import { sampleRing } from '../../../shared/test/channel/sample-ring';

type Handlers = registry.RegistryServer;
const HOST = '127.0.0.1';
const never = (): never => {
  throw new RingError('FAILED_PRECONDITION', 'not part of this test');
};
const ring = sampleRing(3);
const idle: Handlers = {
  registerNode: unary(never),
  getConnectedNodes: unary(() => ({ nodes: [] })),
  renewLease: unary(never),
  leaveRing: unary(
    () => Promise.reject(new RingError('NOT_OWNER')),
    () => ({ kind: 'ring', ring }),
  ),
  proposeChange: unary(never),
  watchRing: (call) => call.sendMetadata(new Metadata()),
};

let server: GrpcServer;
let client: registry.RegistryClient;
beforeEach(async () => {
  server = new GrpcServer();
  server.addService(registry.RegistryService, idle);
  const port = await server.listen({ host: HOST, port: 0 });
  client = new registry.RegistryClient(...channelTo(addressUrl({ secure: false, host: HOST, port })));
});
afterEach(async () => {
  client.close();
  await server.stop(0);
});

const same = (value: Buffer): Buffer => value;

function fails(call: (done: (error: ServiceError | null) => void) => unknown): Promise<RingError> {
  return new Promise((resolve, reject) => {
    call((error) => {
      if (error) resolve(fromServiceError(error, { call: 'it', address: 'here', writes: false }));
      else reject(new Error('it did not fail'));
    });
  });
}

describe('a gRPC server', () => {
  test('answers, and turns what a handler throws into its status', async () => {
    await new Promise<void>((resolve) => client.getConnectedNodes({}, () => resolve()));
    const request = registry.RenewLeaseRequest.fromPartial({});
    expect(await fails((done) => client.renewLease(request, done))).toMatchObject({
      code: 'FAILED_PRECONDITION',
    });
    const stale = await fails((done) => client.leaveRing(request, done));
    expect(stale.code).toBe('NOT_OWNER');
    expect(ringOfServiceError(stale)).toEqual({ kind: 'ring', ring });
  });

  test('answers a malformed message with INVALID_ARGUMENT and goes on', async () => {
    const raw = client as unknown as Client;
    const call = (bytes: Buffer) =>
      fails((done) => {
        raw.makeUnaryRequest('/registry.Registry/RenewLease', same, same, bytes, done);
      });
    expect(await call(Buffer.from([0x08]))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('not a valid protobuf message'),
    });
    expect((await call(Buffer.alloc(0))).code).toBe('FAILED_PRECONDITION');
  });

  test('a message over the limit is refused, on either side', async () => {
    const addr = 'x'.repeat(5 * 1024 * 1024);
    const request = registry.ConnectionAddr.fromPartial({ addr });
    expect((await fails((done) => client.registerNode(request, done))).code).toBe('RESOURCE_EXHAUSTED');
  });

  test('a stream of requests may be sent further ahead than HTTP/2 has it', async () => {
    const bytes = { requestSerialize: same, requestDeserialize: same, responseSerialize: same };
    const path = '/test.Test/Stream';
    const method = { path, requestStream: true, responseStream: true, ...bytes, responseDeserialize: same };
    server.addService(
      { stream: method },
      { stream: (call: ServerWritableStream<Buffer, Buffer>) => call.end() },
    );
    const { port } = await listening();
    const session = connect(`http://${HOST}:${port}`);
    await once(session, 'remoteSettings');
    const { initialWindowSize: usual } = session.remoteSettings;
    const call = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    await once(session, 'remoteSettings');
    await once(call.resume().end(), 'close');
    expect(session.remoteSettings.initialWindowSize).toBe(FLOW_CONTROL_WINDOW_BYTES);
    expect(session.state.remoteWindowSize).toBe(FLOW_CONTROL_WINDOW_BYTES);
    expect(usual).toBeLessThan(FLOW_CONTROL_WINDOW_BYTES);
    session.close();
  });

  test('a port in use is an error that names it and what to change', async () => {
    const { port } = await listening();
    const other = new GrpcServer();
    await expect(other.listen({ host: HOST, port, portOption: '--port' })).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: `port ${port} on ${HOST} is in use; choose another one with --port`,
    });
    await other.stop(0);
  });

  test('a host that is not here is an error that names it', async () => {
    const other = new GrpcServer();
    await expect(other.listen({ host: '192.0.2.1', port: 0 })).rejects.toThrow(
      'cannot listen on 192.0.2.1:0',
    );
    await other.stop(0);
  });

  test('a stop lets calls end, and cuts those that do not, once', async () => {
    const stream = client.watchRing({ fromVersion: 0, fromRun: 0n, clusterId: '', beats: false });
    const ended = new Promise<ServiceError>((resolve) => stream.on('error', resolve));
    stream.on('data', () => undefined);
    await new Promise((resolve) => stream.once('metadata', resolve));
    await Promise.all([server.stop(20), server.stop(60_000)]);
    expect([status.CANCELLED, status.UNAVAILABLE, status.INTERNAL]).toContain((await ended).code);
  });
});

async function listening(): Promise<{ port: number }> {
  return { port: await server.listen({ host: HOST, port: 0 }) };
}
