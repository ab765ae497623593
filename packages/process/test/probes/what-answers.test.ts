import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttp2 } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { isLasting, mismatch, whatAnswers } from '@ringkeep/process/probes';
import { GrpcServer, Health, unary } from '@ringkeep/process/server';
import type { TlsMaterial } from '@ringkeep/shared/channel';
import { dht, registry } from '@ringkeep/shared/wire';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function grpc(
  services: readonly (readonly [ServiceDefinition, UntypedServiceImplementation])[],
  tls?: TlsMaterial,
): Promise<number> {
  const server = new GrpcServer(tls);
  for (const [definition, handlers] of services) server.addService(definition, handlers);
  closers.push(() => server.stop(0));
  return server.listen({ host: '127.0.0.1', port: 0 });
}

function tcp(server: Server | ReturnType<typeof createHttp2>): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  closers.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  );
}

const { describeNode, queryDht, forwardQuery } = dht.DhtNodeService;
const { getConnectedNodes, watchRing } = registry.RegistryService;
const newNode = {
  describeNode: unary(() => dht.NodeDescription.fromPartial({})),
  queryDht: unary(() => ({})),
};
const firstNode = { queryDht: unary(() => ({ hops: 0 })), forwardQuery: unary(() => ({ hops: 0 })) };
const newRegistry = {
  getConnectedNodes: unary(() => ({ nodes: [] })),
  watchRing: (stream: { write(update: object): void }) => stream.write({}),
};

async function seen(
  address: number | string,
  expected: 'node' | 'registry',
  tls?: TlsMaterial,
  deadlineMs = 10_000,
): Promise<{ kind: string; text: string | undefined; lasting: boolean }> {
  const full = typeof address === 'number' ? `127.0.0.1:${address}` : address;
  const found = await whatAnswers({ address: full, deadlineMs, tls });
  return { kind: found.kind, text: mismatch(found, expected), lasting: isLasting(found, expected) };
}

test('nodes and registries, and one where the other is expected', async () => {
  const node = await grpc([[{ describeNode, queryDht }, newNode]]);
  const other = await grpc([[{ getConnectedNodes, watchRing }, newRegistry]]);
  expect(await seen(node, 'node')).toEqual({ kind: 'node', text: undefined, lasting: false });
  expect(await seen(other, 'registry')).toEqual({ kind: 'registry', text: undefined, lasting: false });
  const asNode = { kind: 'registry', text: 'this is a Ringkeep registry, not a node', lasting: true };
  expect(await seen(other, 'node')).toEqual(asNode);
  const asRegistry = { kind: 'node', text: 'this is a Ringkeep node, not a registry', lasting: true };
  expect(await seen(node, 'registry')).toEqual(asRegistry);
});

test.each(['QueryDHT', 'QueryDht'])('the first ring of this family, its node answering %s', async (name) => {
  const spelled = { ...queryDht, path: `/dht.DhtNode/${name}` };
  const node = await grpc([[{ queryDht: spelled, forwardQuery }, firstNode]]);
  const first = await grpc([[{ getConnectedNodes }, newRegistry]]);
  expect(await seen(node, 'node')).toMatchObject({
    kind: 'first-node',
    text: expect.stringContaining('this node speaks the first protocol: it answers QueryDHT'),
    lasting: true,
  });
  expect(await seen(first, 'registry')).toMatchObject({
    kind: 'first-registry',
    text: expect.stringContaining('this registry speaks the first protocol'),
  });
});

test('other servers are named by what they speak', async () => {
  const grpcServer = new GrpcServer();
  new Health(grpcServer.grpc, ['a.Service']);
  closers.push(() => grpcServer.stop(0));
  const other = await grpcServer.listen({ host: '127.0.0.1', port: 0 });
  const noNode = 'this is not a Ringkeep node: ';
  expect(await seen(other, 'node')).toEqual({
    kind: 'other-grpc',
    text: `${noNode}another gRPC server answers there`,
    lasting: true,
  });
  const web = `${noNode}what answers there does not speak gRPC`;
  const kinds: [Server | ReturnType<typeof createHttp2>, string][] = [
    [createHttp((_request, response) => response.end('web')), web],
    [createServer((socket) => socket.write('220 mail\r\n')), web],
    [createHttp2((_request, response) => response.end('web')), `${web}, but HTTP`],
    [createHttp2((_request, response) => response.writeHead(404).end()), `${web}, but HTTP with status 404`],
  ];
  for (const [server, text] of kinds) {
    expect(await seen(await tcp(server), 'node')).toEqual({ kind: 'no-grpc', text, lasting: true });
  }
});

test('who is silent, hangs up, or is not there may still come', async () => {
  const silent = await tcp(createServer(() => undefined));
  expect(await seen(silent, 'node', undefined, 300)).toEqual({
    kind: 'silent',
    text: 'something accepts connections there but says nothing',
    lasting: false,
  });
  const hangsUp = await tcp(createServer((socket) => socket.destroy()));
  const text = 'the connection was closed before anything was said';
  expect(await seen(hangsUp, 'node')).toEqual({ kind: 'absent', text, lasting: false });
  const refused = 'connect ECONNREFUSED 127.0.0.1:1';
  expect(await seen('127.0.0.1:1', 'node')).toEqual({ kind: 'absent', text: refused, lasting: false });
  const unnamed = await seen('nowhere.invalid:1', 'registry');
  expect(unnamed).toMatchObject({ kind: 'absent', text: expect.stringContaining('Name resolution failed') });
});

describe('TLS (needs the openssl command)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ringkeep-answers-'));
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject, '-keyout', keyFile, '-out', certFile], {
    stdio: 'ignore',
  });
  const [cert, key] = [readFileSync(certFile), readFileSync(keyFile)];
  afterAll(() => rmSync(folder, { recursive: true }));

  test('spoken and not expected, expected and not spoken, not trusted', async () => {
    const secure = await grpc([[{ describeNode, queryDht }, newNode]], { identity: { cert, key } });
    const url = `https://127.0.0.1:${secure}`;
    const tls = { kind: 'tls', text: `this port speaks TLS: write ${url}`, lasting: true };
    expect(await seen(secure, 'node')).toEqual(tls);
    expect(await seen(url, 'node')).toMatchObject({
      kind: 'untrusted',
      text: expect.stringMatching(
        /^its certificate is not trusted \(.*self-signed certificate\); .*--tls-ca$/,
      ),
    });
    expect(await seen(`https://localhost:${secure}`, 'node', { ca: cert })).toMatchObject({ kind: 'node' });
    const web = await tcp(createHttps({ cert, key }));
    expect(await seen(web, 'node')).toMatchObject({ kind: 'tls' });
    expect(await seen(`https://localhost:${web}`, 'node', { ca: cert })).toMatchObject({ kind: 'no-grpc' });
    const plain = await grpc([[{ describeNode, queryDht }, newNode]]);
    expect(await seen(`https://127.0.0.1:${plain}`, 'node')).toEqual({
      kind: 'no-tls',
      text: `this port does not speak TLS: write http://127.0.0.1:${plain}`,
      lasting: true,
    });
  });
});
