/** The plain workloads: one kind of operation, uniformly over the keys. */

import type { OperationKind, WorkloadSpec } from './load/workload';

export const KEYS = 100_000;
export const KEY_BYTES = 16;
export const VALUE_BYTES = 100;

/** What the keys and values of one workload may take, so that large values do not take all memory and disk. */
const BYTES_MAX = 128 * 2 ** 20;

/** So many keys, or as many as fit. */
export function keysThatFit(keys: number, keyBytes: number, valueBytes: number): number {
  return Math.max(1, Math.min(keys, Math.floor(BYTES_MAX / (keyBytes + valueBytes))));
}

/** What can be measured by itself. */
export type PlainKind = 'get' | 'set' | 'swap' | 'count';

/** Who offers what not all do. */
const OFFERED_BY: { readonly [Kind in OperationKind]?: readonly string[] } = {
  swap: ['Ringkeep', 'etcd3'],
  count: ['Ringkeep', 'ioredis', 'ioredis autopipelining'],
  range: ['Ringkeep', 'etcd3'],
};

/** Names of the contestants that offer a kind of operation; all when undefined. */
export function offeredBy(kind: OperationKind): readonly string[] | undefined {
  return OFFERED_BY[kind];
}

export function plainWorkload(kind: OperationKind, more: Partial<WorkloadSpec> = {}): WorkloadSpec {
  return {
    name: kind.toUpperCase(),
    mix: { [kind]: 1 },
    popularity: { kind: 'uniform' },
    keys: KEYS,
    keyBytes: KEY_BYTES,
    valueBytes: VALUE_BYTES,
    // Nothing is loaded under these: a number that is not there counts as 0.
    ...(kind === 'count' && { keyPrefix: 'n' }),
    ...more,
  };
}
