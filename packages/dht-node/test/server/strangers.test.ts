/** TransferKeys and WatchRing called by strangers: whatever they say, nothing is lost and the node lives. */

import { status, type ClientDuplexStream } from '@grpc/grpc-js';
import { knownOf, NO_RING, Random, updateRing, type Ring, type RingBeat } from '@ringkeep/shared';
import { beatFromWire, dht, ringToWire, updateFromWire, type registry } from '@ringkeep/shared/wire';
import { positionOfText } from '@ringkeep/shared/operations';
import type { RingNode } from '../../src';
import { TestRing } from '../ring/test-ring';
import { eventually, NodePeer, statusOf } from './node-peer';

const KEYS = 50;

let ring: TestRing;
let node: RingNode;
let peer: NodePeer;

beforeAll(async () => {
  ring = await TestRing.start({ replicationFactor: 2 });
  node = await ring.addNode();
  await ring.addNode();
  await ring.untilSettled();
  peer = new NodePeer(node.address);
  for (let i = 0; i < KEYS; i++) await node.set(`key ${i}`, `value ${i}`);
});
afterAll(async () => {
  peer.close();
  await ring.stop();
});
afterEach(async () => {
  expect(ring.failures).toEqual([]);
  for (const each of ring.nodes) {
    for (let i = 0; i < KEYS; i++)
      expect(Buffer.from((await each.get(`key ${i}`)) ?? [])).toEqual(Buffer.from(`value ${i}`));
  }
  await node.set('after', 'a write still finds all its replicas');
});

function ringMessage(of: Ring = ring.registry.ring()): registry.RingUpdate {
  return { update: { $case: 'ring', value: ringToWire(of) } };
}

/** What a member that follows the node's own arc says on opening its stream. */
function opening(
  change: Partial<dht.OpenStream> = {},
  stream: Partial<dht.StreamName> = {},
): dht.FollowerMessage {
  const arc = ring.registry
    .ring()
    .arcs.find(({ primary }) => primary === node.status().id) as Ring['arcs'][number];
  const member = ring.registry
    .ring()
    .members.find(({ id }) => id !== node.status().id) as Ring['members'][number];
  return dht.FollowerMessage.fromPartial({
    stream: { start: arc.start, term: arc.term, number: 2 ** 40, ...stream },
    body: {
      $case: 'open',
      value: {
        follower: member.id,
        incarnation: member.incarnation,
        start: arc.start,
        end: arc.end,
        lastPrepared: 0,
        committed: 0,
        complete: false,
        ring: ringMessage(),
        ...change,
      },
    },
  });
}

class Follower {
  readonly received: dht.PrimaryMessage[] = [];
  readonly stream: ClientDuplexStream<dht.FollowerMessage, dht.PrimaryMessage>;
  readonly status;

  constructor() {
    this.stream = peer.client.transferKeys();
    this.status = statusOf(this.stream as never);
    this.stream.on('data', (message: dht.PrimaryMessage) => this.received.push(message));
  }

  say(message: dht.FollowerMessage): void {
    this.stream.write(message);
  }

  get answers(): (string | undefined)[] {
    return this.received.map(({ body }) => body?.$case);
  }
}

