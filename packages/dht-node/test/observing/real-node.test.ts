/** Real nodes with meters: what happens is counted once, at the node and the door where it happens. */

import { RingView } from '@ringkeep/shared';
import { bytesOfText, OperationType, ringKeyOf, type Operation } from '@ringkeep/shared/operations';
import { type dht, encodeRequest } from '@ringkeep/shared/wire';
import type { NodeEvent, NodeOptions, RingNode } from '../../src';
import { TestRing } from '../ring/test-ring';
import { NodePeer } from '../server/node-peer';
import { Measured } from './measured';

const LEASES = { leaseMs: 800, leaseMarginMs: 100, membershipLeaseMs: 2_000, failureTimeoutMs: 2_500 };

let ring: TestRing;
let peers: NodePeer[];
beforeEach(async () => {
  ring = await TestRing.start(LEASES);
  peers = [];
});
afterEach(async () => {
  for (const peer of peers) peer.close();
  await ring.stop();
});

interface Watched extends Measured {
  readonly node: RingNode;
  readonly peer: NodePeer;
  readonly events: readonly NodeEvent[];
}

/** A node with a meter, and another observer that hears the same events. */
async function watched(options: Partial<NodeOptions> = {}): Promise<Watched> {
  const measured = new Measured();
  const events: NodeEvent[] = [];
  const observers = [{ event: (event: NodeEvent) => events.push(event) }];
  const node = await ring.addNode({ meter: measured.meter, observers, ...options });
  const peer = new NodePeer(node.address);
  peers.push(peer);
  return Object.assign(measured, { node, peer, events });
}

function keysOwnedBy(node: RingNode, count: number): string[] {
  const { ring: known, id } = node.status();
  const view = new RingView(known);
  const owned: string[] = [];
  for (let i = 0; owned.length < count; i++)
    if (view.arcOfKey(ringKeyOf(bytesOfText(`key ${i}`)))?.primary === id) owned.push(`key ${i}`);
  return owned;
}

const get = (key: string): Operation => ({ type: OperationType.get, key: ringKeyOf(bytesOfText(key)) });
const set = (key: string, value: string): Operation => ({
  type: OperationType.set,
  key: ringKeyOf(bytesOfText(key)),
  value: bytesOfText(value),
});

// QueryDHT's Set tells the value before: it is the catalogue's exchange.
test('a forwarded operation is one at the door that it came to, one forward, and one at the owner that came forwarded', async () => {
  const [near, owner] = [await watched(), await watched()];
  await ring.untilSettled();
  const [own, other] = [keysOwnedBy(near.node, 1)[0] as string, keysOwnedBy(owner.node, 2)];
  await near.peer.set(own, 'here');
  for (const key of other) await near.peer.set(key, 'elsewhere');
  await near.node.get(own);
  await near.peer.get(own);

  expect(near.all('operations_total')).toEqual({
    'grpc no exchange ok': 3,
    'own no get ok': 1,
    'grpc no get ok': 1,
  });
  expect(near.all('forwards_total')).toEqual({ answered: 2 });
  expect(near.all('forwarded_operations_total')).toEqual({ answered: 2 });
  expect(owner.all('operations_total')).toEqual({ 'grpc yes exchange ok': 2 });
  expect(owner.all('forwards_total')).toEqual({});
  for (const node of [near, owner])
    expect(sum(node.all('operation_seconds'))).toBe(sum(node.all('operations_total')));
});

test('each operation of a frame is counted by what became of it, and one that is none is no operation', async () => {
  const only = await watched();
  const batch = only.peer.batch();
  const tooLong = set('x'.repeat(only.node.parameters.keyBytesMax + 1), 'value');
  await only.node.set('a', 'one');
  await only.node.set('b', 'two');
  const operations = [set('c', '3'), set('d', '4'), tooLong, get('a'), get('b'), get('none')];
  batch.send(
    encodeRequest({ frame: 1, deadlineMs: 5_000, hops: 0, ringVersion: 0, direct: false }, operations),
  );
  await batch.answers(1, operations.length);
  batch.stream.cancel();
  await expect(only.peer.query(77 as dht.OperationType, 'a')).rejects.toThrow('77');

  expect(only.all('operations_total')).toEqual({
    'own no set ok': 2,
    'grpc no set ok': 2,
    'grpc no get ok': 3,
  });
  // Of plain reads the answer is the value; with a version it takes that much more.
  expect(only.one('operation_bytes_total', 'grpc', 'out')).toBe('onetwo'.length);
  expect(only.all('operations_malformed_total')).toEqual({ 'grpc INVALID_ARGUMENT': 2 });
  expect(only.all('operations_not_admitted_total')).toEqual({});
  expect(only.one('operations_under_way')).toBe(0);
});

