/** Who is measured against whom: the ring and its peers, by the copies that they keep and by how durable their writes are. */

import type { ContestantSpec } from './contest';

export const CONTESTANTS = [
  'ringkeep',
  'query',
  'one-node',
  'doors-open',
  'redis',
  'etcd',
  'echo-stream',
  'echo-unary',
  'nothing',
] as const;
export type ContestantName = (typeof CONTESTANTS)[number];

export interface Setting {
  readonly nodes: number;
  readonly copies: number;
  /** Whether writes are synced before the answer, where that can be chosen. */
  readonly durable: boolean;
  readonly valueBytes: number;
  /** Nodes of the ring keep an index of their keys. */
  readonly keyIndex?: boolean;
  readonly watchHistoryMib?: number;
  /** Whoever cannot watch keys publishes what it writes. */
  readonly publishes?: boolean;
}

export const PUBLISHING_REDIS = 'ioredis, SET and PUBLISH';
export const REDIS_FAMILY = 'ioredis + Redis';

/** Those that can be had in this setting: Redis keeps one copy here, etcd is always durable. */
export function contestants(names: readonly ContestantName[], setting: Setting): ContestantSpec[] {
  return names.flatMap((name) => contestantsNamed(name, setting));
}

function contestantsNamed(name: ContestantName, setting: Setting): ContestantSpec[] {
  const { nodes, copies, durable, valueBytes } = setting;
  const { keyIndex, watchHistoryMib } = setting;
  const ring = {
    ...({ kind: 'ring', nodes, copies, storage: durable ? 'disk' : 'memory' } as const),
    ...(keyIndex !== undefined && { keyIndex }),
    ...(watchHistoryMib !== undefined && { watchHistoryMib }),
  };
  const redis = { kind: 'redis', appendOnly: durable } as const;
  switch (name) {
    case 'ringkeep':
      return [{ name: 'Ringkeep', system: ring }];
    case 'query':
      return [{ name: 'Ringkeep QueryDHT', system: ring, way: 'query' }];
    case 'one-node':
      return [{ name: 'Ringkeep by one node', system: ring, way: 'one-node' }];
    case 'doors-open':
      return [{ name: 'Ringkeep, all doors open', system: { ...ring, doorsOpen: true } }];
    case 'redis':
      if (copies > 1) return [];
      if (setting.publishes === true) return [{ name: PUBLISHING_REDIS, system: redis, way: 'publishing' }];
      return [
        { name: 'ioredis', family: REDIS_FAMILY, system: redis },
        { name: 'ioredis autopipelining', family: REDIS_FAMILY, system: redis, way: 'autopipelining' },
      ];
    case 'etcd':
      return durable ? [{ name: 'etcd3', system: { kind: 'etcd', members: copies } }] : [];
    case 'echo-stream':
      return [{ name: 'grpc-js stream echo', system: { kind: 'echo', valueBytes }, way: 'stream' }];
    case 'echo-unary':
      return [{ name: 'grpc-js unary echo', system: { kind: 'echo', valueBytes }, way: 'unary' }];
    case 'nothing':
      return [{ name: 'the generator alone', system: { kind: 'nothing' } }];
  }
}
