/**
 * One key of a key-value store: get, set, delete and compare-and-set, on numbered values.
 *
 * Each of them is the same step: possible only in the state that it needs, not in the one that it
 * avoids, and leaving behind what it makes. A failed compare-and-set that did not say what it found is
 * the only one that avoids.
 */

import type { Value, HistoryOperation } from './history';
import type { Model, Traits } from './model';

/** Numbers of values; −1 for none in each place. */
export interface KvStep {
  readonly needs: number;
  readonly avoids: number;
  readonly makes: number;
}

const ANY = -1;

/** Numbers for the values of one key. */
export class ValueTable {
  private readonly numbers = new Map<Value, number>();
  private readonly values: Value[] = [];

  numberOf(value: Value): number {
    let number = this.numbers.get(value);
    if (number === undefined) {
      number = this.values.push(value) - 1;
      this.numbers.set(value, number);
    }
    return number;
  }

  valueOf(number: number): Value {
    return this.values[number] as Value;
  }
}

/** What an operation is to the model; undefined when it says nothing: it failed, or nobody saw its result. */
export function kvStep(operation: HistoryOperation, table: ValueTable): KvStep | undefined {
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
      return { needs: seen(operation.previous), avoids: ANY, makes: table.numberOf(operation.value) };
    case 'delete': {
      const absent = table.numberOf(null);
      const needs = seen(operation.previous);
      return { needs, avoids: ANY, makes: needs === absent ? ANY : absent };
    }
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

/** The model of one key that starts with the value of this number. */
export function kvModel(initial: number): Model<number, KvStep> {
  return {
    initial,
    step: (state, { needs, avoids, makes }) => {
      if (state === avoids || (needs !== ANY && state !== needs)) return undefined;
      return makes === ANY ? state : makes;
    },
    equal: (a, b) => a === b,
    hash: (state) => state,
    traits: ({ needs, avoids, makes }): Traits<number> => ({
      readOnly: makes === ANY || makes === needs,
      total: needs === ANY && avoids === ANY,
      ...(needs !== ANY && needs !== avoids && { needs }),
      ...(makes !== ANY && { makes }),
      kind: `${needs}/${avoids}/${makes}`,
    }),
  };
}
