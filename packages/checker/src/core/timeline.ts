/**
 * The operations on one object as a list of events, calls and returns, in arrays of integers.
 *
 * Three things are settled here so that the search need not deal with them:
 *
 * 1. Operations are in the order of their calls, and their numbers stay the same when the list is cut.
 * 2. A list that is cut at a place holds what had been called by then. What had not returned by then is optional, like
 *    an operation of unknown outcome: it may be placed, with the result that it later had, or left out.
 * 3. Each certain operation has a slot from its call to its return. Slots are used again, so that "which of those in
 *    progress have been placed" is a bit set as long as the number of clients, not as long as the history.
 */

import type { Model, TimedOperation, Traits } from './model';
import { StateTable } from './state-table';

const UNKNOWN_TRAITS: Traits<never> = { readOnly: false, total: false };

export class Timeline<State, Operation> {
  readonly states: StateTable<State, Operation>;
  readonly initialState: number;
  readonly operations: readonly TimedOperation<Operation>[];
  /** Event by event: the number of the operation for its call, ~number for its return. */
  readonly events: Int32Array;
  /** 1 for operations that may be left out. */
  readonly optional: Uint8Array;
  /** The slot of a certain operation; the bit of an optional one. */
  readonly slotOf: Int32Array;
  readonly slotCount: number;
  readonly optionalCount: number;
  /** Optional operations that are interchangeable, each list in the order of their calls. */
  readonly kinds: readonly (readonly number[])[];
  readonly kindOf: Int32Array;
  /** The kinds that make a state, by its number; undefined when some do not say what they make. */
  readonly kindsByMakes: ReadonlyMap<number, readonly number[]> | undefined;
  /** The kinds that make what other optional operations need. */
  readonly linkKinds: readonly number[];
  readonly readOnly: Uint8Array;
  readonly total: Uint8Array;
  /** Numbers of states, −1 where the traits do not say. */
  readonly needs: Int32Array;
  readonly makes: Int32Array;

  /** `operations` in the order of their calls. */
  constructor(
    model: Model<State, Operation>,
    operations: readonly TimedOperation<Operation>[],
    cutAt: number = Infinity,
  ) {
    this.states = new StateTable(model);
    this.initialState = this.states.idOf(model.initial);
    const called = operations.filter((each) => each.callAt <= cutAt);
    const count = called.length;
    this.operations = called;
    this.optional = new Uint8Array(count);
    this.slotOf = new Int32Array(count).fill(-1);
    this.kindOf = new Int32Array(count).fill(-1);
    this.readOnly = new Uint8Array(count);
    this.total = new Uint8Array(count);
    this.needs = new Int32Array(count).fill(-1);
    this.makes = new Int32Array(count).fill(-1);

    const kinds = new Map<string, number[]>();
    let optionalCount = 0;
    for (const [index, { operation, returnAt }] of called.entries()) {
      const traits = model.traits?.(operation) ?? (UNKNOWN_TRAITS as Traits<State>);
      if (traits.readOnly) this.readOnly[index] = 1;
      if (traits.total) this.total[index] = 1;
      if (traits.needs !== undefined) this.needs[index] = this.states.idOf(traits.needs);
      if (traits.makes !== undefined) this.makes[index] = this.states.idOf(traits.makes);
      if (returnAt !== Infinity && returnAt <= cutAt) continue;
      this.optional[index] = 1;
      if (traits.readOnly) continue;
      this.slotOf[index] = optionalCount++;
      const name = traits.kind === undefined ? `only ${index}` : `kind ${traits.kind}`;
      const kind = kinds.get(name);
      if (kind) kind.push(index);
      else kinds.set(name, [index]);
    }
    this.optionalCount = optionalCount;
    this.kinds = [...kinds.values()];
    for (const [kind, members] of this.kinds.entries())
      for (const index of members) this.kindOf[index] = kind;

    this.kindsByMakes = this.indexKinds();
    this.linkKinds = this.findLinkKinds();
    this.events = this.orderedEvents();
    this.slotCount = this.giveSlots();
  }

  /** True when the traits say both where it is possible and what it leaves behind. */
  isPredictable(index: number): boolean {
    const knowsWhere = this.total[index] === 1 || this.needs[index] !== -1;
    return knowsWhere && (this.readOnly[index] === 1 || this.makes[index] !== -1);
  }

  private indexKinds(): Map<number, number[]> | undefined {
    const kindsByMakes = new Map<number, number[]>();
    for (const [kind, members] of this.kinds.entries()) {
      const index = members[0] as number;
      if (!this.isPredictable(index)) return undefined;
      const makes = this.makes[index] as number;
      const known = kindsByMakes.get(makes);
      if (known) known.push(kind);
      else kindsByMakes.set(makes, [kind]);
    }
    return kindsByMakes;
  }

  private findLinkKinds(): number[] {
    const needed = new Set(this.kinds.map((members) => this.needs[members[0] as number]));
    const links: number[] = [];
    for (const [kind, members] of this.kinds.entries()) {
      const makes = this.makes[members[0] as number] as number;
      if (makes !== -1 && needed.has(makes)) links.push(kind);
    }
    return links;
  }

  private orderedEvents(): Int32Array {
    const placed: { at: number; event: number }[] = [];
    for (const [index, { callAt, returnAt }] of this.operations.entries()) {
      if (this.optional[index] === 0) placed.push({ at: returnAt, event: ~index });
      else if (this.readOnly[index] === 1) continue;
      placed.push({ at: callAt, event: index });
    }
    placed.sort((a, b) => a.at - b.at);
    return Int32Array.from(placed, ({ event }) => event);
  }

  private giveSlots(): number {
    const free: number[] = [];
    let count = 0;
    for (const event of this.events) {
      if (event < 0) free.push(this.slotOf[~event] as number);
      else if (this.optional[event] === 0) this.slotOf[event] = free.pop() ?? count++;
    }
    return count;
  }
}
