import { GrpcServer, Health } from '@ringkeep/process/server';
import { run } from './terminal';

let server: GrpcServer;
let health: Health;
let address: string;

beforeEach(async () => {
  server = new GrpcServer();
  health = new Health(server.grpc, ['dht.DhtNode']);
  address = `127.0.0.1:${await server.listen({ host: '127.0.0.1', port: 0 })}`;
});

afterEach(() => server.stop(0));

test('health tells by its exit code whether a server serves', async () => {
  const no = { code: 1, stdout: `http://${address} is not serving\n`, stderr: '' };
  expect(await run(['health', address])).toEqual(no);
  health.setServing(true);
  const yes = { code: 0, stdout: `http://${address} is serving\n`, stderr: '' };
  expect(await run(['health', address])).toEqual(yes);
  const asJson = await run(['--json', 'health', address]);
  expect(JSON.parse(asJson.stdout)).toEqual({ address: `http://${address}`, serving: true, room: true });
});

test('health tells of a server that serves and whose disk lacks room, and calls it well', async () => {
  health.setServing(true);
  health.setRoom(false);
  const stdout = `http://${address} is serving, but its disk is short of room: it takes nothing new\n`;
  expect(await run(['health', address])).toEqual({ code: 0, stdout, stderr: '' });
  expect(JSON.parse((await run(['--json', 'health', address])).stdout)).toMatchObject({ room: false });
});

test('health asks the node that was named, or else the registry', async () => {
  health.setServing(true);
  expect((await run(['--node', address, 'health'])).code).toBe(0);
  expect((await run(['health'], '', { REGISTRY_ADDRESS: address })).code).toBe(0);
  const both = { NODE_ADDRESS: '127.0.0.1:1', REGISTRY_ADDRESS: address };
  expect((await run(['health'], '', both)).code).toBe(1);
});

test('a server that is not there, or has no health service, is an error that says so', async () => {
  const absent = await run(['health', '127.0.0.1:1', '--timeout', '2s']);
  expect(absent).toMatchObject({ code: 1, stdout: '' });
  expect(absent.stderr).toContain('Check at http://127.0.0.1:1');
  const other = new GrpcServer();
  const port = await other.listen({ host: '127.0.0.1', port: 0 });
  try {
    const outcome = await run(['health', `127.0.0.1:${port}`]);
    expect(outcome).toMatchObject({ code: 1, stdout: '' });
    expect(outcome.stderr).toContain('does not implement the method /grpc.health.v1.Health/Check');
  } finally {
    await other.stop(0);
  }
});

test('an address that is none is a mistake of the caller', async () => {
  const outcome = await run(['health', 'nowhere']);
  expect(outcome).toMatchObject({ code: 2, stdout: '' });
  expect(outcome.stderr).toContain('the port is missing');
});
