/**
 * Keys end by themselves: each write that brought a time to live may be followed by an expiry, an operation of its own
 * that nobody calls. It may happen at any time after the earliest end that the write allows, or never, as if another
 * write came first.
 */

import type { Bytes } from '@ringkeep/shared';
import { integerIn } from '@ringkeep/shared/operations/integers';
import type { HistoryOperation } from './history';
import type { Value } from './history-values';
import { mayHaveLeft } from './history';
import { branchesOf, endLeftBy, UNKNOWN, walk, type Part } from './transaction-part';

type Expiry = Extract<HistoryOperation, { op: 'expiry' }>;
type Transact = Extract<HistoryOperation, { op: 'transact' }>;

/** The operations of one key, and the expiries that they allow. */
export function withExpiries(operations: readonly HistoryOperation[]): readonly HistoryOperation[] {
  const expiries = operations.flatMap(expiriesAfter);
  return expiries.length === 0 ? operations : [...operations, ...expiries];
}

function expiriesAfter(operation: HistoryOperation): Expiry[] {
  if (operation.outcome === 'fail') return [];
  if (operation.op === 'transact') return expiriesOfBranches(operation);
  if (!('mayEndFromMs' in operation) || operation.mayEndFromMs === undefined) return [];
  if (operation.held === false) return [];
  return [expiryOf(operation, operation.mayEndFromMs, ofValue(operation))];
}

/** Of each branch that it may have taken. */
function expiriesOfBranches(operation: Transact): Expiry[] {
  return branchesOf(operation).flatMap((branch) => {
    const end = endLeftBy(operation[branch]);
    const leaves = walk(operation[branch], operation.told, UNKNOWN)?.leaves;
    if (typeof end !== 'number' || leaves === undefined || leaves === null) return [];
    return [expiryOf(operation, end, leaves === UNKNOWN ? {} : { of: leaves })];
  });
}

function expiryOf(
  { client, key, callMs }: HistoryOperation,
  mayEndFromMs: number,
  what: { readonly of?: string },
): Expiry {
  return {
    op: 'expiry',
    ...what,
    client,
    key,
    callMs: Math.max(callMs, mayEndFromMs),
    returnMs: null,
    outcome: 'unknown',
  };
}

/** The value that is to end, where it is known. */
function ofValue(operation: HistoryOperation): { readonly of?: string } {
  if (operation.op === 'set') return { of: operation.value };
  if (operation.op !== 'expire' || operation.outcome !== 'ok') return {};
  return typeof operation.previous === 'string' ? { of: operation.previous } : {};
}

/** Which values an expiry may end: its own, and those of writes that keep the end that they find. */
export function endable({ of }: Expiry, operations: readonly HistoryOperation[]): (value: Value) => boolean {
  if (of === undefined) return (value) => value !== null;
  const keepers = operations.filter(keepsEnd);
  return (value) => value !== null && (value === of || keepers.some((keeper) => mayHaveKept(keeper, value)));
}

/** It may have made this value of one that was to end. */
function mayHaveKept(keeper: HistoryOperation, value: string): boolean {
  if (keeper.op !== 'transact') return mayHaveLeft(keeper, value);
  return [...keeper.then, ...keeper.else].some((part) => {
    if (!keepsEndOf(part)) return false;
    if (part.do === 'append') return value.endsWith(part.value);
    if (part.do === 'add') return integerIn(value as Bytes) !== undefined;
    return part.value === value;
  });
}

function keepsEnd(operation: HistoryOperation): boolean {
  switch (operation.op) {
    case 'set':
      return operation.keepsEnd === true;
    case 'add':
    case 'append':
      return operation.mayEndFromMs === undefined;
    case 'transact':
      return [...operation.then, ...operation.else].some(keepsEndOf);
    default:
      return false;
  }
}

/** What follows it in its branch makes another value, which says so by itself. */
function keepsEndOf(part: Part): part is Exclude<Part, { do: 'get' | 'delete' }> {
  if (part.do === 'get' || part.do === 'delete') return false;
  if (part.do === 'add' || part.do === 'append') return true;
  return part.keepsEnd === true;
}
