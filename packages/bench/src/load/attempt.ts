/** One operation of a workload against a target, and what its failure is called. */

import { invariant } from '@ringkeep/shared';
import type { Target } from '../targets/target';
import type { Workload, WorkloadOperation } from './workload';

/** Resolves with the value of a read; anything but null and undefined means that it was there. */
export function attempt(
  target: Target,
  workload: Workload,
  { kind, key, index, entries = 1 }: WorkloadOperation,
): Promise<unknown> {
  switch (kind) {
    case 'get':
      return target.get(key);
    case 'set':
      return target.set(key, workload.value(index));
    case 'insert':
      return target.set(key, workload.value(index)).then(() => workload.inserted(index));
    case 'modify':
      return target.get(key).then(() => target.set(key, workload.value(index)));
    case 'delete':
      return target.delete(key);
    case 'swap':
      return offered(target.swap)(key, workload.value(index));
    case 'count':
      return offered(target.count)(key);
    case 'range':
      return offered(target.range)(key, entries);
  }
}

function offered<Call>(call: Call | undefined): Call {
  invariant(call, 'a workload asks only for what its targets offer');
  return call;
}

/** Counts reads that found nothing: the run would otherwise measure the wrong thing. */
export function found({ kind }: WorkloadOperation, value: unknown): boolean {
  return kind !== 'get' || (value !== null && value !== undefined);
}

export function failureCode(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 80) : 'unknown';
}
