/**
 * The versions of the ring: the present one, and how a draft becomes the next one. The level-triggered rules are
 * applied to each draft. The result says what must be saved and what watchers must hear.
 */

import {
  RingView,
  invariant,
  type ArcConfig,
  type KnownRing,
  type Member,
  type Position,
  type Ring,
  type RingUpdate,
} from '@ringkeep/shared';
import type { Collaborators } from './collaborators';
import { copiesReached, membersStaying } from './copies-reached';
import type { RegistryEffect } from './effects';
import type { RingDraft } from './ring-draft';
import type { RegistryState } from './state';

export class Versions {
  view: RingView;
  /** Arcs that have waited long enough for their members. */
  private readonly overdue = new Set<Position>();

  constructor(
    private readonly parts: Collaborators,
    /** What is to be saved; another object when something durable has changed. */
    public state: RegistryState,
  ) {
    this.view = new RingView(state.ring);
  }

  get ring(): Ring {
    return this.view.ring;
  }

  /** What may be decided: members have spoken who know of it. */
  decidable(now: number): (arc: ArcConfig) => boolean {
    return ({ inSync }) => this.parts.rollCall.mayDecide(inSync, now);
  }

  waitedEnough(start: Position): void {
    this.overdue.add(start);
  }

  /**
   * Applies the level-triggered rules and makes the draft the ring. `look`: at a tick, and when a member has spoken,
   * even if nothing has changed; so it is at whatever comes first when the roll call is over. Returns what watchers must
   * hear.
   */
  commit(draft: RingDraft, now: number, look = false): RegistryEffect[] {
    if (this.parts.room.isStill) {
      invariant(!draft.changed, 'what cannot be saved is not decided');
      return [];
    }
    if (this.parts.rollCall.ends(now) || draft.changed || look) {
      const mayDecide = this.decidable(now);
      for (const start of this.parts.eviction.settle(draft, this.overdue, mayDecide, now)) {
        this.parts.returnWaits.delete(start);
        this.overdue.delete(start);
      }
      for (const { arc, to } of this.parts.eviction.missed)
        this.parts.report({ what: 'missed', arc, to, member: this.view.member(arc.primary) as Member });
      for (const member of this.parts.membership.forget(draft, now))
        this.parts.report({ what: 'forgotten', member });
      this.noteCopiesReached(draft);
    }
    const next = draft.finish();
    this.keep(next?.ring ?? this.ring);
    if (!next) return [];
    const { change } = next;
    invariant(change.version === change.fromVersion + 1, 'invariant 3: versions count up by one');
    const arcs = change.arcs.map((arc) => arc.start);
    if (arcs.length > 0) this.parts.report({ what: 'changed', version: change.version, arcs });
    const watchers = this.parts.publication.note(change);
    return watchers.length === 0 ? [] : [{ kind: 'publish', watchers, update: { kind: 'change', change } }];
  }

  private noteCopiesReached(draft: RingDraft): void {
    const staying = membersStaying(draft.members());
    for (const arc of draft.arcs()) {
      const everReached = copiesReached(arc, staying, draft.base.parameters);
      const reached = this.parts.rules.copiesReached(everReached, arc.inSync.length);
      if (reached !== arc.copiesReached) draft.noteReached(arc, reached);
    }
  }

  /** The state to save; the same object as long as nothing durable has changed. */
  private keep(ring: Ring): void {
    const returns = this.parts.eviction.pending();
    const { claims } = this.parts.membership;
    const { state } = this;
    if (ring === state.ring && claims === state.claims && sameItems(returns, state.returns)) return;
    this.state = { ...this.state, ring, returns, claims };
    if (ring !== this.view.ring) this.view = new RingView(ring);
  }

  since(known: KnownRing): RingUpdate {
    return this.parts.publication.since(known, this.ring);
  }
}

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
