/**
 * When this node last heard the primary of each arc that it is in sync for, on any stream and by any message. A primary
 * that is silent for a lease cannot serve either, because its leases end. This node then complains to the registry,
 * which recognises a majority when it hears one (docs/PROTOCOL.md, section 12).
 */

import type { ArcConfig, ClusterParameters, NodeId, Position } from '@ringkeep/shared';
import { COMPLAINT_PER_FAILURE_TIMEOUT, HICCUP_MS } from '../limits';
import type { Reaching, RingKnowledge, StepTime } from '../context';
import type { Complaint } from '../effects';

/** How long a primary may be silent before that is reported, ms. */
export function silenceComplainedOf({ leaseMs, failureTimeoutMs }: ClusterParameters): number {
  return Math.min(leaseMs, failureTimeoutMs * COMPLAINT_PER_FAILURE_TIMEOUT);
}

interface Contact extends Complaint {
  readonly primary: NodeId;
  heardAt: number;
}

export class PrimaryContacts {
  private readonly contacts = new Map<Position, Contact>();
  private lookedAt: number;

  constructor(private readonly context: StepTime & RingKnowledge & Reaching) {
    this.lookedAt = context.now;
  }

  heard({ start, term }: ArcConfig): void {
    const contact = this.contacts.get(start);
    if (contact?.term === term) contact.heardAt = this.context.now;
  }

  /**
   * Compares the contacts with the ring. A primary's time starts when its term is known. A primary that takes over has
   * longer, because it may first have to drop members that it does not hear. Otherwise the role would pass on for ever
   * among nodes that are cut off from each other.
   */
  reconcile(): void {
    const { view, self, now, parameters } = this.context;
    const arcs = view.ring.arcs.filter(({ inSync, primary }) => primary !== self && inSync.includes(self));
    const starts = new Set(arcs.map(({ start }) => start));
    for (const start of this.contacts.keys()) if (!starts.has(start)) this.contacts.delete(start);
    for (const { start, term, primary, handover } of arcs) {
      if (this.contacts.get(start)?.term !== term)
        this.contacts.set(start, {
          start,
          term,
          primary,
          heardAt: handover ? now : now + parameters.failureTimeoutMs,
        });
    }
  }

  /**
   * Primaries that are silent. Time that this node has slept through, or was too busy to hear, does not count as
   * silence.
   */
  complaints(): readonly Complaint[] {
    const { now, parameters, reachability } = this.context;
    const awayMs = now - this.lookedAt;
    this.lookedAt = now;
    const silenceMs = silenceComplainedOf(parameters);
    const complaints: Complaint[] = [];
    for (const contact of this.contacts.values()) {
      if (awayMs > HICCUP_MS)
        contact.heardAt = Math.min(Math.max(now, contact.heardAt), contact.heardAt + awayMs);
      const dueAt = contact.heardAt + silenceMs;
      if (now < dueAt) {
        this.context.wakeAt(dueAt);
        continue;
      }
      reachability.complainedOf(contact.primary);
      complaints.push({ start: contact.start, term: contact.term });
    }
    return complaints;
  }

  get size(): number {
    return this.contacts.size;
  }
}
