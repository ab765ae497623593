/** The workload of a production cache, from what was measured of it: mix, mean sizes, exponent of the popularity. */

import type { CacheCluster } from '../recorded-data';
import { keysThatFit } from '../workloads';
import type { OperationKind, WorkloadSpec } from './workload';

/** memcached's operations by what they are to a store: everything that writes is a set. */
const KIND_OF: Readonly<Record<string, OperationKind>> = {
  get: 'get',
  gets: 'get',
  set: 'set',
  add: 'set',
  replace: 'set',
  cas: 'set',
  append: 'set',
  prepend: 'set',
  incr: 'set',
  decr: 'set',
  delete: 'delete',
};

/** Undefined when sizes or mix were not measured. A cluster without an exponent is taken for uniform. */
export function clusterWorkload(cluster: CacheCluster, keysMax: number): WorkloadSpec | undefined {
  const { key_size: keyBytes, value_size: valueBytes, zipf_alpha: alpha } = cluster;
  const mix: { [K in OperationKind]?: number } = {};
  for (const [name, share] of Object.entries(cluster.ops)) {
    const kind = KIND_OF[name];
    if (kind) mix[kind] = (mix[kind] ?? 0) + share;
  }
  if (keyBytes === null || valueBytes === null || Object.keys(mix).length === 0) return undefined;
  return {
    name: `cluster ${cluster.cluster}`,
    mix,
    popularity: alpha ? { kind: 'zipf', alpha } : { kind: 'uniform' },
    keys: keysThatFit(keysMax, keyBytes, valueBytes),
    keyBytes,
    keyPrefix: `c${cluster.cluster}-`,
    valueBytes,
  };
}
