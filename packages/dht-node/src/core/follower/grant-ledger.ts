/**
 * What this node has granted: until when others may rely on it not to serve a range as primary.
 *
 * There is one time for each range, whoever the grants went to. (After two evictions in a row, the second successor
 * never granted to the first, but did to the one before.) Grants are kept by range and not by copy. So a split copies
 * them and a merge takes the greater one by itself, and a copy that was erased and followed again has not forgotten. A
 * process that starts assumes that it granted a moment ago, because the restart lost the grants in memory.
 */

import { arcsEqual, arcsOverlap, type Arc } from '@ringkeep/shared';
import { GRANTS_UNSWEPT_MAX } from '../limits';

export class GrantLedger {
  private grants: { readonly range: Arc; until: number }[] = [];

  /** @param floor end of the grants that the process before this one may have made, in ms */
  constructor(private readonly floor: number) {}

  grant(range: Arc, until: number): void {
    const grant = this.grants.find((other) => arcsEqual(other.range, range));
    if (grant) grant.until = Math.max(grant.until, until);
    else this.grants.push({ range, until });
  }

  /** Never done, but where a rule is left out. */
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
    if (this.grants.length > GRANTS_UNSWEPT_MAX)
      this.grants = this.grants.filter((grant) => grant.until > now);
  }
}
