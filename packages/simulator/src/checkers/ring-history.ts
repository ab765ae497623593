/**
 * What holds for the versions of the ring one after another: the arcs partition the ring, for every position
 * the epoch only grows, and an arc in one term has one primary.
 */

import { RingView, arcsOverlap, formatArc, formatPosition, ringFault, type Ring } from '@ringkeep/shared';
import type { Failure } from './failure';

export class RingHistory {
  private last: RingView | undefined;
  private readonly primaries = new Map<string, bigint>();

  /** Takes the next version. */
  check(ring: Ring): Failure | undefined {
    const fault = ringFault(ring) ?? this.epochFault(ring) ?? this.termFault(ring);
    this.last = new RingView(ring);
    return fault === undefined ? undefined : { checker: 'ring', text: `version ${ring.version}: ${fault}` };
  }

  private epochFault(ring: Ring): string | undefined {
    if (!this.last) return undefined;
    const before = this.last.ring;
    if (ring.version < before.version) return `it follows version ${before.version}`;
    for (const arc of ring.arcs) {
      if (before.arcs.includes(arc)) continue;
      for (const old of before.arcs) {
        if (!arcsOverlap(old, arc)) continue;
        const same = old.epoch === arc.epoch && old.term === arc.term && old.start === arc.start;
        if (old.epoch > arc.epoch || (old.epoch === arc.epoch && !same)) {
          return `epoch ${arc.epoch} of ${formatArc(arc)} follows epoch ${old.epoch}`;
        }
      }
    }
    return undefined;
  }

  private termFault(ring: Ring): string | undefined {
    for (const arc of ring.arcs) {
      const name = `${formatArc(arc)} in term ${arc.term}`;
      const known = this.primaries.get(name);
      if (known !== undefined && known !== arc.primary) {
        return `${name} has the primaries ${formatPosition(arc.primary)} and ${known.toString(16)}`;
      }
      this.primaries.set(name, arc.primary);
    }
    return undefined;
  }
}
