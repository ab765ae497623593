/**
 * Which operations a search could place next, besides the one whose return it has reached: rules 2, 3 and 6 of
 * search.ts about optional operations, and first those that make what the waiting one needs.
 */

import type { Timeline } from './timeline';

/** The position of the search, as far as that matters here; it keeps changing it. */
export interface SearchPlace {
  /** The operation in progress in each slot, −1 for none. */
  readonly occupants: Int32Array;
  readonly isPlaced: Uint8Array;
  readonly calledOfKind: Int32Array;
  readonly usedOfKind: Int32Array;
}

export class Candidates {
  /** Kinds that were examined. */
  tried = 0;

  constructor(
    private readonly timeline: Timeline<unknown, unknown>,
    private readonly place: SearchPlace,
    private readonly lookAhead: boolean,
  ) {}

  /** The operations that could come next: those in progress that change the state, and the useful optional ones. */
  list(waiting: number, others: number[]): void {
    const { readOnly, needs, makes } = this.timeline;
    const goal = needs[waiting] as number;
    let helpful = 0;
    others.length = 0;
    for (const index of this.place.occupants) {
      if (index === -1 || this.place.isPlaced[index] === 1) continue;
      // One that only reads has been placed already, if it is possible here.
      if (index === waiting || readOnly[index] === 1) continue;
      others.push(index);
      if (goal !== -1 && makes[index] === goal) {
        others[others.length - 1] = others[helpful] as number;
        others[helpful++] = index;
      }
    }
    this.listOptional(others);
  }

  private listOptional(others: number[]): void {
    const { needs, kindsByMakes, linkKinds, kinds } = this.timeline;
    let anyMayHelp = kindsByMakes === undefined || !this.lookAhead;
    for (const index of this.place.occupants) {
      if (anyMayHelp) break;
      if (index === -1 || this.place.isPlaced[index] === 1) continue;
      anyMayHelp = !this.timeline.isPredictable(index);
      for (const kind of kindsByMakes?.get(needs[index] as number) ?? []) this.listKind(kind, others);
    }
    for (const kind of anyMayHelp ? kinds.keys() : linkKinds) this.listKind(kind, others);
  }

  private listKind(kind: number, others: number[]): void {
    this.tried++;
    const used = this.place.usedOfKind[kind] as number;
    if (used < (this.place.calledOfKind[kind] as number))
      others.push((this.timeline.kinds[kind] as readonly number[])[used] as number);
  }
}
