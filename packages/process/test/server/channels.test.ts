/** What is left of a channel that is closed after it could not connect: nothing. */

import { createServer, type AddressInfo } from 'node:net';
import { GrpcServer } from '@ringkeep/process/server';
import { channelTo } from '@ringkeep/shared/channel';
import { registry } from '@ringkeep/shared/wire';

const HOST = '127.0.0.1';

async function refusingPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A client whose channel has failed once, and connects again so much later. */
async function failedClient(port: number, pauseMs: number): Promise<registry.RegistryClient> {
  const options = { 'grpc.initial_reconnect_backoff_ms': pauseMs };
  const client = new registry.RegistryClient(...channelTo(`${HOST}:${port}`, undefined, options));
  const error = await new Promise((resolve) => client.getConnectedNodes({}, resolve));
  expect(error).toMatchObject({ details: expect.stringContaining('ECONNREFUSED') });
  return client;
}

test('a channel that was closed after a failure does not connect any more, when somebody listens', async () => {
  const port = await refusingPort();
  const closed = await failedClient(port, 100);
  const kept = await failedClient(port, 400);
  closed.close();
  const server = new GrpcServer();
  await server.listen({ host: HOST, port });
  try {
    await new Promise<void>((resolve, reject) => {
      kept.waitForReady(Date.now() + 10_000, (error) => (error ? reject(error) : resolve()));
    });
    expect(server.held.connections).toBe(1);
  } finally {
    kept.close();
    await server.stop(0);
  }
});
