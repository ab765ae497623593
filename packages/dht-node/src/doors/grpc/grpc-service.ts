/** dht.DhtNode on gRPC: passes each method to the part that answers it. */

import { position, RingError, RingView, type Member, type NodeId } from '@ringkeep/shared';
import {
  addReflection,
  descriptorSet,
  Health,
  unary,
  withMethodAlias,
  type GrpcServer,
} from '@ringkeep/process/server';
import { dht, historyToWire } from '@ringkeep/shared/wire';
import { bufferOfBytes } from '@ringkeep/shared/operations';
import { conflictToWire, rangeFromWire } from '../../codec';
import { listCopy } from '../../core/replica/copy-listing';
import type { NodeStatus } from '../../observing/tallies';
import type { NodeHost } from '../../hosting/host';
import type { BatchStreams } from './batch-streams';
import type { FollowerStreams } from '../../links/replica-streams';
import type { RingWatchers } from './ring-watchers';
import { UnaryQueries } from './unary-queries';
import type { WatchCall, WatchStreams } from './watch-streams';
import { range } from './unary-ranges';
import { scan } from './unary-scans';
import { transact } from './unary-transactions';

const SERVICE = 'dht.DhtNode';
const OLDER_SPELLING = { service: SERVICE, method: 'QueryDHT', alias: 'QueryDht' };

type BatchCall = Parameters<BatchStreams['accept']>[0];
type TransferCall = Parameters<FollowerStreams['accept']>[0];
type RingCall = Parameters<RingWatchers['accept']>[0];

export interface NodeFacts {
  readonly address: string;
  readonly registryAddress: string;
  readonly storage: string;
}

export interface ServiceParts {
  readonly host: NodeHost;
  readonly batches: BatchStreams;
  readonly followers: FollowerStreams;
  readonly watchers: RingWatchers;
  readonly watches: WatchStreams;
  readonly status: () => NodeStatus;
  readonly facts: () => NodeFacts;
  /** Hands everything over and leaves. Resolves when the node has left. */
  readonly leave: () => Promise<void>;
}

/** Adds the service under both spellings, reflection, and health checks (serving once the node has joined). */
export function addNodeService(server: GrpcServer, parts: ServiceParts): Health {
  const { host } = parts;
  const queries = new UnaryQueries(host);
  const queryDht = unary((_: dht.Query, call: Parameters<UnaryQueries['query']>[0]) => queries.query(call));
  const older = { ...dht.DhtNodeService.queryDht, path: `/${SERVICE}/${OLDER_SPELLING.alias}` as const };
  server.addService(dht.DhtNodeService, {
    queryDht,
    forwardQuery: unary((_: dht.EncodedQuery, call: Parameters<UnaryQueries['forward']>[0]) =>
      queries.forward(call),
    ),
    transact: unary((_: dht.TransactRequest, call: Parameters<typeof transact>[1]) => transact(host, call)),
    range: unary((_: dht.RangeRequest, call: Parameters<typeof range>[1]) => range(host, call)),
    scan: unary((_: dht.ScanRequest, call: Parameters<typeof scan>[1]) => scan(host, call)),
    queryBatch: (stream: BatchCall) => parts.batches.accept(stream),
    watch: (stream: WatchCall) => parts.watches.accept(stream),
    registerAsNeighbor: unary((info: dht.NeighborRegisterInfo) => neighbours(host, info)),
    transferKeys: (stream: TransferCall) => parts.followers.accept(stream),
    identifyNode: unary(() => ({ process: host.core.process })),
    describeNode: unary(() => nodeDescription(parts.status(), host.core.incarnation, parts.facts())),
    watchRing: (stream: RingCall) => parts.watchers.accept(stream),
    listCopy: unary(({ range }: dht.ListCopyRequest) => listed(host, range)),
    recoverArc: unary(async ({ start, from }: dht.RecoverArcRequest) => {
      await host.recover(position(start), position(from));
      return {};
    }),
    leaveRing: unary(async () => {
      await parts.leave();
      return { left: true };
    }),
  });
  server.addService({ olderQueryDht: older }, { olderQueryDht: queryDht });
  addReflection(server.grpc, [SERVICE], withMethodAlias(descriptorSet(), OLDER_SPELLING));
  return new Health(server.grpc, [SERVICE]);
}

/** The neighbours as they were known before. When a stranger introduces itself, the ring is fetched anew. */
function neighbours(host: NodeHost, info: dht.NeighborRegisterInfo): dht.PreviousNeighbors {
  const { view, self } = host.core;
  const found = view.neighbours(self);
  if (view.member(info.id as NodeId) === undefined) host.post({ kind: 'introduced' });
  return { prev: found && node(found.prev), next: found && node(found.next) };
}

function node(member: Member): dht.PreviousNeighbors['prev'] {
  return { id: member.id, addr: member.addr };
}

function listed(host: NodeHost, range: dht.KeyRange | undefined): dht.ListCopyAnswer {
  if (!range) throw new RingError('INVALID_ARGUMENT', 'a listing needs the range of its keys');
  const { keys, next } = listCopy(host.core.replicas, rangeFromWire(range));
  return {
    keys: keys.map(({ key, version, checksum }) => ({ key: bufferOfBytes(key), version, checksum })),
    next: next === undefined ? undefined : bufferOfBytes(next),
  };
}

function nodeDescription(status: NodeStatus, incarnation: number, facts: NodeFacts): dht.NodeDescription {
  const found = new RingView(status.ring).neighbours(status.id);
  return {
    id: status.id,
    addr: facts.address,
    clusterId: status.ring.clusterId,
    registryAddr: facts.registryAddress,
    ringVersion: status.ring.version,
    incarnation,
    prev: found && node(found.prev),
    next: found && node(found.next),
    replicas: status.replicas.map(({ range, history, conflict, ...replica }) => ({
      ...range,
      ...replica,
      history: historyToWire(history),
      conflict: conflict && conflictToWire(conflict),
    })),
    settled: status.settled,
    entriesReceived: status.entriesReceived,
    storage: facts.storage,
    longestPauseMs: status.longestPauseMs,
    parameters: status.parameters,
    routing: status.routing,
    roomLacking: status.roomLacking,
    registryTrouble: status.registryTrouble,
    operationsDiscarded: status.operationsDiscarded,
  };
}
