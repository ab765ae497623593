/**
 * Who has spoken since this registry started, and what may not be decided before.
 *
 * The registry may have been started on an old copy of the data, and the first node to speak may be just the one that
 * was dropped since. A node that knows better says so when it speaks (lost-data.ts). So nobody is given an arc, and
 * nobody is taken out of one, until every member of its in-sync set has spoken. After an ordinary start this lasts at
 * most one membership lease, within which each running member renews. After a start on restored data it waits for all
 * of them, however long.
 */

import type { NodeId } from '@ringkeep/shared';

export class RollCall {
  private readonly heard = new Set<NodeId>();

  /** What waited for its end has been looked at. */
  private isOver = false;

  /** @param until when it is over whoever has not spoken; Infinity: never */
  constructor(private readonly until: number) {}

  /** The member has spoken, and what it knows is of this ring's past. @returns whether that is new */
  note(id: NodeId): boolean {
    if (this.heard.has(id)) return false;
    this.heard.add(id);
    return true;
  }

  mayDecide(inSync: readonly NodeId[], now: number): boolean {
    return now >= this.until || inSync.every((id) => this.heard.has(id));
  }

  /** @returns true once, when its time has passed: what waited for that has to be looked at */
  ends(now: number): boolean {
    if (this.isOver || now < this.until) return false;
    this.isOver = true;
    return true;
  }

  /** When something may be decided that could not be decided before; Infinity if that is not known. */
  get next(): number {
    return this.isOver ? Infinity : this.until;
  }
}
