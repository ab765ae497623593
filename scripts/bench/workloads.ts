/** The plain workloads: one kind of operation, uniformly over the keys. */

import type { OperationKind, WorkloadSpec } from './load/workload';

export const KEYS = 100_000;
export const KEY_BYTES = 16;
export const VALUE_BYTES = 100;

export function plainWorkload(kind: OperationKind, more: Partial<WorkloadSpec> = {}): WorkloadSpec {
  return {
    name: kind.toUpperCase(),
    mix: { [kind]: 1 },
    popularity: { kind: 'uniform' },
    keys: KEYS,
    keyBytes: KEY_BYTES,
    valueBytes: VALUE_BYTES,
    ...more,
  };
}
