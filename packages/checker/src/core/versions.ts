/**
 * What the versions of one key say by themselves: each write that changes it has one of its own, a later one a greater one,
 * and a version always stands for the same value.
 *
 * Linearizability of the values does not say so: a store may serve the right values under wrong versions, and lose an
 * update to the next write under the condition of a version.
 */

import { describeOperation, type HistoryOperation, type Value } from './history';

type Versioned = HistoryOperation & { readonly version: number };

/** What was written with each version, as far as operations tell. */
export function valuesOfVersions(operations: readonly HistoryOperation[]): Map<number, Value> {
  const values = new Map<number, Value>();
  for (const operation of operations) {
    if (!isVersioned(operation) || operation.version === 0) continue;
    const value = valueTold(operation);
    if (value !== undefined) values.set(operation.version, value);
  }
  return values;
}

/** Why the versions of a history cannot be, in words; undefined when they can. Keys are independent. */
export function versionFault(history: readonly HistoryOperation[]): string | undefined {
  const byKey = new Map<string, Versioned[]>();
  for (const operation of history) {
    if (!isVersioned(operation)) continue;
    const operations = byKey.get(operation.key);
    if (operations) operations.push(operation);
    else byKey.set(operation.key, [operation]);
  }
  for (const [key, operations] of byKey) {
    const fault = twoForOne(operations) ?? backInTime(operations) ?? lostUpdate(operations);
    if (fault !== undefined) return `${key}: ${fault}`;
  }
  return undefined;
}

function isVersioned(operation: HistoryOperation): operation is Versioned {
  return operation.outcome === 'ok' && 'version' in operation && operation.version !== undefined;
}

/** It made the version that it tells. */
function changed({ op, version, ...rest }: Versioned): boolean {
  return op !== 'get' && version > 0 && !('held' in rest && rest.held === false);
}

/** The value that stands under the version that an operation tells; undefined when it does not say. */
function valueTold(operation: Versioned): Value | undefined {
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
    case 'cas':
      return undefined;
  }
}

function twoForOne(operations: readonly Versioned[]): string | undefined {
  const writes = new Map<number, Versioned>();
  const told = new Map<number, Versioned>();
  for (const operation of operations) {
    const { version } = operation;
    if (version === 0) continue;
    if (changed(operation)) {
      const other = writes.get(version);
      if (other) return `two writes have one version: ${both(other, operation)}`;
      writes.set(version, operation);
    }
    const value = valueTold(operation);
    if (value === undefined) continue;
    const other = told.get(version);
    if (other && valueTold(other) !== value) return `one version has two values: ${both(other, operation)}`;
    told.set(version, operation);
  }
  return undefined;
}

/** What was called after another one had returned has no smaller version, and a greater one where it is a write. */
function backInTime(operations: readonly Versioned[]): string | undefined {
  const called = [...operations].sort((a, b) => a.callMs - b.callMs);
  const returned = [...operations].sort((a, b) => (a.returnMs as number) - (b.returnMs as number));
  let newest: Versioned | undefined;
  let next = 0;
  for (const operation of called) {
    for (; ((returned[next] as Versioned).returnMs as number) < operation.callMs; next++) {
      const before = returned[next] as Versioned;
      if (newest === undefined || before.version > newest.version) newest = before;
    }
    if (newest === undefined || operation.version === 0) continue;
    const least = changed(operation) ? newest.version + 1 : newest.version;
    if (operation.version < least) return `a version goes back: ${both(newest, operation)}`;
  }
  return undefined;
}

/** Between the version that a write was conditioned on and its own there is no other write. */
function lostUpdate(operations: readonly Versioned[]): string | undefined {
  const writes = operations.filter(changed).sort((a, b) => a.version - b.version);
  for (const [index, write] of writes.entries()) {
    const before = writes[index - 1];
    const wanted = wantedVersion(write);
    if (before && wanted !== undefined && wanted > 0 && before.version > wanted)
      return `an update is lost: ${both(before, write)}`;
  }
  const refused = operations.find((each) => !changed(each) && wantedVersion(each) === each.version);
  return refused && isRefused(refused)
    ? `a condition held and is said not to: ${describeOperation(refused)}`
    : undefined;
}

function wantedVersion(operation: Versioned): number | undefined {
  const condition = 'condition' in operation ? operation.condition : undefined;
  return condition?.is === 'version' ? condition.version : undefined;
}

function isRefused(operation: Versioned): boolean {
  return 'held' in operation && operation.held === false;
}

function both(first: HistoryOperation, second: HistoryOperation): string {
  return `${describeOperation(first)} of client ${first.client}, then ${describeOperation(second)} of client ${second.client}`;
}
