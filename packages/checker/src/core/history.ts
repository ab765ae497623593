/**
 * What clients did to a store, and the results as far as they could see.
 *
 * Times are only compared, never measured, so any clock will do that all clients share. Equal times count as
 * concurrent. `null` stands for "no value": the key is absent. A result that is left out was not observed and fits
 * anything.
 */

import type { Bytes } from '@ringkeep/shared';
import { integerIn } from '@ringkeep/shared/operations/integers';
import type { HistoryCondition, Value } from './history-values';
import { describePart, mayChange, mayLeave, type TransactionPart } from './transaction-part';

/**
 * ok: it took effect once between call and return, with the results recorded here.
 * fail: it certainly never took effect.
 * unknown: it took effect once, at any time after its call, or never; its results are not looked at.
 */
export type RecordedOutcome = 'ok' | 'fail' | 'unknown';

interface Conditional {
  readonly condition?: HistoryCondition;
  /** Whether it was as the condition asks; an ok write with a condition says so. It changed nothing where it was not. */
  readonly held?: boolean;
  /** Of a write that changed the key, its own; else that of what is there, 0 for none. */
  readonly version?: number;
  /**
   * From this time on the key may end because of it: the time to live that it brought counts from its call, less what
   * the store's clocks may be wrong by. Left out: it brought none.
   */
  readonly mayEndFromMs?: number;
  /** The key keeps the end that it has; an add and an append do unless they bring another one. */
  readonly keepsEnd?: boolean;
}

export type Action =
  | {
      readonly op: 'get';
      /** What was read. */
      readonly value?: Value;
      /** Of the write that it comes from; 0 where nothing was read. */
      readonly version?: number;
    }
  | ({
      readonly op: 'set';
      readonly value: string;
      /** What it replaced, or what is there. */
      readonly previous?: Value;
    } & Conditional)
  | ({
      readonly op: 'delete';
      /** What it removed, or what is there. */ readonly previous?: Value;
    } & Conditional)
  | ({
      readonly op: 'add';
      /** A whole number in decimal, as the value is that it is added to. No value counts as 0. */
      readonly delta: string;
      /** What it made. */
      readonly result?: string;
      /** What is there, if the condition did not hold. */
      readonly previous?: Value;
    } & Conditional)
  | ({
      readonly op: 'append';
      /** Goes behind what is there. */
      readonly value: string;
      /** Of what it made. */
      readonly length?: number;
      readonly previous?: Value;
    } & Conditional)
  | ({ readonly op: 'transact' } & TransactionPart)
  | ({
      /** The key is to end at another time; it keeps its value. */
      readonly op: 'expire';
      /** What is there. */
      readonly previous?: Value;
    } & Conditional)
  | ({
      /** The key is to end no more; it keeps its value. */
      readonly op: 'persist';
      /** What is there. */
      readonly previous?: Value;
    } & Conditional)
  | {
      /** The key has ended, if it had a value that could end. Nobody calls it: see expiries.ts. */
      readonly op: 'expiry';
      /** The value that it was brought with; left out, any may end. */
      readonly of?: string;
    }
  | {
      readonly op: 'cas';
      readonly expected: Value;
      /** What it writes where it finds `expected`; null deletes. */
      readonly value: Value;
      /** Whether it found `expected`; an ok one says so. */
      readonly swapped?: boolean;
      /** What it found. */
      readonly previous?: Value;
    };

export type HistoryOperation = Action & {
  readonly client: number;
  readonly key: string;
  readonly callMs: number;
  /** When the client was answered or gave up; null when it never was. */
  readonly returnMs: number | null;
  readonly outcome: RecordedOutcome;
};

/** False when it certainly left the value as it was. */
export function mayHaveChanged(operation: HistoryOperation): boolean {
  const { op, outcome } = operation;
  if (outcome === 'fail' || op === 'get' || op === 'expire' || op === 'persist') return false;
  if (operation.op === 'transact') return mayChange(operation);
  if (operation.op === 'cas') return operation.swapped !== false;
  return op === 'expiry' || !('held' in operation && operation.held === false);
}

/** Whether its key may have had this value right after it, as far as it tells by itself. */
export function mayHaveLeft(operation: HistoryOperation, value: Value): boolean {
  if (!mayHaveChanged(operation)) return false;
  switch (operation.op) {
    case 'get':
      return false;
    case 'set':
    case 'cas':
      return operation.value === value;
    case 'delete':
    case 'expiry':
      return value === null;
    case 'transact':
      return mayLeave(operation, value);
    case 'expire':
    case 'persist':
      return false;
    case 'add':
      return operation.result === undefined ? isInteger(value) : operation.result === value;
    case 'append': {
      const { length } = operation;
      return value?.endsWith(operation.value) === true && (length === undefined || length === value.length);
    }
  }
}

function isInteger(value: Value): boolean {
  return value !== null && integerIn(value as Bytes) !== undefined;
}

const TEXT_CHARS_MAX = 40;

/** The operation in a few words, long values cut. */
export function describeOperation(operation: HistoryOperation): string {
  const known = operation.outcome === 'ok';
  const result = (value: Value | undefined): string =>
    operation.outcome === 'fail'
      ? ' failed'
      : !known
        ? ' → ?'
        : value === undefined
          ? ''
          : ` → ${describeValue(value)}`;
  switch (operation.op) {
    case 'get':
      return `get${result(operation.value)}${describeVersion(operation)}`;
    case 'set':
      return `set ${describeValue(operation.value)}${describeTerms(operation)}${result(operation.previous)}${describeVersion(operation)}`;
    case 'delete':
      return `delete${describeTerms(operation)}${result(operation.previous)}${describeVersion(operation)}`;
    case 'add':
      return `add ${operation.delta}${describeTerms(operation)}${result(operation.result ?? operation.previous)}${describeVersion(operation)}`;
    case 'append': {
      const { value, length, previous } = operation;
      const told = result(length === undefined ? previous : `${length} bytes`);
      return `append ${describeValue(value)}${describeTerms(operation)}${told}${describeVersion(operation)}`;
    }
    case 'transact':
      return describePart(operation);
    case 'expire':
    case 'persist':
      return `${operation.op}${describeTerms(operation)}${result(operation.previous)}${describeVersion(operation)}`;
    case 'expiry':
      return operation.of === undefined ? 'expiry' : `expiry of ${describeValue(operation.of)}`;
    case 'cas': {
      const { expected, value, swapped, previous } = operation;
      const verdict =
        !known || swapped === undefined ? result(previous) : swapped ? ' → swapped' : ' → differs';
      const found =
        known && swapped === false && previous !== undefined ? `: ${describeValue(previous)}` : '';
      return `cas ${describeValue(expected)} to ${describeValue(value)}${verdict}${found}`;
    }
  }
}

function describeTerms({ condition, held, mayEndFromMs }: Conditional): string {
  const end = mayEndFromMs === undefined ? '' : ` until ${mayEndFromMs.toFixed(2)}`;
  if (condition === undefined) return end;
  const wanted =
    condition.is === 'version'
      ? `version ${condition.version}`
      : condition.is === 'value'
        ? describeValue(condition.value)
        : condition.is;
  return `${end} if ${wanted}${held === false ? ', which it was not' : ''}`;
}

function describeVersion({ version }: { readonly version?: number }): string {
  return version === undefined ? '' : ` (version ${version})`;
}

export function describeValue(value: Value): string {
  if (value === null) return 'none';
  const text = value.length > TEXT_CHARS_MAX ? `${value.slice(0, TEXT_CHARS_MAX)}…` : value;
  return JSON.stringify(text);
}
