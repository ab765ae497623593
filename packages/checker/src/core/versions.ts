/**
 * What the versions of one key say by themselves: each write that changes it has one of its own, a later one a greater one,
 * and a version always stands for the same value.
 *
 * Linearizability of the values does not say so: a store may serve the right values under wrong versions, and lose an
 * update to the next write under the condition of a version.
 */

import { describeOperation, type HistoryOperation } from './history';
import type { Value } from './history-values';
import { UNKNOWN, walk } from './transaction-part';

/** A version that an operation tells of its key. */
export interface VersionTold {
  readonly operation: HistoryOperation;
  readonly version: number;
  /** The operation made it. */
  readonly changed: boolean;
  /** The value that stands under it; undefined when the operation does not say. */
  readonly value: Value | undefined;
  /** The version on condition of which it was made. */
  readonly wanted?: number;
  /** The transaction that it belongs to, by its number. */
  readonly within?: number;
}

/** What was written with each version, as far as operations tell. */
export function valuesOfVersions(operations: readonly HistoryOperation[]): Map<number, Value> {
  const values = new Map<number, Value>();
  for (const { version, value } of operations.flatMap(versionsTold))
    if (version > 0 && value !== undefined) values.set(version, value);
  return values;
}

/** Why the versions of a history cannot be, in words; undefined when they can. Keys are independent. */
export function versionFault(history: readonly HistoryOperation[]): string | undefined {
  const byKey = new Map<string, VersionTold[]>();
  for (const operation of history) {
    const told = versionsTold(operation);
    const others = byKey.get(operation.key);
    if (others) others.push(...told);
    else byKey.set(operation.key, told);
  }
  for (const [key, told] of byKey) {
    const fault = twoForOne(told) ?? backInTime(told) ?? lostUpdate(told) ?? wronglyRefused(told);
    if (fault !== undefined) return `${key}: ${fault}`;
  }
  return undefined;
}

/** What an operation tells of the versions of its key. */
export function versionsTold(operation: HistoryOperation): VersionTold[] {
  if (operation.outcome !== 'ok' || operation.op === 'cas' || operation.op === 'expiry') return [];
  if (operation.version === undefined) return [];
  const { version } = operation;
  if (operation.op === 'transact') return toldWithin(operation, version);
  // Another end may be the one that it had, and the version the same.
  const mayChange = operation.op !== 'get' && operation.op !== 'expire' && operation.op !== 'persist';
  const changed = mayChange && version > 0 && operation.held !== false;
  const condition = operation.op === 'get' ? undefined : operation.condition;
  const wanted = condition?.is === 'version' ? { wanted: condition.version } : {};
  return [{ operation, version, changed, value: valueTold(operation), ...wanted }];
}

type Of<Op extends HistoryOperation['op']> = Extract<HistoryOperation, { op: Op }>;

/** What a transaction read before it wrote, and what it wrote. */
function toldWithin(operation: Of<'transact'>, within: number): VersionTold[] {
  const { conditions, held, told } = operation;
  const parts = held === true ? operation.then : operation.else;
  const all: VersionTold[] = [];
  const firstWrite = parts.findIndex((part) => part.do !== 'get');
  for (const [index, part] of parts.entries()) {
    const { version, value } = told?.[index] ?? {};
    if (part.do === 'get' && version !== undefined && (firstWrite < 0 || index < firstWrite))
      all.push({ operation, version, changed: false, value, within });
  }
  const condition = conditions.find(({ is }) => is === 'version');
  const wanted = held === true && condition?.is === 'version' ? condition.version : undefined;
  if (wanted !== undefined)
    all.push({ operation, version: wanted, changed: false, value: undefined, within });
  const walked = walk(parts, told, UNKNOWN);
  if (walked?.writes === true) {
    const value = walked.leaves === UNKNOWN ? undefined : walked.leaves;
    all.push({
      operation,
      version: within,
      changed: true,
      value,
      within,
      ...(wanted !== undefined && { wanted }),
    });
  }
  return all;
}

/** The value that stands under the version that an operation tells; undefined when it does not say. */
function valueTold(operation: Exclude<HistoryOperation, Of<'transact' | 'cas'>>): Value | undefined {
  switch (operation.op) {
    case 'get':
      return operation.value;
    case 'set':
      return operation.held === false ? operation.previous : operation.value;
    case 'delete':
      return operation.held === false ? operation.previous : null;
    case 'add':
      return operation.held === false ? operation.previous : operation.result;
    case 'append':
      return operation.held === false ? operation.previous : undefined;
    case 'expire':
    case 'persist':
      return operation.previous;
    case 'expiry':
      return undefined;
  }
}

function twoForOne(all: readonly VersionTold[]): string | undefined {
  const writes = new Map<number, VersionTold>();
  const told = new Map<number, VersionTold>();
  for (const each of all) {
    const { version, value } = each;
    if (version === 0) continue;
    if (each.changed) {
      const other = writes.get(version);
      if (other) return `two writes have one version: ${both(other, each)}`;
      writes.set(version, each);
    }
    if (value === undefined) continue;
    const other = told.get(version);
    if (other && other.value !== value) return `one version has two values: ${both(other, each)}`;
    told.set(version, each);
  }
  return undefined;
}

/** What was called after another one had returned has no smaller version, and a greater one where it is a write. */
function backInTime(all: readonly VersionTold[]): string | undefined {
  const called = [...all].sort((a, b) => a.operation.callMs - b.operation.callMs);
  const returned = [...all].sort((a, b) => returnMs(a) - returnMs(b));
  let newest: VersionTold | undefined;
  let next = 0;
  for (const each of called) {
    for (; returnMs(returned[next] as VersionTold) < each.operation.callMs; next++) {
      const before = returned[next] as VersionTold;
      if (newest === undefined || before.version > newest.version) newest = before;
    }
    if (newest === undefined || each.version === 0) continue;
    const least = each.changed ? newest.version + 1 : newest.version;
    if (each.version < least) return `a version goes back: ${both(newest, each)}`;
  }
  return undefined;
}

/** Between the version that a write was conditioned on and its own there is no other write. */
function lostUpdate(all: readonly VersionTold[]): string | undefined {
  const writes = all.filter(({ changed }) => changed).sort((a, b) => a.version - b.version);
  for (const [index, write] of writes.entries()) {
    const before = writes[index - 1];
    const { wanted } = write;
    if (before && wanted !== undefined && wanted > 0 && before.version > wanted)
      return `an update is lost: ${both(before, write)}`;
  }
  return undefined;
}

function wronglyRefused(all: readonly VersionTold[]): string | undefined {
  const refused = all.find((each) => isRefused(each) && each.wanted === each.version);
  return refused && `a condition held and is said not to: ${describeOperation(refused.operation)}`;
}

function isRefused({ operation, changed }: VersionTold): boolean {
  return !changed && operation.op !== 'transact' && 'held' in operation && operation.held === false;
}

function returnMs({ operation }: VersionTold): number {
  return operation.returnMs as number;
}

function both({ operation: first }: VersionTold, { operation: second }: VersionTold): string {
  return `${describeOperation(first)} of client ${first.client}, then ${describeOperation(second)} of client ${second.client}`;
}
