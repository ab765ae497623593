/** Answers what nodes ask the registry for: to register, to renew, to leave, to change an arc. */

import {
  formatArc,
  invariant,
  RingError,
  type ArcConfig,
  type NodeId,
  type Proposal,
  type Ring,
} from '@ringkeep/shared';
import { propose } from './arc-changes';
import type { Collaborators } from './collaborators';
import type { MemberAnswer, RegistryEffect } from './effects';
import type { Caller, LeaveInput, ProposeInput, RegisterInput, RenewInput } from './inputs';
import { RingDraft } from './ring-draft';
import type { Versions } from './versions';
import { welcome } from './welcome';

/** The result of a request. */
export interface MemberCallOutcome {
  readonly effects: RegistryEffect[];
  readonly answer: Extract<RegistryEffect, { kind: 'answer' }>['answer'];
}

export class MemberCalls {
  constructor(
    private readonly parts: Collaborators,
    private readonly versions: Versions,
  ) {}

  register(now: number, input: RegisterInput): MemberCallOutcome {
    this.checkCaller({ clusterId: input.identity?.clusterId ?? '', known: input.known }, now);
    if (input.identity) this.parts.lostData.checkHeld(this.versions.view, input.held);
    else this.parts.lostData.checkNewcomer(this.versions.ring, now);
    const draft = new RingDraft(this.versions.view);
    const { how, member, before } = this.parts.membership.register(draft, input, now, (arrival) => {
      if (arrival === 'joined') this.parts.room.checkGrowth();
      else if (arrival !== 'repeated') this.parts.room.checkChange();
    });
    const news = this.spoken(member.id);
    if (before) this.parts.report({ what: 'replaced', member, before });
    if (how !== 'repeated') {
      this.parts.complaints.forget(member.id);
      this.parts.report({ what: how, member });
      if (how === 'joined' && draft.base.arcs.length === 0) draft.replaceArcs([], [wholeRing(member.id)]);
      else this.takeBack(draft, member.id, input, now);
    }
    const effects = this.versions.commit(draft, now, news);
    if (how === 'restarted' && this.parts.rules.restartEndsRoles())
      this.assertNoOldRole(draft.base, member.id);
    return { effects, answer: welcome(this.versions.view, member) };
  }

  /** A node that comes without its identity never got as far as being given anything: what it lacks was never there. */
  private takeBack(draft: RingDraft, id: NodeId, { identity, held }: RegisterInput, now: number): void {
    if (identity) this.parts.eviction.noteCopies(draft, id, held);
    const mayDecide = this.versions.decidable(now);
    for (const start of this.parts.eviction.registered(draft, id, mayDecide))
      this.parts.returnWaits.set(start, now);
  }

  private assertNoOldRole(before: Ring, id: NodeId): void {
    for (const arc of this.versions.ring.arcs) {
      if (arc.primary !== id || this.parts.eviction.isReturning(arc) || arc.withoutCopy.includes(id))
        continue;
      invariant(!before.arcs.includes(arc), 'invariant 4: a restarted process is primary in no older term');
    }
  }

  private checkCaller({ clusterId, known }: Pick<Caller, 'clusterId' | 'known'>, now: number): void {
    this.parts.lostData.check(this.versions.ring, clusterId, this.parts.rules.comparedAs(known), now);
  }

  renew(now: number, { caller, complaints }: RenewInput): MemberCallOutcome {
    this.checkCaller(caller, now);
    const draft = new RingDraft(this.versions.view);
    const live = this.parts.membership.renew(draft, caller, now);
    const spoken = live && this.spoken(caller.id);
    const complains =
      live &&
      this.parts.complaints.note(caller.id, complaints, now, (start) => draft.arc(start) !== undefined);
    const effects = this.versions.commit(draft, now, spoken || complains);
    return { effects, answer: this.memberAnswer(live, caller) };
  }

  leave(now: number, { caller }: LeaveInput): MemberCallOutcome {
    this.checkCaller(caller, now);
    const draft = new RingDraft(this.versions.view);
    const live = this.parts.membership.renew(draft, caller, now);
    const news = live && this.spoken(caller.id);
    if (live && this.versions.view.member(caller.id)?.state === 'active') this.parts.room.checkChange();
    const leaving = live ? this.parts.membership.leave(draft, caller.id) : undefined;
    if (leaving) this.parts.report({ what: 'leaving', member: leaving });
    const effects = this.versions.commit(draft, now, news);
    return {
      effects,
      answer: this.memberAnswer(live && this.versions.view.member(caller.id) !== undefined, caller),
    };
  }

  private memberAnswer(live: boolean, caller: Caller): MemberAnswer {
    const replaced = live
      ? ''
      : (this.parts.membership.replacedBy(this.versions.view.member(caller.id), caller) ?? '');
    const { stillBecause: undecided, lacking: roomLacking } = this.parts.room;
    return {
      kind: 'member',
      live,
      replaced,
      undecided,
      roomLacking,
      ring: this.versions.since(caller.known),
    };
  }

  propose(now: number, { caller, proposal }: ProposeInput): MemberCallOutcome {
    this.checkCaller(caller, now);
    const draft = new RingDraft(this.versions.view);
    const present = this.parts.membership.isPresent(draft, caller);
    const news = present && this.spoken(caller.id);
    this.checkDecidable(proposal, now);
    if (present) this.parts.room.checkChange();
    const reason =
      propose(draft, caller, proposal, (arc) => this.parts.eviction.isReturning(arc), this.parts.rules) ?? '';
    if (reason !== '') this.parts.report({ what: 'refused', by: caller.id, reason });
    else this.parts.membership.renew(draft, caller, now);
    const effects = this.versions.commit(draft, now, news);
    const ring = this.versions.since(caller.known);
    return { effects, answer: { kind: 'proposal', accepted: reason === '', reason, ring } };
  }

  /** A member has spoken. @returns whether something may have waited for that */
  private spoken(id: NodeId): boolean {
    return this.parts.rollCall.note(id);
  }

  /** Refused as if nobody had answered: the primary repeats it, and until then the members that it would drop count. */
  private checkDecidable({ kind, start }: Proposal, now: number): void {
    const arc = this.versions.view.arcAt(start);
    if (kind !== 'drop' || !arc || this.parts.rollCall.mayDecide(arc.inSync, now)) return;
    throw new RingError(
      'UNAVAILABLE',
      `the registry has just started, and not every member of the arc ${formatArc(arc)} has spoken yet`,
    );
  }
}

function wholeRing(id: NodeId): ArcConfig {
  return {
    start: id,
    end: id,
    epoch: 1,
    term: 1,
    handover: false,
    primary: id,
    inSync: [id],
    withoutCopy: [],
    seq: 0,
    copiesReached: 1,
  };
}
