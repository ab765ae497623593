/**
 * A living primary is replaced only if more than half of its arc's in-sync members, with itself counted as a member,
 * have at some time in its present term not heard it for about as long as they must, and only by one of those members.
 * They may have heard it since: a renewal that takes a complaint back can be lost, or overtaken by the one before it.
 *
 * What each member has heard is taken from what the network has brought it, not from what it says.
 */

import {
  formatArc,
  formatPosition,
  type ArcConfig,
  type NodeId,
  type Position,
  type Ring,
} from '@ringkeep/shared';
import type { Failure } from './failure';

/** Clocks run at different rates, and a message is delivered before it is looked at. */
const SHARE_OF_SILENCE = 0.7;

/** Of an arc. */
interface Term {
  readonly start: Position;
  readonly term: number;
}

export class MissedOwners {
  private readonly heardAt = new Map<string, number>();
  private readonly begunAt = new Map<string, number>();
  /** Members that did not hear a primary for so long, and then did. */
  private readonly missed = new Set<string>();

  constructor(private readonly silenceMs: number) {}

  /** A version of the ring comes into force. */
  note(ring: Ring, now: number): void {
    for (const arc of ring.arcs) {
      const term = termOf(arc);
      if (!this.begunAt.has(term)) this.begunAt.set(term, now);
    }
  }

  /** Something of an arc's primary was delivered to a member. */
  heard(member: NodeId, arc: Term, now: number): void {
    if (this.isSilent(member, arc, now)) this.missed.add(nameOf(member, arc));
    this.heardAt.set(nameOf(member, arc), now);
  }

  /** `arc`: as it was when the registry took it from its primary and gave it to another node. */
  check(arc: ArcConfig, to: NodeId, now: number): Failure | undefined {
    const missing = arc.inSync.filter(
      (id) => id !== arc.primary && (this.missed.has(nameOf(id, arc)) || this.isSilent(id, arc, now)),
    );
    if (missing.length * 2 > arc.inSync.length && missing.includes(to)) return undefined;
    const text = `${formatArc(arc)} in term ${arc.term} was taken from its primary and given to ${formatPosition(to)}, though only ${missing.length} of ${arc.inSync.length} ever missed it`;
    return { checker: 'missed owners', text };
  }

  private isSilent(member: NodeId, arc: Term, now: number): boolean {
    const since = this.heardAt.get(nameOf(member, arc)) ?? this.begunAt.get(termOf(arc)) ?? now;
    return now - since >= this.silenceMs * SHARE_OF_SILENCE;
  }
}

function nameOf(member: NodeId, arc: Term): string {
  return `${member} ${termOf(arc)}`;
}

function termOf({ start, term }: Term): string {
  return `${start} ${term}`;
}
