import { NOTHING_KNOWN, knownOf } from '@ringkeep/shared';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, status, type ServiceError } from '@grpc/grpc-js';
import { channelTo } from '@ringkeep/shared/channel';
import { NODE_PROTOCOL, registry as wire } from '@ringkeep/shared/wire';
import { startRegistry, type RegistryOptions, type RunningRegistry } from '../src';
import { RegistryPeer, foundEverywhere } from './registry-peer';
import { StandInNodes } from './stand-in-nodes';

let folder: string;
let running: RunningRegistry[];
let peers: RegistryPeer[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-registry-'));
  [running, peers] = [[], []];
});
afterEach(async () => {
  for (const peer of peers) peer.close();
  for (const registry of running) await registry.stop();
  await rm(folder, { recursive: true });
});

/** Members that do not renew stay members for the length of a test, unless it says otherwise. */
async function start(
  options: RegistryOptions = {},
): Promise<{ registry: RunningRegistry; peer: RegistryPeer }> {
  const parameters = { membershipLeaseMs: 60_000, ...options.parameters };
  const registry = await startRegistry({ nodeCheck: foundEverywhere, ...options, parameters });
  running.push(registry);
  const peer = new RegistryPeer(registry.address);
  peers.push(peer);
  return { registry, peer };
}

const onDisk = (): RegistryOptions => ({ storage: 'disk', dataDir: folder });

describe('a registration', () => {
  let nodes: StandInNodes;
  beforeEach(() => (nodes = new StandInNodes(7n)));
  afterEach(() => nodes.close());

  test('counts when the registry finds that very process at the address', async () => {
    const { registry, peer } = await start({ nodeCheck: undefined });
    const addr = await nodes.listen();
    await peer.register(addr, { process: 7n });
    expect(registry.ring().members).toMatchObject([{ addr, process: 7n }]);
  });

  test('of a node that another process stands in for is refused for good', async () => {
    const { registry, peer } = await start({ nodeCheck: undefined });
    await expect(peer.register(await nodes.listen(), { process: 8n })).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringMatching(
        /advertises .*, and another process answers there.*--advertise/,
      ) as string,
    });
    expect(registry.ring().members).toEqual([]);
  });

  test('of a node that is not there is refused for now, each time anew', async () => {
    const { registry, peer } = await start({ nodeCheck: undefined });
    const addr = await nodes.listen();
    nodes.close();
    for (let again = 0; again < 2; again++) {
      await expect(peer.register(addr, { process: 7n })).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: expect.stringMatching(/the registry cannot reach it there: .*--advertise/) as string,
      });
    }
    await expect(peer.register('http://0.0.0.0:1', { process: 7n })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    expect(registry.ring().members).toEqual([]);
  });
});

