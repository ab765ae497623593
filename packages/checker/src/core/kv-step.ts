/** What an operation is to one key of a key-value store: a step between numbered values. */

import type { HistoryCondition, Value } from './history-values';

/** Numbers of values; −1 for none in each place. */
export interface KvStep {
  readonly needs: number;
  readonly avoids: number;
  readonly makes: number;
  /** What it makes of a state, where that depends on it; undefined where it is not possible. */
  readonly turns?: Turn;
}

export interface Turn {
  /** Of what it does to a state: two of one kind are alike. */
  readonly kind: string;
  readonly of: (state: number) => number | undefined;
}

/** No value in that place. */
export const ANY = -1;

/** Numbers for the values of one key. */
export class ValueTable {
  private readonly numbers = new Map<Value, number>();
  private readonly values: Value[] = [];

  /** `ofVersions`: what was written with each version, as far as it is known. */
  constructor(private readonly ofVersions: ReadonlyMap<number, Value> = new Map()) {}

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

  /** The number of what was written with a version; undefined when nobody says. */
  numberOfVersion(version: number): number | undefined {
    const value = version === 0 ? null : this.ofVersions.get(version);
    return value === undefined ? undefined : this.numberOf(value);
  }
}

export interface Wanted {
  readonly state: number;
  /** That state, or any but that one. */
  readonly not: boolean;
}

/** The state that a condition asks for; undefined where the history does not tell. */
export function wantedBy(condition: HistoryCondition, table: ValueTable): Wanted | undefined {
  switch (condition.is) {
    case 'absent':
      return { state: table.numberOf(null), not: false };
    case 'present':
      return { state: table.numberOf(null), not: true };
    case 'value':
      return { state: table.numberOf(condition.value), not: false };
    case 'version': {
      const state = table.numberOfVersion(condition.version);
      return state === undefined ? undefined : { state, not: false };
    }
  }
}

/** What a step needs and avoids, whose condition held or did not. */
export function bounds({ state, not }: Wanted, isHeld: boolean): [needs: number, avoids: number] {
  return isHeld !== not ? [state, ANY] : [ANY, state];
}
