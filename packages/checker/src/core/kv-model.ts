/**
 * One key of a key-value store: get, set, delete, add, append, compare-and-set and its part in transactions, with
 * conditions, on numbered values.
 *
 * Each of them is the same step: possible only in the state that it needs, not in the one that it avoids, and leaving
 * behind what it makes. A condition on a version is one on the value that was written with it, as far as the history
 * tells; what versions say beyond that is checked by themselves (versions.ts).
 */

import type { Bytes } from '@ringkeep/shared';
import { integerIn, isInteger64 } from '@ringkeep/shared/operations/integers';
import { endable } from './expiries';
import type { HistoryOperation } from './history';
import type { HistoryCondition, Value } from './history-values';
import { ANY, bounds, wantedBy, type KvStep, type Turn, type ValueTable } from './kv-step';
import type { Model, Traits } from './model';
import { transactSteps } from './transact-steps';

/**
 * What an operation is to the model; nothing when it says nothing: it failed, or nobody saw its result. A transaction of
 * unknown outcome may have taken either of two branches: each is a step that may be or not.
 */
export function kvSteps(
  operation: HistoryOperation,
  table: ValueTable,
  /** All of the key: they say which values may end. */
  operations: readonly HistoryOperation[] = [],
): readonly KvStep[] {
  if (operation.op === 'transact') return transactSteps(operation, table);
  const step = kvStep(operation, table, operations);
  return step === undefined ? [] : [step];
}

function kvStep(
  operation: Exclude<HistoryOperation, Of<'transact'>>,
  table: ValueTable,
  operations: readonly HistoryOperation[],
): KvStep | undefined {
  const { outcome } = operation;
  if (outcome === 'fail') return undefined;
  const seen = (value: Value | undefined): number =>
    outcome === 'unknown' || value === undefined ? ANY : table.numberOf(value);
  switch (operation.op) {
    case 'get': {
      const needs = seen(operation.value);
      return needs === ANY ? undefined : { needs, avoids: ANY, makes: ANY };
    }
    case 'set':
      return onCondition(operation, seen(operation.previous), table.numberOf(operation.value), table);
    case 'delete': {
      const absent = table.numberOf(null);
      const needs = seen(operation.previous);
      return onCondition(operation, needs, needs === absent ? ANY : absent, table);
    }
    case 'add':
      return turning(operation, seen(operation.previous), adding(operation, table), table);
    case 'append':
      return turning(operation, seen(operation.previous), appending(operation, table), table);
    case 'expire':
    case 'persist':
      return lookingOnly(operation, seen(operation.previous), table);
    case 'expiry':
      return ending(operation, operations, table);
    case 'cas': {
      const expected = table.numberOf(operation.expected);
      const found = seen(operation.previous);
      if (outcome === 'unknown' || operation.swapped === true) {
        // A swap that says that it found something else is possible nowhere.
        const avoids = found === ANY || found === expected ? ANY : expected;
        return { needs: expected, avoids, makes: table.numberOf(operation.value) };
      }
      return { needs: found, avoids: expected, makes: ANY };
    }
  }
}

type Conditional = Extract<HistoryOperation, { readonly condition?: HistoryCondition }>;

/** A write that is carried out where its condition holds, and found what it found. */
function onCondition(
  { condition, held, outcome }: Conditional,
  found: number,
  makes: number,
  table: ValueTable,
): KvStep | undefined {
  if (condition === undefined) return { needs: found, avoids: ANY, makes };
  const isHeld = outcome === 'unknown' || held === true;
  const wanted = wantedBy(condition, table);
  // The key may have had the value of a version again, under another version.
  const tells = wanted !== undefined && (isHeld || condition.is !== 'version' || condition.version === 0);
  const [needs, avoids] = tells ? bounds(wanted, isHeld) : [ANY, ANY];
  if (!isHeld && found === ANY && needs === ANY && avoids === ANY) return undefined;
  const made = isHeld ? makes : ANY;
  if (needs === ANY || found === ANY || needs === found)
    return { needs: needs === ANY ? found : needs, avoids, makes: made };
  // It says that it found something else than what it needs: that is possible nowhere.
  return { needs, avoids: needs, makes: made };
}

/** The same of a write whose effect depends on what is there. */
function turning(operation: Conditional, found: number, turn: Turn, table: ValueTable): KvStep | undefined {
  const step = onCondition(operation, found, ANY, table);
  const isHeld = operation.outcome === 'unknown' || operation.held !== false;
  return step && isHeld ? { ...step, turns: turn } : step;
}

/** Of a write that leaves the value as it is: the key is there, unless it says that it is not. */
function lookingOnly(
  operation: Of<'expire' | 'persist'>,
  found: number,
  table: ValueTable,
): KvStep | undefined {
  const { condition, outcome, version } = operation;
  if (condition !== undefined) return onCondition(operation, found, ANY, table);
  if (outcome === 'unknown' || (found === ANY && version === undefined)) return undefined;
  const absent = table.numberOf(null);
  if (version === 0) return { needs: absent, avoids: ANY, makes: ANY };
  return { needs: found, avoids: absent, makes: ANY };
}

function ending(expiry: Of<'expiry'>, operations: readonly HistoryOperation[], table: ValueTable): KvStep {
  const absent = table.numberOf(null);
  const mayEnd = endable(expiry, operations);
  // A search asks for the same few states again and again.
  const known = new Map<number, number | undefined>();
  const turn: Turn = {
    kind: `expiry of ${expiry.of ?? 'any'}`,
    of: (state) => {
      if (!known.has(state)) known.set(state, mayEnd(table.valueOf(state)) ? absent : undefined);
      return known.get(state);
    },
  };
  return { needs: ANY, avoids: absent, makes: absent, turns: turn };
}

type Of<Op extends HistoryOperation['op']> = Extract<HistoryOperation, { op: Op }>;

function adding({ delta, result, outcome }: Of<'add'>, table: ValueTable): Turn {
  const told = outcome === 'ok' ? result : undefined;
  return {
    kind: `add ${delta} ${told}`,
    of: (state) => {
      const value = table.valueOf(state);
      const before = value === null ? 0n : integerIn(value as Bytes);
      if (before === undefined) return undefined;
      const sum = before + BigInt(delta);
      if (!isInteger64(sum) || (told !== undefined && told !== sum.toString())) return undefined;
      return table.numberOf(sum.toString());
    },
  };
}

function appending({ value, length, outcome }: Of<'append'>, table: ValueTable): Turn {
  const told = outcome === 'ok' ? length : undefined;
  return {
    kind: `append ${value} ${told}`,
    of: (state) => {
      const made = `${table.valueOf(state) ?? ''}${value}`;
      return told !== undefined && told !== made.length ? undefined : table.numberOf(made);
    },
  };
}

/** The model of one key that starts with the value of this number. */
export function kvModel(initial: number): Model<number, KvStep> {
  return {
    initial,
    step: (state, { needs, avoids, makes, turns }) => {
      if (state === avoids || (needs !== ANY && state !== needs)) return undefined;
      if (turns !== undefined) return turns.of(state);
      return makes === ANY ? state : makes;
    },
    equal: (a, b) => a === b,
    hash: (state) => state,
    traits: ({ needs, avoids, makes, turns }): Traits<number> => ({
      readOnly: turns === undefined && (makes === ANY || makes === needs),
      total: needs === ANY && avoids === ANY && turns === undefined,
      ...(needs !== ANY && needs !== avoids && { needs }),
      ...(makes !== ANY && { makes }),
      kind: `${needs}/${avoids}/${makes}/${turns?.kind ?? ''}`,
    }),
  };
}
