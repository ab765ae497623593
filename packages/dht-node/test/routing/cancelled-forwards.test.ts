/**
 * Two nodes over real gRPC, of which the owner cannot answer: what becomes of a frame there when its client cancels
 * it at the other. The test is their registry; the replica without which the owner may not answer never comes.
 */

import {
  NO_RING,
  DEFAULT_PARAMETERS,
  position,
  type Bytes,
  type Member,
  type NodeId,
  type Ring,
} from '@ringkeep/shared';
import { OperationType, type Operation, ringKeyOf } from '@ringkeep/shared/operations';
import { MonotonicClock, silentLogger } from '@ringkeep/process/running';
import { GrpcServer } from '@ringkeep/process/server';
import { dht, encodeRequest } from '@ringkeep/shared/wire';
import { BatchStreams } from '../../src/doors/grpc/batch-streams';
import { Peers } from '../../src/links/peers';
import { NodeCore } from '../../src/core';
import { NodeHost } from '../../src/hosting/host';
import { MemoryStorage } from '../../src/storage';
import { type BatchPeer, eventually, NodePeer } from '../server/node-peer';

const NEAR = position(1n << 62n);
const OWNER = position(2n << 62n);
const ABSENT = position(3n << 62n);

class Node {
  readonly core: NodeCore;
  private readonly storage = new MemoryStorage();
  private readonly clock = new MonotonicClock();
  private readonly host: NodeHost;
  private readonly server = new GrpcServer();
  private readonly peers: Peers;
  private readonly batches: BatchStreams;
  addr = '';

  constructor(readonly id: NodeId) {
    const startedAt = this.clock.now();
    this.core = new NodeCore(this.storage.entries, {
      incarnation: 1,
      newcomer: true,
      process: 1n,
      startedAt,
      leaseBeforeMs: 0,
    });
    this.host = new NodeHost(this.core, this.storage, this.clock);
    const self = (): { id: NodeId; addr: string } => this;
    this.peers = new Peers(self, undefined, (input) => this.host.post(input), silentLogger);
    this.batches = new BatchStreams(this.host, () => DEFAULT_PARAMETERS);
  }

  async listen(): Promise<void> {
    const { queryBatch } = dht.DhtNodeService;
    this.server.addService(
      { queryBatch },
      { queryBatch: (call: Parameters<BatchStreams['accept']>[0]) => this.batches.accept(call) },
    );
    this.addr = `http://127.0.0.1:${await this.server.listen({ host: '127.0.0.1', port: 0 })}`;
  }

  /** Starts as the member that it is in a ring. */
  start(ring: Ring): void {
    const nothing = (): void => undefined;
    this.host.start({
      registry: {
        call: (call, { kind }) => {
          if (kind !== 'register') return;
          this.host.post({ kind: 'registered', call, id: this.id, ring });
        },
      },
      peers: this.peers,
      primaries: { open: nothing, send: nothing, close: nothing },
      followers: { send: nothing, close: nothing },
      observer: {},
      owner: {
        discarded: nothing,
        left: nothing,
        leaveRefused: nothing,
        failed: (error) => this.failed(error),
      },
    });
  }

  adopt(ring: Ring): void {
    this.host.post({ kind: 'ring', update: { kind: 'ring', ring } });
  }

  size(table: 'queries' | 'forwards'): number {
    return this.core.inspection.tableSizes()[table] as number;
  }

  async stop(): Promise<void> {
    this.host.stop();
    this.peers.stop();
    this.batches.stop();
    await this.server.stop(100);
    await this.storage.close();
  }

  private failed(error: Error): void {
    throw error;
  }
}

let near: Node;
let owner: Node;
let client: NodePeer;
let batch: BatchPeer;

/** The ring at a version that is also its one arc's epoch. */
function ringOf(version: number, inSync: readonly NodeId[]): Ring {
  const member = (id: NodeId, addr: string): Member => {
    return { id, addr, salt: 0, incarnation: 1, process: 1n, state: 'active', coordinates: [] };
  };
  return {
    ...NO_RING,
    clusterId: 'cluster',
    version,
    members: [member(NEAR, near.addr), member(OWNER, owner.addr), member(ABSENT, 'http://127.0.0.1:1')],
    arcs: [
      {
        start: OWNER,
        end: OWNER,
        epoch: version,
        term: 1,
        handover: true,
        primary: OWNER,
        inSync,
        withoutCopy: [],
        copiesReached: 1,
        seq: 0,
      },
    ],
  };
}

beforeAll(async () => {
  near = new Node(NEAR);
  owner = new Node(OWNER);
  await near.listen();
  await owner.listen();
  for (const node of [near, owner]) {
    node.start(ringOf(1, [OWNER]));
    await eventually('the node is a member', () => node.core.view.version === 1);
    node.adopt(ringOf(2, [OWNER, ABSENT]));
  }
  client = new NodePeer(near.addr);
  batch = client.batch();
});
afterAll(async () => {
  client.close();
  await Promise.all([near.stop(), owner.stop()]);
});

test('its query ends at the owner; a write that was started there goes on', async () => {
  const key = ringKeyOf('key' as Bytes);
  const send = (frame: number, operation: Operation): void =>
    batch.send(
      encodeRequest({ frame, deadlineMs: 60_000, hops: 0, ringVersion: 2, direct: false }, [operation]),
    );
  send(1, { type: OperationType.exchange, key, value: 'v' as Bytes });
  send(2, { type: OperationType.get, key });
  await eventually('both wait at the owner', () => owner.size('queries') === 2);
  expect(near.size('forwards')).toBe(2);
  batch.send({ cancel: 1 });
  batch.send({ cancel: 2 });
  await eventually('neither does', () => owner.size('queries') === 0);
  expect(near.size('forwards')).toBe(0);

  owner.adopt(ringOf(3, [OWNER]));
  send(3, { type: OperationType.get, key });
  expect(await batch.answers(3, 1)).toEqual([{ ok: true, value: 'v' }]);
  expect([...batch.messages.keys()]).toEqual([3]);
});