test('a join is counted by both sides: what the newcomer was sent is what it holds', async () => {
  const first = await watched();
  for (let i = 0; i < 40; i++) await first.node.set(`key ${i}`, 'value');
  expect(first.all('keys')).toEqual({ primary: 40, follower: 0 });

  const second = await watched();
  await ring.untilSettled();
  expect(second.one('replica_entries_received_total')).toBe(40);
  expect(second.node.status().entriesReceived).toBe(40);
  for (const node of [first, second]) {
    expect(node.one('events_total', 'joined')).toBe(1);
    expect(sum(node.all('keys'))).toBe(40);
    expect(node.all('copies')).toEqual({ primary: 1, follower: 1 });
    expect(node.one('settled')).toBe(1);
    expect(node.one('ring_members')).toBe(2);
    expect(node.one('ring_version')).toBe(ring.registry.ring().version);
  }
  expect(first.one('pause_seconds')).toBe(first.one('events_total', 'paused'));
  expect(first.one('replica_bytes_total', 'out')).toBe(second.one('replica_bytes_total', 'in'));
});

test('a fail-over is counted once by whoever takes the arc, and every event as often as it was told', async () => {
  const [first, second] = [await watched(), await watched()];
  await ring.untilSettled();
  const [key] = keysOwnedBy(second.node, 1) as [string];
  await first.node.set(key, 'kept');
  const before = first.one('events_total', 'role-open');
  await second.node.stop();
  await ring.until(() => first.one('events_total', 'role-open') > before);
  expect(Buffer.from((await first.node.get(key)) ?? '').toString()).toBe('kept');

  expect(first.one('events_total', 'role-open')).toBe(before + 1);
  expect(first.one('copies', 'primary')).toBe(2);
  const told: Record<string, number> = {};
  for (const { kind } of first.events) told[kind] = (told[kind] ?? 0) + 1;
  expect(first.all('events_total')).toEqual(told);
});

test('a disk tells each write of the log', async () => {
  const only = await watched({ storage: 'disk', dataDir: ring.dataDir('only') });
  const before = only.one('log_batches_total');
  for (let i = 0; i < 5; i++) await only.node.set(`key ${i}`, 'value');
  expect(only.one('log_batches_total')).toBeGreaterThanOrEqual(before + 5);
  expect(only.one('log_bytes_total')).toBeGreaterThan(5 * 'value'.length);
  expect(only.one('log_write_seconds')).toBeLessThanOrEqual(only.one('log_batches_total'));
  expect(only.all('operations_total')).toEqual({ 'own no set ok': 5 });
});

test('a meter is of one node at a time; when that has stopped another one goes on with it', async () => {
  const first = await watched();
  await first.node.set('key', 'value');
  await expect(ring.addNode({ meter: first.meter })).rejects.toThrow('is read from another server');
  await first.node.stop();
  expect(first.all('keys')).toEqual({});

  await ring.stop();
  ring = await TestRing.start(LEASES);
  const next = await ring.addNode({ meter: first.meter });
  await next.set('key', 'value');
  expect(first.all('operations_total')).toEqual({ 'own no set ok': 2 });
});

test('an observer that fails harms neither the node nor the other observers', async () => {
  const faulty = {
    event: (): void => {
      throw new Error('no line can be written');
    },
    answered: (): void => {
      throw new Error('no line can be written');
    },
  };
  const measured = new Measured();
  const node = await ring.addNode({ observers: [faulty], meter: measured.meter });
  await node.set('key', 'value');
  expect(measured.all('operations_total')).toEqual({ 'own no set ok': 1 });
  expect(ring.failures).toEqual([]);
});

function sum(series: Readonly<Record<string, number>>): number {
  return Object.values(series).reduce((total, value) => total + value, 0);
}
