/**
 * Counts, for each state, the operations not yet placed that need it and those that make it.
 *
 * It answers two questions of a search early. A state that certain operations still need and that nothing can make
 * again must not be left: the order tried so far is lost. And a write whose value nobody needs any more is invisible:
 * whatever overwrites next may hide it, so there is no reason to hold it back.
 */

import type { Timeline } from './timeline';

export class Ledger {
  /** By the number of the state. States beyond the arrays have no need and no source. */
  private readonly certainNeeds: Int32Array;
  private readonly optionalNeeds: Int32Array;
  private readonly sources: Int32Array;
  /** Every operation that changes the state says what it makes; otherwise the counts mean nothing. */
  private readonly complete: boolean;
  /** And every operation says where it is possible, so that none can tell whether a write was hidden. */
  private readonly predictable: boolean;

  constructor(private readonly timeline: Timeline<unknown, unknown>) {
    const { operations, readOnly, needs, makes, optional } = timeline;
    let states = timeline.initialState + 1;
    let complete = true;
    let predictable = true;
    for (let i = 0; i < operations.length; i++) {
      const need = needs[i] as number;
      const make = makes[i] as number;
      states = Math.max(states, need + 1, make + 1);
      if (readOnly[i] === 0 && make === -1) complete = false;
      if (optional[i] === 1 && readOnly[i] === 1) continue;
      if (!timeline.isPredictable(i)) predictable = false;
    }
    this.complete = complete;
    this.predictable = predictable;
    this.certainNeeds = new Int32Array(states);
    this.optionalNeeds = new Int32Array(states);
    this.sources = new Int32Array(states);
    for (let i = 0; i < operations.length; i++) this.count(i, 1);
  }

  /** An operation has been placed. */
  place(index: number): void {
    this.count(index, -1);
  }

  /** An operation has been taken back. */
  takeBack(index: number): void {
    this.count(index, 1);
  }

  /** True when something certain needs this state and nothing left can make it. */
  isLast(state: number): boolean {
    return this.complete && (this.certainNeeds[state] ?? 0) > 0 && this.sources[state] === 0;
  }

  /** True when a state that is not the initial one is needed and never made. */
  lacksSource(): boolean {
    for (let state = 0; state < this.sources.length; state++)
      if (state !== this.timeline.initialState && this.isLast(state)) return true;
    return false;
  }

  /** True when it is possible everywhere and nobody left needs what it makes. */
  isInvisible(index: number): boolean {
    const make = this.timeline.makes[index] as number;
    return this.overwrites(index) && this.certainNeeds[make] === 0 && this.optionalNeeds[make] === 0;
  }

  /** True when what was there before can be neither seen nor felt. */
  overwrites(index: number): boolean {
    return this.predictable && this.timeline.total[index] === 1 && this.timeline.makes[index] !== -1;
  }

  private count(index: number, by: number): void {
    const { needs, makes, optional, readOnly } = this.timeline;
    if (optional[index] === 1 && readOnly[index] === 1) return;
    const need = needs[index] as number;
    const make = makes[index] as number;
    if (need !== -1) {
      const counts = optional[index] === 1 ? this.optionalNeeds : this.certainNeeds;
      counts[need] = (counts[need] as number) + by;
    }
    if (make !== -1 && make !== need) this.sources[make] = (this.sources[make] as number) + by;
  }
}