describe('TransferKeys', () => {
  test.each<[string, () => dht.FollowerMessage, string]>([
    [
      'an unknown follower of the whole arc',
      () => opening({ follower: positionOfText('stranger') }),
      'release',
    ],
    [
      'an unknown follower of a part',
      () => opening({ follower: positionOfText('stranger'), start: positionOfText('stranger') }),
      'wait',
    ],
    [
      'a member that wants another range',
      () => opening({ start: positionOfText('a'), end: positionOfText('b') }),
      'wait',
    ],
    ['an old term', () => opening({}, { term: 0 }), 'wait'],
    ['a term to come', () => opening({}, { term: 1_000 }), 'wait'],
    ['an arc that is not the node’s', () => opening({}, { start: positionOfText('elsewhere') }), 'wait'],
    [
      'a ring of long ago',
      () => opening({ ring: ringMessage({ ...ring.registry.ring(), version: 1 }) }),
      'adopt',
    ],
    ['no ring at all', () => opening({ ring: ringMessage(NO_RING) }), 'adopt'],
    [
      'another cluster’s ring',
      () => opening({ ring: ringMessage({ ...ring.registry.ring(), clusterId: 'another', version: 9_999 }) }),
      'wait',
    ],
    ['a member whose copy is not complete', () => opening({ complete: false }), 'wait'],
    [
      'a member that lacks what is committed',
      () => opening({ complete: true, lastPrepared: 0, committed: 0 }),
      'wait',
    ],
    [
      'a member that has committed more than there is',
      () => opening({ complete: true, lastPrepared: 2 ** 40, committed: 2 ** 40 }),
      'wait',
    ],
    ['a process of the member that is over', () => opening({ incarnation: 0 }), 'wait'],
  ])('%s is turned away', async (_what, message, answer) => {
    const follower = new Follower();
    follower.say(message());
    await eventually('the stream ends', () => follower.received.length > 0);
    expect(follower.answers).toEqual([answer]);
    expect(await follower.status).toMatchObject({ code: status.OK });
  });

  test.each<[string, () => dht.FollowerMessage]>([
    ['no stream name', () => ({ ...opening(), stream: undefined })],
    ['no body', () => ({ ...opening(), body: undefined })],
    ['no ring message', () => opening({ ring: undefined })],
    [
      'a ring with a hole',
      () =>
        opening({ ring: ringMessage({ ...ring.registry.ring(), arcs: ring.registry.ring().arcs.slice(1) }) }),
    ],
  ])('a message with %s ends the stream with INVALID_ARGUMENT', async (_what, message) => {
    const follower = new Follower();
    follower.say(message());
    expect(await follower.status).toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  test('malformed protobuf ends the stream with INVALID_ARGUMENT', async () => {
    const stream = peer.rawStream('/dht.DhtNode/TransferKeys');
    const ended = statusOf(stream as never);
    stream.resume();
    stream.write(Buffer.from([0x0a, 0x7f]));
    expect(await ended).toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  test('acknowledgements out of nowhere mean nothing', async () => {
    const follower = new Follower();
    const random = new Random(3);
    for (let i = 0; i < 100; i++) {
      const value = {
        prepared: random.below(2 ** 30),
        applied: random.below(2 ** 30),
        live: true,
        sentAtMs: 1e12,
        takenBytes: 0,
        full: false,
      };
      follower.say({ stream: opening().stream, body: { $case: 'acknowledge', value } });
    }
    follower.stream.end();
    expect(await follower.status).toMatchObject({ code: status.OK });
    expect(follower.received).toEqual([]);
  });

  test('followers that go away in the middle are forgotten', async () => {
    for (let i = 0; i < 20; i++) {
      const follower = new Follower();
      follower.say(opening({ follower: positionOfText(`stranger ${i}`) }));
      await new Promise(setImmediate);
      follower.stream.cancel();
    }
    await ring.untilSettled();
  });
});

describe('WatchRing', () => {
  const watch = (request: Partial<registry.WatchRingRequest>) =>
    peer.client.watchRing({ fromVersion: 0, fromRun: 0n, clusterId: '', beats: false, ...request });

  test('shows the ring at once and then each change', async () => {
    const stream = watch({});
    stream.on('error', () => undefined);
    let seen = NO_RING;
    let gaps = 0;
    stream.on('data', (message: registry.RingUpdate) => {
      const next = updateRing(seen, updateFromWire(message));
      if (next) seen = next;
      else gaps++;
    });
    await eventually('the ring comes', () => seen.version === ring.registry.ring().version);
    const newcomer = await ring.addNode();
    await eventually('the newcomer shows', () =>
      seen.arcs.some((arc) => arc.primary === newcomer.status().id),
    );
    await newcomer.leave();
    await newcomer.stop();
    ring.nodes.splice(ring.nodes.indexOf(newcomer), 1);
    await ring.untilSettled();
    await eventually('it is gone again', () => seen.version === ring.registry.ring().version);
    expect(seen).toEqual(ring.registry.ring());
    expect(gaps).toBe(0);
    stream.cancel();
  });

  test('resumed at the present version is silent until something changes', async () => {
    const stream = watch({
      fromVersion: ring.registry.ring().version,
      fromRun: knownOf(ring.registry.ring()).run,
      clusterId: ring.registry.clusterId,
    });
    stream.on('error', () => undefined);
    const messages: unknown[] = [];
    stream.on('data', (message) => messages.push(message));
    await new Promise((resolve) => stream.once('metadata', resolve));
    await peer.get('meanwhile');
    expect(messages).toEqual([]);
    stream.cancel();
  });

  test('with beats says again and again that it is alive, and how long ago the registry was heard', async () => {
    const known = knownOf(ring.registry.ring());
    const stream = watch({ fromVersion: known.version, fromRun: known.run, beats: true });
    stream.on('error', () => undefined);
    const beats: (RingBeat | undefined)[] = [];
    stream.on('data', (message: registry.RingUpdate) => beats.push(beatFromWire(message)));
    await eventually('three beats come', () => beats.length >= 3);
    for (const beat of beats) {
      expect(beat).toMatchObject({ leaseMs: ring.nodes[0]!.parameters.leaseMs });
      expect(beat!.registrySilentMs).toBeLessThan(60_000);
    }
    stream.cancel();
  });

  test('of another cluster is refused', async () => {
    const stream = watch({ clusterId: 'another' });
    stream.resume();
    expect(await statusOf(stream as never)).toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: `this node belongs to cluster ${ring.registry.clusterId}, not to another`,
    });
  });
});
