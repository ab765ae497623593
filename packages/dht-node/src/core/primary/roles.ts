/**
 * The arcs that this node is primary of: roles are taken, kept and ended as the ring says.
 *
 * A role belongs to one term of one arc. What it leaves behind when it ends, writes that may still commit, goes to the
 * next term if that is this node's too. Otherwise nobody here can know their outcome any more.
 */

import type { ArcConfig, Position, RingView } from '@ringkeep/shared';
import { arcsEqual } from '@ringkeep/shared/ring/arc';
import { invariant } from '@ringkeep/shared/ring/errors';
import { sameTerm } from '@ringkeep/shared/ring/ring';
import { ArcDecisions, type ArcDecisionsContext } from './arc-decisions';
import { WATCHES_MAX } from '../limits';
import { Watches } from '../watches/watches';
import { ArcPrimary, type ArcPrimaryContext, type RoleRemains } from './arc-primary';

import type { PendingOperation } from '../operations/pending-operation';

interface Role {
  readonly primary: ArcPrimary;
  readonly decisions: ArcDecisions;
}

export class Roles {
  readonly watches: Watches;
  private readonly roles = new Map<Position, Role>();

  /**
   * @param untouched tells whether no process before this one has been a member or has written to the disk
   * @param watchesMax how many are told at a time what is committed
   */
  constructor(
    private readonly context: ArcPrimaryContext & ArcDecisionsContext,
    private readonly untouched: () => boolean,
    watchesMax = WATCHES_MAX,
  ) {
    this.watches = new Watches(context, (start) => this.at(start)?.feed, watchesMax);
  }

  at(start: Position): ArcPrimary | undefined {
    return this.roles.get(start)?.primary;
  }

  all(): ArcPrimary[] {
    return [...this.roles.values()].map(({ primary }) => primary);
  }

  /** Throws when the ring that is about to be adopted contradicts a role. */
  check(next: RingView): void {
    for (const { config } of this.all()) {
      const arc = next.arcOfPosition(config.start);
      invariant(arc && arc.epoch >= config.epoch, 'for every position the epoch only grows');
    }
  }

  /** The context's ring is a new one. @returns operations that were not started: to be routed again */
  ringAdopted(): PendingOperation[] {
    const { ring } = this.context.view;
    const ended = this.endThoseLost();
    for (const arc of ring.arcs) {
      if (arc.primary === this.context.self && !this.roles.has(arc.start))
        this.take(arc, ended.get(arc.start));
    }
    this.watches.ringAdopted();
    const notStarted: PendingOperation[] = [];
    for (const remains of ended.values()) {
      notStarted.push(...remains.notStarted);
      for (const operation of remains.inWindow.takeAll()) {
        operation.fail(
          'OUTCOME_UNKNOWN',
          'outcome unknown: the owner of the key changed while the write was under way',
        );
      }
    }
    return notStarted;
  }

  tick(): void {
    for (const { primary, decisions } of [...this.roles.values()]) {
      primary.tick();
      decisions.decide();
    }
  }

  /** The machine slept. */
  slept(): void {
    this.context.clock.forget();
    for (const { primary } of this.roles.values()) primary.voidLeases();
  }

  flush(): void {
    for (const { primary } of this.roles.values()) primary.flush();
    this.watches.flush();
  }

  /** @returns what the roles that the new ring does not have leave behind, by arc */
  private endThoseLost(): Map<Position, RoleRemains> {
    const { view, self } = this.context;
    const ended = new Map<Position, RoleRemains>();
    for (const [start, { primary, decisions }] of [...this.roles]) {
      const arc = view.arcAt(start);
      if (arc && arc.primary === self && sameTerm(arc, primary.config)) {
        if (arc.epoch > primary.config.epoch) decisions.settled();
        primary.adoptConfig(arc);
        continue;
      }
      decisions.settled();
      this.roles.delete(start);
      ended.set(start, primary.end());
      this.watches.roleEnded(primary.feed);
    }
    return ended;
  }

  private take(arc: ArcConfig, former: RoleRemains | undefined): void {
    const { context } = this;
    const { journal, replicas, rules } = context;
    if (this.untouched() && isFirstArc(arc) && replicas.overlapping(arc).length === 0) {
      journal.write({ kind: 'create', range: { start: arc.start, end: arc.end }, complete: true });
    }
    const copy = replicas.get(arc.start);
    if (!copy?.complete || !arcsEqual(copy.range, arc)) return context.report({ kind: 'data-missing', arc });
    // The process before this one had the role in this very term, and this one does not know what it proposed.
    if (!rules.mayTakeRole(arc.term, copy.liveTerm)) return;
    journal.write({ kind: 'live-term', start: copy.start, term: arc.term });
    const primary = new ArcPrimary(context, arc, copy, former?.inWindow.handOver());
    for (const session of former?.sessions ?? [])
      if (session.stream.term === arc.term) primary.followers.inherit(session);
    const decisions = new ArcDecisions(context, primary, (start) => this.at(start));
    this.roles.set(arc.start, { primary, decisions });
    primary.goOn();
  }
}

/**
 * The ring's first arc, in which nothing was ever written: its primary creates it. It may have had an earlier term,
 * whose process died before it could.
 */
function isFirstArc(arc: ArcConfig): boolean {
  return arc.start === arc.end && arc.seq === 0 && arc.inSync.length === 1;
}
