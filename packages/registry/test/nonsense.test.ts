/** Callers that say what cannot be: each is told so, and the ring stays as it was. */

import { Client, status } from '@grpc/grpc-js';
import { Random, ringFault, type Ring } from '@ringkeep/shared';
import { channelTo } from '@ringkeep/shared/channel';
import { registry as wire } from '@ringkeep/shared/wire';
import { startRegistry, type RunningRegistry } from '../src';
import { RegistryPeer, foundEverywhere } from './registry-peer';

let registry: RunningRegistry;
let peer: RegistryPeer;
let first: wire.RegisterInfo;
let second: wire.RegisterInfo;
let before: Ring;
beforeAll(async () => {
  // Nobody renews.
  registry = await startRegistry({ nodeCheck: foundEverywhere, parameters: { membershipLeaseMs: 60_000 } });
  peer = new RegistryPeer(registry.address);
  first = await peer.register('http://a:1');
  second = await peer.register('http://b:1', { claim: 'mine' });
  before = registry.ring();
});
afterAll(async () => {
  peer.close();
  await registry.stop();
});
afterEach(() => expect(registry.ring()).toEqual(before));

const identity = (change: Partial<wire.NodeIdentity>): wire.NodeIdentity => ({
  ...(first.identity as wire.NodeIdentity),
  ...change,
});

describe('RegisterNode', () => {
  test.each<[string, () => Partial<wire.ConnectionAddr> & { addr: string }, string, string]>([
    ['an address with a path', () => ({ addr: 'http://a:1/path' }), 'INVALID_ARGUMENT', 'is not an address'],
    ['another scheme', () => ({ addr: 'ftp://a:1' }), 'INVALID_ARGUMENT', 'is not an address'],
    [
      'a claim without end',
      () => ({ addr: 'http://c:1', claim: 'x'.repeat(129) }),
      'INVALID_ARGUMENT',
      'at most 128',
    ],
    [
      'co-ordinates that are none',
      () => ({ addr: 'http://c:1', coordinates: [Number.NaN] }),
      'INVALID_ARGUMENT',
      'finite numbers',
    ],
    [
      'an incarnation beyond counting',
      () => ({ addr: 'http://c:1', incarnation: 0 }),
      'INVALID_ARGUMENT',
      'incarnation must be 1 or more',
    ],
    [
      'the address of a live member',
      () => ({ addr: 'http://b:1' }),
      'ALREADY_EXISTS',
      'belongs to the live member',
    ],
    [
      'the identity of another cluster',
      () => ({ addr: 'http://a:1', identity: identity({ clusterId: 'another' }) }),
      'WRONG_REGISTRY',
      'belongs to the cluster another',
    ],
    [
      'another salt than the member’s',
      () => ({ addr: 'http://a:1', identity: identity({ salt: 4_711 }) }),
      'ALREADY_EXISTS',
      'is taken',
    ],
  ])('with %s is refused', async (_what, given, code, text) => {
    const { addr, ...more } = given();
    await expect(peer.register(addr, more)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(text),
    });
  });

  test('asked again with the same claim gives the same place', async () => {
    const again = await peer.register('http://b:1', { claim: 'mine' });
    expect(again.id).toBe(second.id);
  });
});

describe('RenewLease and LeaveRing', () => {
  test('of a stranger, or of a process that is over, say that it is no live member', async () => {
    for (const caller of [
      { id: 1n, incarnation: 1 },
      { id: first.id, incarnation: 2 },
      { id: first.id, incarnation: 0 },
      {},
    ]) {
      expect(await peer.renew(caller)).toMatchObject({ live: false });
      expect(await peer.leave(caller)).toMatchObject({ live: false });
    }
  });

  test('from a version that is still to come answer with the whole ring', async () => {
    const answer = await peer.renew({ id: first.id, incarnation: 1, knownVersion: 9_999 });
    expect(answer.ring?.update?.$case).toBe('ring');
  });
});

describe('ProposeChange', () => {
  test.each<[string, () => Partial<wire.ProposeChangeRequest>, RegExp]>([
    ['an arc that is not there', () => ({ start: first.id + 1n }), /no arc starts at/],
    ['a stranger', () => ({ id: 1n }), /is no member/],
    ['a process that is over', () => ({ incarnation: 7 }), /the proposal is from 7/],
    ['one that is not the primary', () => ({ id: second.id }), /is not the primary/],
    ['another epoch', () => ({ epoch: 99 }), /the epoch is 1, not 99/],
    ['a stranger to be admitted', () => ({ kind: wire.ChangeKind.ADMIT, node: 1n }), /is no member/],
    ['itself to be admitted', () => ({ kind: wire.ChangeKind.ADMIT, node: first.id }), /./],
    ['itself to be dropped', () => ({ kind: wire.ChangeKind.DROP, node: first.id }), /./],
    ['a stranger to take over', () => ({ kind: wire.ChangeKind.HANDOVER, node: 1n, at: 1n }), /./],
    ['a merge with nothing', () => ({ kind: wire.ChangeKind.MERGE, nextStart: 1n, nextEpoch: 1 }), /./],
  ])('with %s is not accepted and says why', async (_what, change, reason) => {
    const base = { id: first.id, incarnation: 1, kind: wire.ChangeKind.KEEP, start: first.id, epoch: 1 };
    const answer = await peer.propose({ ...base, ...change() });
    expect(answer.accepted).toBe(false);
    expect(answer.reason).toMatch(reason);
  });

  test('of random nonsense never breaks the ring', async () => {
    const seed = 17;
    const random = new Random(seed);
    const ids = [0n, 1n, first.id, second.id, (1n << 64n) - 1n];
    for (let i = 0; i < 300; i++) {
      const request = {
        id: random.pick([second.id, 1n]), // never the primary: what it may propose is tested elsewhere
        incarnation: random.below(3),
        kind: random.below(7) as wire.ChangeKind,
        start: random.pick(ids),
        epoch: random.below(4),
        node: random.pick(ids),
        at: random.pick(ids),
        seq: random.below(10),
        nextStart: random.pick(ids),
        nextEpoch: random.below(4),
      };
      const accepted = await peer.propose(request).then(
        (answer) => answer.accepted,
        () => false,
      );
      expect({ seed, i, accepted, fault: ringFault(registry.ring()) }).toEqual({
        seed,
        i,
        accepted: false,
        fault: undefined,
      });
    }
  });
});

test.each(['RegisterNode', 'RenewLease', 'LeaveRing', 'ProposeChange', 'GetConnectedNodes'])(
  'bytes that are no message are INVALID_ARGUMENT at %s',
  async (method) => {
    const raw = new Client(...channelTo(registry.address));
    const same = (bytes: Buffer): Buffer => bytes;
    const error = await new Promise((resolve) => {
      raw.makeUnaryRequest(`/registry.Registry/${method}`, same, same, Buffer.from([0x0a, 0xff]), resolve);
    });
    raw.close();
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT });
  },
);
