/**
 * Decides who answers for an arc when members die, restart, and come back.
 *
 * Only the role of primary moves here. The in-sync set stays as it is, because every member of the newest one has every
 * acknowledged operation, and the registry cannot know which of them will be back. Only a primary that is alive and
 * asks takes a member out (arc-changes.ts). If the dead were evicted one after another as their leases end, the last to
 * die would be left alone with the arc, and the copies of the others would count for nothing.
 *
 * 1. A member holds an arc unless it registered without a copy of it and has not been given one since. A node that does
 *    not hold the arc is not given its role.
 * 2. Evict is level-triggered. Whenever the primary is not live or does not hold the arc, the closest in-sync member
 *    before it that is live and holds it becomes primary, in a new term. If there is none, the arc stays offline. The
 *    same happens to a living primary that more than half of the in-sync members do not hear, where the primary counts
 *    as a member: it cannot serve without them. The closest of the members that complain takes over (complaints.ts).
 * 3. Restart: a process that registers has forgotten the term in which it was primary, so another holder takes over.
 * 4. Return: for an arc without another live holder, the first member to come back waits a moment for the others. That
 *    only decides who becomes primary: copies that come later count as much.
 */

import {
  arcCovers,
  clockwiseDistance,
  sameNodes,
  type Arc,
  type ArcConfig,
  type NodeId,
  type Position,
} from '@ringkeep/shared';
import type { Complaints } from './complaints';
import type { HeldRange } from './inputs';
import type { RingDraft } from './ring-draft';
import type { RegistryRules } from './rules';

const NOBODY: ReadonlySet<NodeId> = new Set();

/** The members of the arc have been heard since the registry started. */
type Decidable = (arc: ArcConfig) => boolean;

export class Eviction {
  /** Starts of the arcs that wait for their members to return. */
  private readonly returns: Set<Position>;
  private justDied = NOBODY;
  /** Arcs that the last `settle` took from living primaries because members do not hear them. */
  readonly missed: { readonly arc: ArcConfig; readonly to: NodeId }[] = [];

  constructor(
    pending: readonly Position[],
    private readonly rules: RegistryRules,
    private readonly complaints: Complaints,
  ) {
    this.returns = new Set(pending);
  }

  pending(): Position[] {
    return [...this.returns];
  }

  isReturning(arc: ArcConfig): boolean {
    return this.returns.has(arc.start);
  }

  /** Notes which copies a process that has registered has on its disk. Rule 1. */
  noteCopies(draft: RingDraft, id: NodeId, held: readonly HeldRange[]): void {
    for (const arc of draft.arcs().filter(({ inSync }) => inSync.includes(id))) {
      const others = arc.withoutCopy.filter((other) => other !== id);
      const withoutCopy = holds(held, arc) ? others : [...others, id];
      if (!sameNodes(withoutCopy, arc.withoutCopy)) draft.noteCopies(arc.start, withoutCopy);
    }
  }

  /**
   * A process that was not there a moment ago has registered. The draft has it as live and knows its copies. Rules 3
   * and 4. Returns the arcs that begin to wait.
   */
  registered(draft: RingDraft, id: NodeId, mayDecide: Decidable): Position[] {
    const begun: Position[] = [];
    if (!this.rules.restartEndsRoles()) return begun;
    for (const arc of draft.arcs().filter(({ inSync }) => inSync.includes(id))) {
      if (this.returns.has(arc.start)) continue;
      const holders = this.liveHolders(draft, arc);
      const others = holders.filter((other) => other !== id);
      if (others.length > 0 && mayDecide(arc)) {
        if (arc.primary === id) draft.replaceArcs([arc], [this.withPrimary(draft, arc, others)]);
      } else if (holders.length > 0 && (others.length === 0 || arc.primary === id)) {
        this.returns.add(arc.start);
        begun.push(arc.start);
      }
    }
    return begun;
  }

  died(ids: ReadonlySet<NodeId>): void {
    this.justDied = ids;
  }

  /** Rules 2 and 4, after any change. `over`, at a tick: arcs that have waited long enough. Returns the arcs settled. */
  settle(
    draft: RingDraft,
    over: ReadonlySet<Position> | undefined,
    mayDecide: Decidable,
    now: number,
  ): Position[] {
    const settled: Position[] = [];
    this.missed.length = 0;
    for (const arc of draft.arcs()) {
      if (!mayDecide(arc)) continue;
      const holders = this.liveHolders(draft, arc);
      if (this.returns.has(arc.start)) {
        const all = holders.length === arc.inSync.length;
        if (holders.length > 0 && !all && !over?.has(arc.start)) continue;
        this.returns.delete(arc.start);
        settled.push(arc.start);
      } else if (holders.includes(arc.primary)) {
        const complaining = this.complaining(draft, arc, holders, now);
        if (complaining.length === 0) continue;
        const next = this.withPrimary(draft, arc, complaining);
        this.missed.push({ arc, to: next.primary });
        draft.replaceArcs([arc], [next]);
        continue;
      } else if (!this.mayEvict(arc)) continue;
      if (holders.length > 0) draft.replaceArcs([arc], [this.withPrimary(draft, arc, holders)]);
    }
    this.justDied = NOBODY;
    return settled;
  }

  /** The members that do not hear a living primary, if they are enough to replace it; otherwise none. */
  private complaining(
    draft: RingDraft,
    arc: ArcConfig,
    holders: readonly NodeId[],
    now: number,
  ): readonly NodeId[] {
    const everybody = draft.members().map(({ id }) => id);
    const complaining = this.complaints.among(this.rules.heardOfMembers(holders, everybody), arc, now);
    return complaining.length >= this.rules.complaintsNeeded(arc.inSync.length) ? complaining : [];
  }

  private liveHolders(draft: RingDraft, arc: ArcConfig): NodeId[] {
    return arc.inSync.filter(
      (id) => draft.isLive(id) && this.rules.mayHaveRole(!arc.withoutCopy.includes(id)),
    );
  }

  /** Always: looking only at members that have just died would miss a late change that names a dead one. */
  private mayEvict({ primary }: ArcConfig): boolean {
    return this.rules.isReplaced(this.justDied.has(primary));
  }

  /** A new term. The old primary may not have stopped: handover is false. */
  private withPrimary(draft: RingDraft, arc: ArcConfig, candidates: readonly NodeId[]): ArcConfig {
    const epoch = arc.epoch + 1;
    const role = { epoch, term: epoch, handover: false, primary: closestBefore(arc, candidates) };
    return { ...arc, ...role, ...this.rules.membersAfterEviction(arc, this.liveHolders(draft, arc)) };
  }
}

/** The copies together cover the arc: a merge that the node has not heard of leaves two of them. */
function holds(held: readonly HeldRange[], arc: Arc): boolean {
  const whole = (range: Arc): boolean => {
    const from = held.find(({ start }) => start === range.start) ?? held.find((copy) => covers(copy, range));
    if (!from) return false;
    if (from.end === undefined || arcCovers({ start: from.start, end: from.end }, range)) return true;
    if (!arcCovers(range, { start: from.start, end: from.end })) return false;
    return whole({ start: from.end, end: range.end });
  };
  return whole(arc);
}

function covers({ start, end }: HeldRange, range: Arc): boolean {
  return end !== undefined && arcCovers({ start, end }, range);
}

/** Among some members, the arc's primary, or else the closest before it on the ring. */
function closestBefore(arc: ArcConfig, candidates: readonly NodeId[]): NodeId {
  return candidates.reduce((best, id) =>
    clockwiseDistance(id, arc.primary) < clockwiseDistance(best, arc.primary) ? id : best,
  );
}
