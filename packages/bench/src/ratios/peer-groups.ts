/**
 * The contests behind the ratios to peers: who takes part, at which points, and which bounds apply. One contest comes
 * after another, so that only systems that are compared run at the same time.
 */

import type { ContestantSpec } from '../contest';
import type { Point } from '../point';
import { contestants, REDIS_FAMILY, type ContestantName, type Setting } from '../contestants';
import type { OperationKind, WorkloadSpec } from '../load/workload';
import { plainWorkload, VALUE_BYTES } from '../workloads';
import type { PeerRatioSpec } from './peer-ratio';

export interface PeerGroup {
  readonly name: string;
  readonly contestants: readonly ContestantSpec[];
  /** Written beforehand; absent when all points write. */
  readonly load?: WorkloadSpec;
  readonly points: readonly Point[];
  readonly ratios: readonly PeerRatioSpec[];
}

const RING = 'Ringkeep';
/** Three etcd members take a while for each key that is written beforehand. */
const FEW_KEYS = 10_000;

const GET_FLOORS = [
  [64, 1.2],
  [256, 2],
  [1_024, 1.5],
] as const;
const SET_FLOORS = [
  [64, 1.5],
  [256, 2.5],
  [1_024, 2.5],
] as const;
const ETCD_FLOORS = [
  [64, 8],
  [1_024, 20],
] as const;
const UNARY_CONCURRENCY = 64;
const FORWARD_CONCURRENCY = 256;

export const PEER_GROUPS: readonly PeerGroup[] = [
  {
    name: 'get',
    contestants: [
      ...among(['ringkeep', 'echo-stream'], { durable: true }),
      ...among(['redis'], { durable: false }),
    ],
    load: plainWorkload('set'),
    points: [
      ...GET_FLOORS.map(([c]) => point('get', c, [RING, 'ioredis', 'ioredis autopipelining'])),
      point('get', 1_024, ['grpc-js stream echo']),
    ],
    ratios: [
      ...GET_FLOORS.map(([concurrency, atLeast]) => ({
        ...{ work: 'GET by the client', against: 'best ioredis + Redis', workload: 'GET' },
        ...{ concurrency, ours: RING, theirs: REDIS_FAMILY, atLeast },
      })),
      {
        ...{ work: 'GET by the client', against: 'bare grpc-js stream echo', workload: 'GET' },
        ...{ concurrency: 1_024, ours: RING, theirs: 'grpc-js stream echo', atLeast: 3 },
      },
    ],
  },
  {
    name: 'set',
    contestants: among(['ringkeep', 'redis', 'etcd'], { durable: true }),
    points: [
      ...SET_FLOORS.map(([c]) => point('set', c, [RING, 'ioredis', 'ioredis autopipelining'])),
      ...ETCD_FLOORS.map(([c]) => point('set', c, ['etcd3'])),
    ],
    ratios: [
      ...SET_FLOORS.map(([concurrency, atLeast]) => ({
        ...{ work: 'durable SET', against: 'best ioredis + appendfsync always', workload: 'SET' },
        ...{ concurrency, ours: RING, theirs: REDIS_FAMILY, atLeast },
      })),
      ...ETCD_FLOORS.map(([concurrency, atLeast]) => ({
        ...{ work: 'durable SET', against: 'etcd3 + one etcd', workload: 'SET' },
        ...{ concurrency, ours: RING, theirs: 'etcd3', atLeast },
      })),
    ],
  },
  {
    name: 'three-copies',
    contestants: among(['ringkeep', 'etcd'], { durable: true, nodes: 3, copies: 3 }),
    load: plainWorkload('set', { keys: FEW_KEYS }),
    points: [
      point('set', 256, undefined, { keys: FEW_KEYS }),
      point('get', 256, undefined, { keys: FEW_KEYS }),
    ],
    ratios: [
      {
        ...{ work: 'durable SET, 3 nodes, R = 3', against: 'etcd3 + three members', workload: 'SET' },
        ...{ concurrency: 256, ours: RING, theirs: 'etcd3', atLeast: 8 },
      },
      {
        ...{ work: 'linearizable GET, 3 nodes, R = 3', against: 'etcd3 + three members', workload: 'GET' },
        ...{ concurrency: 256, ours: RING, theirs: 'etcd3', atLeast: 15 },
      },
    ],
  },
  {
    name: 'unary',
    contestants: among(['query', 'echo-unary'], { durable: true }),
    load: plainWorkload('set', { keys: FEW_KEYS }),
    points: [point('get', UNARY_CONCURRENCY, undefined, { keys: FEW_KEYS })],
    ratios: [
      {
        ...{ work: 'unary QueryDHT, GET', against: 'bare grpc-js unary echo', workload: 'GET' },
        ...{ concurrency: UNARY_CONCURRENCY, ours: 'Ringkeep QueryDHT', theirs: 'grpc-js unary echo' },
        atLeast: 0.9,
      },
    ],
  },
  {
    name: 'forwarded',
    contestants: [
      ...among(['ringkeep'], { durable: true, nodes: 3, copies: 1 }),
      ...among(['one-node'], { durable: true, nodes: 3, copies: 1 }),
    ],
    load: plainWorkload('set'),
    points: [point('get', FORWARD_CONCURRENCY)],
    ratios: [
      {
        ...{ work: 'forwarded GET (client reaches one of 3 nodes)', against: 'direct GET', workload: 'GET' },
        ...{ concurrency: FORWARD_CONCURRENCY, ours: 'Ringkeep by one node', theirs: RING, atLeast: 0.5 },
      },
    ],
  },
];

function among(names: readonly ContestantName[], setting: Partial<Setting>): ContestantSpec[] {
  return contestants(names, { nodes: 1, copies: 1, durable: true, valueBytes: VALUE_BYTES, ...setting });
}

function point(
  kind: OperationKind,
  concurrency: number,
  only?: readonly string[],
  more: Partial<WorkloadSpec> = {},
): Point {
  return { workload: plainWorkload(kind, more), loop: { kind: 'closed', concurrency }, only };
}
