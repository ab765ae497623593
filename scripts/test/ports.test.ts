/** Ports that are taken, by a server or by a connection to somewhere, and what scripts do about it. */

import { execFile } from 'node:child_process';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GrpcServer, portUse, portUseIn } from '@ringkeep/process/server';
import { freePort, freeRow } from '@ringkeep/local-ring';

const START = join(__dirname, '../../packages/program/dist/npm-start.js');
const closers: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

function listen(port = 0): Promise<number> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => sockets.push(socket));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

/** Connects to a server. Returns the port of the connection's own end, where nobody listens. */
async function outgoingPort(): Promise<number> {
  const socket = connect({ port: await listen(), host: '127.0.0.1' });
  closers.push(() => socket.destroy());
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket.localPort as number;
}

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:C351 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0000000000000000 100 0 0 10 0
   1: 0100007F:C352 0100007F:C351 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:C351 0100007F:C352 01 00000000:00000000 00:00000000 00000000     0        0 3 1 0000000000000000 20 4 30 10 -1
`;
const TABLE_6 = `  sl  local_address                         remote_address                        st
   0: 00000000000000000000000001000000:C353 00000000000000000000000001000000:1F90 06
`;

test.each([
  [50_001, 'server'],
  [50_002, 'outgoing connection'],
  [50_003, 'outgoing connection'],
  [50_004, 'unknown'],
  [0x1f90, 'unknown'],
] as const)('of port %i the tables of Linux say: %s', (port, use) => {
  expect(portUseIn([TABLE, TABLE_6], port)).toBe(use);
  expect(portUseIn([], port)).toBe('unknown');
});

test('a server that finds its port taken by an outgoing connection says so', async () => {
  const port = await outgoingPort();
  // Where the machine tells of its sockets it is known, elsewhere both are named.
  const known = (await portUse(port)) !== 'unknown';
  const by = known ? 'an outgoing connection' : 'another server or an outgoing connection';
  const endpoint = { host: '127.0.0.1', port, portOption: '--port' };
  await expect(new GrpcServer().listen(endpoint)).rejects.toThrow(
    new RegExp(`^port ${port} on 127.0.0.1 is in use by ${by}.*; choose another one with --port$`),
  );
});

test('those who ask for ports get them or hear why not, others get a row that is free', async () => {
  const asked = await freePort();
  await listen(asked + 1);
  await expect(freeRow(asked, 50_000, 3, '--base-port (BASE_PORT)')).rejects.toThrow(
    `port ${asked + 1} on 127.0.0.1 is in use; choose other ports with --base-port (BASE_PORT)`,
  );
  expect(await freeRow(asked, 50_000, 1, '--base-port')).toEqual({ first: asked, moved: undefined });
  const row = await freeRow(undefined, asked, 3, '--base-port');
  expect(row.moved).toBe(`port ${asked + 1} on 127.0.0.1 is in use`);
  for (let port = row.first; port < row.first + 3; port++) await listen(port);
});

test('a row is free only if the ports at its distances are', async () => {
  const asked = await freePort();
  await listen(asked + 7);
  await expect(freeRow(asked, 50_000, 1, '--base-port', [0, 7])).rejects.toThrow(`port ${asked + 7} `);
});

test('free ports are different ones', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, freePort));
  expect(new Set(ports).size).toBe(50);
});

test('npm start names its own flag when a port that was asked for is taken', async () => {
  const base = await outgoingPort();
  const args = [
    START,
    '--base-port',
    String(base),
    '--once',
    '--empty',
    '--data-dir',
    join(tmpdir(), 'none'),
  ];
  const outcome = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile(process.execPath, args, (error, _stdout, stderr) => resolve({ code: error?.code, stderr }));
  });
  expect(outcome.code).toBe(2);
  expect(outcome.stderr).toMatch(
    new RegExp(`error: port ${base} .* in use by .*; choose other ports with --base-port \\(BASE_PORT\\)`),
  );
});
