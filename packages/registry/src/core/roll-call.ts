/**
 * Who has spoken since this registry started, and what it may not decide before.
 *
 * A start may be on an old copy of the data, and the first to speak may be just the one that was dropped since. Whoever
 * knows better says so when it speaks (lost-data.ts). So nobody is given an arc, and nobody taken out of one, until every
 * member of its in-sync set has spoken; after an ordinary start no longer than one membership lease, which each of them
 * that runs renews within. After a start on data that somebody has put back it waits for all of them, however long.
 */

import type { NodeId } from '@ringkeep/shared';

export class RollCall {
  private readonly heard = new Set<NodeId>();

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

  /** When something may be decided that could not be before; Infinity when that is not known. */
  next(now: number): number {
    return now < this.until ? this.until : Infinity;
  }
}
