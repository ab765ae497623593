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

type Expiry = Extract<HistoryOperation, { op: 'expiry' }>;

/** The operations of one key, and the expiries that they allow. */
export function withExpiries(operations: readonly HistoryOperation[]): readonly HistoryOperation[] {
  const expiries = operations.flatMap((operation) => expiryAfter(operation) ?? []);
  return expiries.length === 0 ? operations : [...operations, ...expiries];
}

function expiryAfter(operation: HistoryOperation): Expiry | undefined {
  if (!('mayEndFromMs' in operation) || operation.mayEndFromMs === undefined) return undefined;
  if (operation.outcome === 'fail' || operation.held === false) return undefined;
  const { client, key, callMs, mayEndFromMs } = operation;
  return {
    op: 'expiry',
    ...ofValue(operation),
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
    if (part.do === 'append') return value.endsWith(part.value);
    return part.do === 'add' && integerIn(value as Bytes) !== undefined;
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
      return [...operation.then, ...operation.else].some((part) => part.do === 'add' || part.do === 'append');
    default:
      return false;
  }
}
