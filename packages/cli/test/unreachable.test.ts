/** What commands say of addresses where no ring is, and how soon. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GrpcServer, Health, unary } from '@ringkeep/process/server';
import { dht } from '@ringkeep/shared/wire';
import { freePort } from '@ringkeep/local-ring';
import { FakeRing } from '../../client/test/fake-ring';
import { run } from './terminal';

let ring: FakeRing;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  ring = await FakeRing.start({ nodes: 1, withRegistry: true });
});

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

afterAll(() => ring.stop());

async function grpc(fill: (server: GrpcServer) => void, port = 0): Promise<string> {
  const server = new GrpcServer();
  fill(server);
  closers.push(() => server.stop(0));
  return `127.0.0.1:${await server.listen({ host: '127.0.0.1', port })}`;
}

const COMMANDS = [
  ['get', 'k'],
  ['set', 'k', 'v'],
  ['delete', 'k'],
  ['ring'],
  ['nodes'],
  ['load', '-'],
  ['leave'],
];

test.each(COMMANDS)('%s says at once that every address refuses', async (...command) => {
  const startedMs = performance.now();
  const nobody = ['--node', '127.0.0.1:1,127.0.0.1:2'];
  const { code, stdout, stderr } = await run([...nobody, '--timeout', '1m', ...command], '{"k":"v"}');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('connect ECONNREFUSED 127.0.0.1:1');
  expect(performance.now() - startedMs).toBeLessThan(20_000);
});

test('--wait insists for as long as it says', async () => {
  const startedMs = performance.now();
  const waiting = ['--node', '127.0.0.1:1', '--wait', '700ms', '--timeout', '100ms'];
  expect((await run([...waiting, 'get', 'k'])).code).toBe(1);
  expect(performance.now() - startedMs).toBeGreaterThan(600);
  const port = await freePort();
  const asked = run(['health', `127.0.0.1:${port}`, '--wait', '1m']);
  const address = await grpc((server) => new Health(server.grpc, ['a.Service']).setServing(true), port);
  expect(await asked).toEqual({ code: 0, stdout: `http://${address} is serving\n`, stderr: '' });
});

test('what is no node or no registry is named', async () => {
  const registry = ring.registryAddress as string;
  const node = ring.node(0).address;
  const hint = '--node takes the address of a node, --registry that of the registry';
  const asNode = await run(['--node', registry, 'get', 'k']);
  expect(asNode.stderr).toContain(`${registry}: this is a Ringkeep registry, not a node); ${hint}`);
  const asRegistry = await run(['--registry', node, 'get', 'k']);
  expect(asRegistry.stderr).toContain(`${node}: this is a Ringkeep node, not a registry); ${hint}`);
  expect((await run(['leave', registry])).stderr).toContain('this is a Ringkeep registry, not a node');

  const other = await grpc((server) => new Health(server.grpc, ['a.Service']));
  const first = await grpc((server) => {
    const { queryDht } = dht.DhtNodeService;
    server.addService({ queryDht }, { queryDht: unary(() => ({ hops: 0 })) });
  });
  const web = createServer((_request, response) => response.end('web'));
  const webPort = await new Promise<number>((resolve) =>
    web.listen(0, '127.0.0.1', () => resolve((web.address() as AddressInfo).port)),
  );
  closers.push(() => web.close());
  const seen: [string, string][] = [
    [other, 'this is not a Ringkeep node: another gRPC server answers there'],
    [first, 'this node speaks the first protocol'],
    [`127.0.0.1:${webPort}`, 'this is not a Ringkeep node: what answers there does not speak gRPC'],
  ];
  for (const [address, words] of seen) {
    for (const command of [['get', 'k'], ['ring'], ['leave']]) {
      const outcome = await run(['--node', address, ...command]);
      expect(outcome).toMatchObject({ code: 1, stdout: '' });
      expect(outcome.stderr).toContain(`http://${address}: ${words}`);
    }
  }
  expect((await run(['health', `127.0.0.1:${webPort}`])).stderr).toContain('does not speak gRPC');
});
