import { createServer, type AddressInfo, type Server } from 'node:net';
import { RingError } from '@ringkeep/shared';
import { GrpcServer } from '@ringkeep/process/server';
import { RingClient, type ConnectOptions, type RingClientOptions } from '@ringkeep/client';
import { FakeRing } from './fake-ring';

const toEnd: (() => void)[] = [];

afterEach(() => {
  for (const end of toEnd.splice(0)) end();
});

async function startRing(): Promise<FakeRing> {
  const ring = await FakeRing.start({ nodes: 1, withRegistry: true });
  toEnd.push(() => ring.stop());
  return ring;
}

/** Another server, which takes connections and does with them what it likes. */
async function startServer(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  toEnd.push(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An address at which nobody listens. */
async function refusingAddress(): Promise<string> {
  const server = createServer();
  const address = await startServer(server);
  await new Promise((resolve) => server.close(resolve));
  return address;
}

/** How the connection fails: with a RingError, whose text comes back, and well before the deadline. */
async function failureOf(options: RingClientOptions, call: ConnectOptions = {}): Promise<string> {
  const startedMs = performance.now();
  const error: unknown = await RingClient.connect(options, { deadlineMs: 30_000, ...call }).then(
    (client) => client.close().then(() => new Error('it has connected')),
    (reason: unknown) => reason,
  );
  expect(performance.now() - startedMs).toBeLessThan(15_000);
  if (!(error instanceof RingError)) throw error;
  expect(error.code).toBe('UNAVAILABLE');
  return error.message;
}

test('when every address refuses, connecting fails at once and names them all', async () => {
  const nodes = [await refusingAddress(), await refusingAddress(), await refusingAddress()];
  const registry = await refusingAddress();
  const text = await failureOf({ nodes, registry });
  for (const address of [...nodes, registry]) expect(text).toContain(`${address}: connect ECONNREFUSED`);
});

test('a name that does not resolve is as good as a refusal', async () => {
  const text = await failureOf({ nodes: ['no-such-host.invalid:50001', await refusingAddress()] });
  expect(text).toContain('no-such-host.invalid');
});

test('one that refuses and one that answers: it connects', async () => {
  const ring = await startRing();
  const client = await RingClient.connect({ nodes: [await refusingAddress(), ring.node(0).address] });
  await client.close();
});

test('one that refuses and one that is silent: the silent one is waited for, as long as an attempt may take', async () => {
  const silent = await startServer(createServer((socket) => toEnd.push(() => socket.destroy())));
  const nodes = [await refusingAddress(), silent];
  expect(await failureOf({ nodes, connectMs: 300 })).toContain(`${silent}: no connection within 300 ms`);
  const impatient = RingClient.connect({ nodes }, { deadlineMs: 100 });
  await expect(impatient).rejects.toThrow(`the ring is not known after 100 ms`);
  await expect(impatient).rejects.toThrow(`${silent}: no answer yet`);
});

test('who insists connects to a node that is there later, and is told when it is not', async () => {
  const ring = await startRing();
  const node = ring.node(0);
  node.kill();
  const attempts: string[] = [];
  const connecting = RingClient.connect(
    {
      nodes: [node.address],
      onReport: ({ kind }) => {
        attempts.push(kind);
        if (attempts.length === 3) void node.listen();
      },
    },
    { waitMs: 30_000 },
  );
  await (await connecting).close();
  expect(attempts.slice(0, 3)).toEqual(['unreachable', 'unreachable', 'unreachable']);
  expect(await failureOf({ nodes: [await refusingAddress()] }, { waitMs: 200 })).toContain('ECONNREFUSED');
});

test('another gRPC server is named as one, by a node’s address and by a registry’s', async () => {
  const server = new GrpcServer();
  const address = `127.0.0.1:${await server.listen({ host: '127.0.0.1', port: 0 })}`;
  toEnd.push(() => server.grpc.forceShutdown());
  expect(await failureOf({ nodes: [address] })).toContain('is not a Ringkeep node');
  expect(await failureOf({ registry: address })).toContain('is not a Ringkeep registry');
  const ring = await startRing();
  expect(await failureOf({ nodes: [ring.registryAddress] })).toContain('is not a Ringkeep node');
  expect(await failureOf({ registry: ring.node(0).address })).toContain('is not a Ringkeep registry');
});

test('a server that does not speak gRPC is named as one', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.write('-ERR unknown command\r\n'));
  });
  const address = await startServer(server);
  expect(await failureOf({ nodes: [address] })).toContain('does not speak gRPC');
  expect(await failureOf({ registry: address })).toContain('does not speak gRPC');
});

test('a write that another gRPC server could not take was certainly not made', async () => {
  const server = new GrpcServer();
  const address = `127.0.0.1:${await server.listen({ host: '127.0.0.1', port: 0 })}`;
  toEnd.push(() => server.grpc.forceShutdown());
  const client = new RingClient({ nodes: [address] });
  const write = client.set('key', 'value', { deadlineMs: 300 });
  await expect(write).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  await expect(write).rejects.toThrow('is not a Ringkeep node');
  await client.close();
});
