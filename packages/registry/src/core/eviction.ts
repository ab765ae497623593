/**
 * Who answers for an arc when members die, restart, and come back.
 *
 * 1. Evict is level-triggered: whenever an arc names a member that is not live, and one in-sync member is,
 *    all such members leave at once. With none live the arc stays as it is, offline.
 * 2. Restart: a new incarnation has forgotten the term it was primary in, so another in-sync member takes
 *    over; the restarted one stays in sync, its disk is there.
 * 3. Return: of an arc that was offline, the first member to come back is made to wait a moment for the
 *    others. Until then it counts as not live for this arc, and nobody is evicted from it. Then those that
 *    are back hold the arc, in a new term; the others are out, whatever they bring later.
 */

import { clockwiseDistance, invariant, type ArcConfig, type NodeId, type Position } from '@ringkeep/shared';
import type { RingDraft } from './ring-draft';
import type { RegistryRules } from './rules';
import type { PendingReturn } from './state';

const NOBODY: ReadonlySet<NodeId> = new Set();

export class Eviction {
  /** Arcs on their return, by start. Replaced, never edited: the state that is saved shares them. */
  private readonly returns = new Map<Position, PendingReturn>();

  private justDied = NOBODY;

  constructor(
    pending: readonly PendingReturn[],
    private readonly rules: RegistryRules,
  ) {
    for (const entry of pending) this.returns.set(entry.start, entry);
  }

  pending(): PendingReturn[] {
    return [...this.returns.values()];
  }

  isReturning(arc: ArcConfig): boolean {
    return this.returns.has(arc.start);
  }

  /** A process that was not there a moment ago has registered; the draft has it live. Rules 2 and 3. */
  registered(draft: RingDraft, id: NodeId): Position[] {
    const begun: Position[] = [];
    if (!this.rules.newTermAtRestart) return begun;
    for (const arc of draft.arcs().filter(({ inSync }) => inSync.includes(id))) {
      const pending = this.returns.get(arc.start);
      const others = arc.inSync.filter((other) => other !== id && draft.isLive(other));
      if (pending) {
        if (!pending.back.includes(id)) this.wait(arc, [...pending.back, id]);
      } else if (others.length === 0) {
        this.wait(arc, [id]);
        begun.push(arc.start);
      } else if (arc.primary === id) {
        draft.replaceArcs([arc], [withPrimary(arc, closestBefore(arc, others), arc.inSync)]);
      }
    }
    return begun;
  }

  /** Members have died: those of them that were on their return are no more. Returns the arcs given up. */
  died(ids: ReadonlySet<NodeId>): Position[] {
    this.justDied = ids;
    const ended: Position[] = [];
    for (const { start, back } of this.pending()) {
      const left = back.filter((id) => !ids.has(id));
      if (left.length === back.length) continue;
      if (left.length > 0) this.returns.set(start, { start, back: left });
      else {
        this.returns.delete(start);
        ended.push(start);
      }
    }
    return ended;
  }

  /** Rules 1 and 3, after any change. `over`, at a tick: arcs that have waited long enough. Returns the arcs settled. */
  settle(draft: RingDraft, over: ReadonlySet<Position> | undefined): Position[] {
    const settled: Position[] = [];
    const anyDead = draft.members().some(({ state }) => state === 'dead');
    if (!anyDead && this.returns.size === 0) return settled;
    for (const arc of draft.arcs()) {
      const pending = this.returns.get(arc.start);
      if (pending) {
        if (pending.back.length < arc.inSync.length && !over?.has(arc.start)) continue;
        this.returns.delete(arc.start);
        settled.push(arc.start);
        const back = arc.inSync.filter((id) => pending.back.includes(id));
        invariant(back.length > 0, 'an arc returns with a member');
        draft.replaceArcs([arc], [withPrimary(arc, closestBefore(arc, back), back)]);
      } else if (this.mayEvict(arc)) evict(draft, arc, this.rules);
    }
    this.justDied = NOBODY;
    return settled;
  }

  /** Always; whoever looks only at those that have just died misses what a late change names. */
  private mayEvict({ inSync }: ArcConfig): boolean {
    return this.rules.evictionIsLevelTriggered || inSync.some((id) => this.justDied.has(id));
  }

  private wait(arc: ArcConfig, back: readonly NodeId[]): void {
    this.returns.set(arc.start, { start: arc.start, back });
  }
}

function evict(draft: RingDraft, arc: ArcConfig, { handoverIsSticky }: RegistryRules): void {
  const live = arc.inSync.filter((id) => draft.isLive(id));
  if (live.length === arc.inSync.length || live.length === 0) return;
  const next = live.includes(arc.primary)
    ? { ...arc, epoch: arc.epoch + 1, inSync: live, handover: arc.handover || !handoverIsSticky }
    : withPrimary(arc, closestBefore(arc, live), live);
  draft.replaceArcs([arc], [next]);
}

/** A new term. The old primary may not have stopped: handover is false. */
function withPrimary(arc: ArcConfig, primary: NodeId, inSync: readonly NodeId[]): ArcConfig {
  const epoch = arc.epoch + 1;
  return { ...arc, epoch, term: epoch, handover: false, primary, inSync };
}

/** Of some members the arc's primary, or else the closest before it on the ring. */
function closestBefore(arc: ArcConfig, candidates: readonly NodeId[]): NodeId {
  return candidates.reduce((best, id) =>
    clockwiseDistance(id, arc.primary) < clockwiseDistance(best, arc.primary) ? id : best,
  );
}