describe('the registry over gRPC', () => {
  test('places nodes and hands out predecessor, identity, parameters and ring', async () => {
    const { registry, peer } = await start({ parameters: { replicationFactor: 3 } });
    const first = await peer.register('127.0.0.1:50001');
    expect(first.neighbor).toBeUndefined();
    expect(first.identity).toMatchObject({ id: first.id, clusterId: registry.clusterId });
    expect(first.parameters?.replicationFactor).toBe(3);
    const second = await peer.register('http://127.0.0.1:50002/');
    expect(second.neighbor).toEqual({ id: first.id, addr: 'http://127.0.0.1:50001' });
    expect(await peer.nodes()).toEqual({ nodes: [{ id: first.id, addr: 'http://127.0.0.1:50001' }] });
  });

  test('names the closest member to a newcomer that says where it is', async () => {
    const { registry, peer } = await start();
    await peer.register('http://a:1', { coordinates: [0.2, 0.2] });
    await peer.register('http://b:1', { coordinates: [0.7, 0.9] });
    const { closest } = await peer.register('http://c:1', { coordinates: [0.8, 0.8] });
    expect(closest?.addr).toBe('http://b:1');
    expect(closest?.id).toBe(registry.ring().members.find(({ addr }) => addr === 'http://b:1')?.id);
    expect((await peer.register('http://d:1')).closest).toBeUndefined();
  });

  test('keeps leases, decides proposals and lets members leave', async () => {
    const { peer } = await start();
    const first = await peer.register('http://a:1');
    const second = await peer.register('http://b:1');
    const asFirst = { id: first.id, incarnation: 1 };
    expect(await peer.renew(asFirst)).toMatchObject({ live: true });
    expect(await peer.renew({ ...asFirst, incarnation: 7 })).toMatchObject({ live: false });
    const admit = {
      ...asFirst,
      kind: wire.ChangeKind.ADMIT,
      start: first.id,
      epoch: 1,
      node: second.id,
      nodeIncarnation: 1,
    };
    expect(await peer.propose(admit)).toMatchObject({ accepted: true, reason: '' });
    expect(await peer.propose(admit)).toMatchObject({ accepted: false, reason: 'the epoch is 2, not 1' });
    expect(await peer.leave({ id: second.id, incarnation: 1 })).toMatchObject({ live: true });
    await expect(peer.leave(asFirst)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  });

  test('a watcher gets the header at once, the ring, each change, and word of the end', async () => {
    const { registry, peer } = await start();
    const idle = peer.watch(knownOf(registry.ring()));
    await idle.connected;
    const watcher = peer.watch();
    await peer.register('http://a:1');
    await peer.register('http://b:1');
    const ring = await watcher.when(({ members }) => members.length === 2);
    expect(ring).toEqual(registry.ring());
    await registry.stop();
    await expect(watcher.ended).resolves.toMatchObject({ code: 'UNAVAILABLE' });
    await idle.ended;
  });

  test('a watcher of another cluster is refused', async () => {
    const { peer } = await start();
    await expect(peer.watch(NOTHING_KNOWN, 'another').ended).resolves.toMatchObject({
      code: 'FAILED_PRECONDITION',
    });
  });

  test('a watcher that reads nothing costs one message, and catches up when it reads again', async () => {
    const { registry, peer } = await start();
    const watcher = peer.watch();
    await watcher.connected;
    watcher.stream.pause();
    const first = await peer.register('http://a:1');
    const rounds = 1_500;
    for (let epoch = 1; epoch <= rounds; epoch += 250) {
      const batch = Array.from({ length: 250 }, (_, index) => {
        const keep = { kind: wire.ChangeKind.KEEP, start: first.id, epoch: epoch + index };
        return peer.propose({ id: first.id, incarnation: 1, ...keep });
      });
      await Promise.all(batch);
    }
    watcher.stream.resume();
    const ring = await watcher.when(({ arcs }) => arcs[0]?.epoch === rounds + 1);
    expect(ring).toEqual(registry.ring());
    expect(watcher.count).toBeLessThan(rounds);
    expect(watcher.gaps).toBe(0);
    watcher.end();
  });

  test.each<[string, Partial<wire.ConnectionAddr> & { addr: string }, string]>([
    ['no address', { addr: '' }, 'the host is missing'],
    ['a port that is none', { addr: 'http://a:123456' }, 'port'],
    ['no incarnation', { addr: 'http://a:1', incarnation: 0 }, 'counts its starts on its disk'],
  ])('bad input is an INVALID_ARGUMENT that says why: %s', async (_what, given, text) => {
    const { peer } = await start();
    await expect(peer.register(given.addr, given)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(text),
    });
  });

  test.each([
    ['of before it was named', 0, /names no edition of the protocol between nodes/],
    [
      'of a later version',
      NODE_PROTOCOL + 1,
      new RegExp(
        `names edition ${NODE_PROTOCOL + 1} .*this ring speaks edition ${NODE_PROTOCOL}: run the same version`,
      ),
    ],
  ])(
    'a node %s is refused with what to do, before anything is noted of it',
    async (_what, nodeProtocol, text) => {
      const { registry, peer } = await start();
      await expect(peer.register('http://a:1', { nodeProtocol })).rejects.toMatchObject({
        code: 'FAILED_PRECONDITION',
        message: expect.stringMatching(text),
      });
      expect(registry.ring().members).toEqual([]);
    },
  );

  test('an unknown kind of change and a malformed message are refused, and the registry goes on', async () => {
    const { registry, peer } = await start();
    await expect(peer.propose({ id: 1n, kind: 99 as wire.ChangeKind })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    const raw = new Client(...channelTo(registry.address));
    const error = await new Promise<ServiceError | null>((resolve) => {
      raw.makeUnaryRequest(
        '/registry.Registry/RegisterNode',
        (bytes: Buffer) => bytes,
        (bytes) => bytes,
        Buffer.from([0x0a, 0xff, 0xff]),
        resolve,
      );
    });
    raw.close();
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
    await expect(peer.register('http://a:1')).resolves.toBeDefined();
  });

  test('a member that falls silent is declared dead', async () => {
    const { peer } = await start({ parameters: { membershipLeaseMs: 60 } });
    await peer.register('http://a:1');
    const watcher = peer.watch();
    await watcher.when(({ members }) => members[0]?.state === 'dead');
    watcher.end();
  });
});

describe('the registry as a library', () => {
  test('finds ring and cluster again on disk', async () => {
    const first = await start(onDisk());
    const { id } = await first.peer.register('http://a:1');
    const before = first.registry.ring();
    await first.registry.stop();
    const second = await start(onDisk());
    expect(second.registry.clusterId).toBe(first.registry.clusterId);
    const { runs, ...after } = second.registry.ring();
    expect(after).toEqual({
      ...after,
      members: before.members,
      arcs: before.arcs,
      version: before.version + 1,
    });
    expect(runs).toEqual([...before.runs, { id: expect.any(BigInt), firstVersion: before.version + 1 }]);
    expect(await second.peer.renew({ id, incarnation: 1 })).toMatchObject({ live: true });
  });

  test('a data folder in use is refused, and free again after a stop', async () => {
    const { registry } = await start(onDisk());
    await expect(startRegistry(onDisk())).rejects.toThrow(
      `the folder ${folder} is in use by another process`,
    );
    await registry.stop();
    await start(onDisk());
  });

  test('a port in use is refused by a text that names it and the flag, and leaves nothing behind', async () => {
    const { registry } = await start();
    const { port } = registry;
    const portOption = '--port or REGISTRY_PORT';
    await expect(startRegistry({ port, portOption, ...onDisk() })).rejects.toThrow(
      `port ${port} on 127.0.0.1 is in use; choose another one with ${portOption}`,
    );
    await start(onDisk());
  });

  test('other lease times are refused while the cluster has members, unless asked for', async () => {
    const { registry, peer } = await start(onDisk());
    await peer.register('http://a:1');
    await registry.stop();
    const changed = { ...onDisk(), parameters: { leaseMs: 5_000 } };
    await expect(startRegistry(changed)).rejects.toThrow(
      'hold leases of 2000 ms (margin 200 ms), not 5000 ms',
    );
    const { registry: again } = await start({ ...changed, newLease: true });
    await again.stop();
    await start(changed);
  });

  test('a ring keeps the position rule that it began with, whatever else changes', async () => {
    const { registry } = await start({ ...onDisk(), parameters: { positionRule: 'whole-key' } });
    await registry.stop();
    const { registry: again } = await start({ ...onDisk(), parameters: { leaseMs: 5_000 } });
    expect(again.ring().parameters).toMatchObject({ positionRule: 'whole-key', leaseMs: 5_000 });
    await again.stop();
    const asked = { ...onDisk(), parameters: { positionRule: 'tag' as const }, newLease: true };
    await expect(startRegistry(asked)).rejects.toThrow(
      'the ring has begun with the position rule whole-key, by which its keys have their places; it cannot become tag',
    );
    await expect(startRegistry({ ...onDisk(), parameters: { keyIndex: true } })).rejects.toThrow(
      'the ring has begun without an index of its keys',
    );
  });

  test.each([
    [{ parameters: { replicationFactor: 9 } }, 'replicationFactor must be an integer from 1 to 7'],
    [{ returnWaitMs: -1 }, 'returnWaitMs must be an integer from 0 to 60000'],
    [{ storage: 'disk' as const }, 'storage on disk needs a data folder'],
    [{ tls: { cert: 'x' } }, 'TLS needs a certificate and its key'],
    [{ tls: { cert: '/no/cert', key: '/no/key' } }, 'cannot read the TLS certificate /no/cert'],
  ])('an option out of range is refused (%#)', async (options, text) => {
    await expect(startRegistry(options)).rejects.toThrow(text);
  });

  test('stopping twice is stopping once', async () => {
    const { registry } = await start(onDisk());
    await Promise.all([registry.stop(), registry.stop()]);
    await registry.stop();
  });
});
