/**
 * What this node has granted: until when somebody may count on it not to serve a range as primary.
 *
 * One time for each range, whoever the grants went to (two evictions in a row: the second successor never
 * granted to the first, but did to the one before). Kept by range and not by copy, so that a split
 * copies and a merge takes the greater by itself, and so that a copy that was erased and followed again
 * has not forgotten. A process that starts assumes that it granted a moment before: the grants were in
 * the memory that the restart lost.
 */

import { arcsEqual, arcsOverlap, type Arc } from '@ringkeep/shared';

export class GrantLedger {
  private grants: { readonly range: Arc; until: number }[] = [];

  /** @param floor end of the grants that the process before this one may have made, in ms */
  constructor(private readonly floor: number) {}

  grant(range: Arc, until: number): void {
    const grant = this.grants.find((other) => arcsEqual(other.range, range));
    if (grant) grant.until = Math.max(grant.until, until);
    else this.grants.push({ range, until });
  }

  forget(range: Arc): void {
    this.grants = this.grants.filter((grant) => !arcsOverlap(grant.range, range));
  }

  /** Until when some position of the range is granted. */
  grantedUntil(range: Arc): number {
    let until = this.floor;
    for (const grant of this.grants) {
      if (grant.until > until && arcsOverlap(grant.range, range)) until = grant.until;
    }
    return until;
  }

  forgetExpired(now: number): void {
    if (this.grants.length > 16) this.grants = this.grants.filter((grant) => grant.until > now);
  }
}
