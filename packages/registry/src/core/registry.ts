/**
 * The configuration master: one synchronous object that takes inputs and returns effects.
 *
 * It keeps four collaborators, one for each question: who is a member (membership), may this change of an
 * arc be (arc-changes), who answers when members die or come back (eviction), who must hear of it
 * (publication). Each step drafts the next version of the ring, applies the level-triggered rules to it, and
 * turns it into at most one change.
 *
 * Invariants, asserted at each change:
 *  1. The arcs partition the ring, each primary is in sync, whoever an arc names is a member.
 *  2. A changed arc has a higher epoch than all that it replaces.
 *  3. Versions count up by one; the change of a version comes from the version before.
 *  4. A restarted process is primary of nothing in a term from before its registration, except in an arc that
 *     is offline: it waits for its members, or the process has no copy of it and nobody else is there.
 */

import {
  excerpt,
  formatArc,
  RingError,
  RingView,
  formatKnown,
  invariant,
  isKnown,
  knownOf,
  sameKnown,
  sameParameters,
  type ArcConfig,
  type KnownRing,
  type Member,
  type NodeId,
  type Position,
  type Proposal,
  type Ring,
  type RingUpdate,
} from '@ringkeep/shared';
import { propose } from './arc-changes';
import { Complaints } from './complaints';
import { copiesReached, membersStaying } from './copies-reached';
import { checkConfig, type RegistryConfig, type RegistryTools } from './config';
import { Deadlines } from './deadlines';
import type { MemberAnswer, RegistryEffect, RegistryFact } from './effects';
import { Eviction } from './eviction';
import type {
  Caller,
  LeaveInput,
  ProposeInput,
  RegisterInput,
  RegistryInput,
  RenewInput,
  RoomInput,
  WatchInput,
} from './inputs';
import { LostData } from './lost-data';
import { Membership } from './membership';
import { Publication } from './publication';
import { RingDraft } from './ring-draft';
import { RollCall } from './roll-call';
import { RoomRule } from './room-rule';
import { ALL_RULES, type RegistryRules } from './rules';
import { stateFault, type RegistryState } from './state';
import { welcome } from './welcome';

/**
 * A tick that comes half a lease too late shows that the registry itself was away, stopped or starved; but
 * never less than this, or a busy machine would keep the dead alive.
 */
const TICK_LATE_MS_MIN = 500;
/** Nodes of another ring that have been silent for so many membership leases do not call any more. */
const FOREIGN_QUIET_LEASES = 4;

export class RegistryCore {
  private view: RingView;
  private readonly rules: RegistryRules;
  private readonly membership: Membership;
  private readonly complaints: Complaints;
  private readonly eviction: Eviction;
  private readonly publication: Publication;
  private readonly returnWaits: Deadlines<Position>;
  private readonly lostData: LostData;
  private readonly rollCall: RollCall;
  private readonly room = new RoomRule();
  /** Arcs that have waited long enough for their members. */
  private readonly overdue = new Set<Position>();
  private facts: RegistryFact[] = [];
  private lastNow: number;

  /** `state` was read from disk, or is a new cluster's and saved. Nobody pays for the registry's absence. */
  constructor(
    private readonly config: RegistryConfig,
    tools: RegistryTools,
    private state: RegistryState,
    now: number,
  ) {
    this.rules = tools.rules ?? ALL_RULES;
    checkConfig(config);
    const fault = stateFault(state);
    if (fault !== undefined) throw new RingError('INTERNAL', `the registry's state is damaged: ${fault}`);
    invariant(
      sameParameters(state.ring.parameters, config.parameters),
      'members go by the parameters that are handed out',
    );
    invariant(state.ring.runs.length > 0, 'a start of the registry has its run');
    this.lastNow = now;
    const heardBy = tools.restored ? Infinity : now + config.parameters.membershipLeaseMs;
    this.rollCall = new RollCall(this.rules.membersHeardFirst ? heardBy : now);
    this.view = new RingView(state.ring);
    this.membership = new Membership(config, tools, state, now);
    this.complaints = new Complaints(config.parameters, this.rules);
    this.eviction = new Eviction(state.returns, this.rules, this.complaints);
    this.publication = new Publication(config.historyChangesMax, state.ring);
    this.returnWaits = new Deadlines(config.returnWaitMs);
    for (const start of state.returns) this.returnWaits.set(start, now);
    const quietMs = FOREIGN_QUIET_LEASES * config.parameters.membershipLeaseMs;
    this.lostData = new LostData(quietMs, (fact) => this.facts.push(fact));
  }

  get ring(): Ring {
    return this.view.ring;
  }

  /** When the next tick is due; Infinity when nothing is awaited. */
  get nextTickAt(): number {
    if (this.lostData.isBehind || this.room.isStill) return Infinity;
    return Math.min(this.membership.nextDeadline, this.returnWaits.next, this.rollCall.next(this.lastNow));
  }

  /** `now` in milliseconds of a clock that never goes back. A `save` comes first among the effects. */
  step(now: number, input: RegistryInput): RegistryEffect[] {
    invariant(now >= this.lastNow, 'time does not go back');
    this.lastNow = now;
    this.facts = [];
    const before = this.state;
    const effects = this.dispatch(now, input);
    const save: RegistryEffect[] = this.state === before ? [] : [{ kind: 'save', state: this.state }];
    const reports = this.facts.map((fact): RegistryEffect => ({ kind: 'report', fact }));
    return [...save, ...effects, ...reports];
  }

  private dispatch(now: number, input: RegistryInput): RegistryEffect[] {
    switch (input.kind) {
      case 'register':
        return this.answered(input.request, () => this.register(now, input));
      case 'renew':
        return this.answered(input.request, () => this.renew(now, input));
      case 'leave':
        return this.answered(input.request, () => this.leave(now, input));
      case 'propose':
        return this.answered(input.request, () => this.propose(now, input));
      case 'owners':
        return this.answered(input.request, () => ({
          effects: [],
          answer: { kind: 'owners', members: this.view.owners() },
        }));
      case 'watch':
        return this.watch(input);
      case 'unwatch':
        this.publication.remove(input.watcher);
        return [];
      case 'room':
        return this.noteRoom(now, input);
      case 'tick':
        return this.tick(now);
    }
  }

  private register(now: number, input: RegisterInput): Outcome {
    this.checkCaller({ clusterId: input.identity?.clusterId ?? '', known: input.known }, now);
    if (input.identity) this.lostData.checkHeld(this.view, input.held);
    else this.lostData.checkNewcomer(this.ring, now);
    const draft = new RingDraft(this.view);
    const { how, member, before } = this.membership.register(draft, input, now, (arrival) => {
      if (arrival === 'joined') this.room.checkGrowth();
      else if (arrival !== 'repeated') this.room.checkChange();
    });
    const news = this.spoken(member.id);
    if (before) this.facts.push({ what: 'replaced', member, before });
    if (how !== 'repeated') {
      this.complaints.forget(member.id);
      this.facts.push({ what: how, member });
      if (how === 'joined' && draft.base.arcs.length === 0) draft.replaceArcs([], [wholeRing(member.id)]);
      else this.takeBack(draft, member.id, input, now);
    }
    const effects = this.commit(draft, now, news);
    if (how === 'restarted' && this.rules.newTermAtRestart) this.assertNoOldRole(draft.base, member.id);
    return { effects, answer: welcome(this.view, member) };
  }

  /** Whoever comes without its identity has not got as far as to be given anything: what it lacks was never there. */
  private takeBack(draft: RingDraft, id: NodeId, { identity, held }: RegisterInput, now: number): void {
    if (identity) this.eviction.noteCopies(draft, id, held);
    const mayDecide = this.decidable(now);
    for (const start of this.eviction.registered(draft, id, mayDecide)) this.returnWaits.set(start, now);
  }

  private assertNoOldRole(before: Ring, id: NodeId): void {
    for (const arc of this.ring.arcs) {
      if (arc.primary !== id || this.eviction.isReturning(arc) || arc.withoutCopy.includes(id)) continue;
      invariant(!before.arcs.includes(arc), 'invariant 4: a restarted process is primary in no older term');
    }
  }

  private checkCaller({ clusterId, known }: Pick<Caller, 'clusterId' | 'known'>, now: number): void {
    const compared = this.rules.versionsNameRuns ? known : { ...known, run: 0n };
    this.lostData.check(this.ring, clusterId, compared, now);
  }

  private renew(now: number, { caller, complaints }: RenewInput): Outcome {
    this.checkCaller(caller, now);
    const draft = new RingDraft(this.view);
    const live = this.membership.renew(draft, caller, now);
    const spoken = live && this.spoken(caller.id);
    const complains =
      live && this.complaints.note(caller.id, complaints, now, (start) => draft.arc(start) !== undefined);
    const effects = this.commit(draft, now, spoken || complains);
    return { effects, answer: this.memberAnswer(live, caller) };
  }

  private leave(now: number, { caller }: LeaveInput): Outcome {
    this.checkCaller(caller, now);
    const draft = new RingDraft(this.view);
    const live = this.membership.renew(draft, caller, now);
    if (live && this.view.member(caller.id)?.state === 'active') this.room.checkChange();
    const leaving = live ? this.membership.leave(draft, caller.id) : undefined;
    if (leaving) this.facts.push({ what: 'leaving', member: leaving });
    const effects = this.commit(draft, now);
    return { effects, answer: this.memberAnswer(live && this.view.member(caller.id) !== undefined, caller) };
  }

  private memberAnswer(live: boolean, caller: Caller): MemberAnswer {
    const replaced = live ? '' : (this.membership.replacedBy(this.view.member(caller.id), caller) ?? '');
    const { stillBecause: undecided, lacking: roomLacking } = this.room;
    return { kind: 'member', live, replaced, undecided, roomLacking, ring: this.since(caller.known) };
  }

  private propose(now: number, { caller, proposal }: ProposeInput): Outcome {
    this.checkCaller(caller, now);
    const draft = new RingDraft(this.view);
    const present = this.membership.isPresent(draft, caller);
    const news = present && this.spoken(caller.id);
    this.checkDecidable(proposal, now);
    if (present) this.room.checkChange();
    const reason =
      propose(draft, caller, proposal, (arc) => this.eviction.isReturning(arc), this.rules) ?? '';
    if (reason !== '') this.facts.push({ what: 'refused', by: caller.id, reason });
    else this.membership.renew(draft, caller, now);
    const effects = this.commit(draft, now, news);
    const ring = this.since(caller.known);
    return { effects, answer: { kind: 'proposal', accepted: reason === '', reason, ring } };
  }

  /** A member has spoken. @returns whether something may have waited for that */
  private spoken(id: NodeId): boolean {
    return this.rollCall.note(id);
  }

  private decidable(now: number): (arc: ArcConfig) => boolean {
    return ({ inSync }) => this.rollCall.mayDecide(inSync, now);
  }

  /** Refused as if nobody had answered: the primary repeats it, and until then whoever it would drop counts. */
  private checkDecidable({ kind, start }: Proposal, now: number): void {
    const arc = this.view.arcAt(start);
    if (kind !== 'drop' || !arc || this.rollCall.mayDecide(arc.inSync, now)) return;
    throw new RingError(
      'UNAVAILABLE',
      `the registry has just started, and not every member of the arc ${formatArc(arc)} has spoken yet`,
    );
  }

  private watch({ watcher, from, clusterId }: WatchInput): RegistryEffect[] {
    const refusal = this.watchRefusal(from, clusterId);
    if (refusal) {
      this.publication.remove(watcher);
      return [{ kind: 'refuse-watch', watcher, code: refusal.code, text: refusal.message }];
    }
    this.publication.add(watcher);
    if (sameKnown(from, knownOf(this.ring))) return [];
    return [{ kind: 'publish', watchers: [watcher], update: this.since(from) }];
  }

  /** A watcher decides nothing, so that what it knows is no evidence; it is shown no ring that it could not follow. */
  private watchRefusal(from: KnownRing, clusterId: string): RingError | undefined {
    const { ring } = this;
    if (clusterId !== '' && clusterId !== ring.clusterId) {
      const text = `the ring of cluster ${excerpt(clusterId)} was asked for, this is cluster ${ring.clusterId}`;
      return new RingError('FAILED_PRECONDITION', text);
    }
    if (!this.lostData.isBehind && isKnown(from, ring)) return undefined;
    const text = `the ring after ${formatKnown(from)} was asked for, this registry has ${formatKnown(knownOf(ring))}`;
    return new RingError('WRONG_REGISTRY', `${text}: one of the two is an old copy that was carried on`);
  }

  private tick(now: number): RegistryEffect[] {
    if (this.lostData.isBehind || this.room.isStill) return [];
    const lateMs = now - this.nextTickAt;
    if (lateMs > Math.max(TICK_LATE_MS_MIN, this.config.parameters.membershipLeaseMs / 2)) {
      this.membership.forgive(now);
      this.facts.push({ what: 'away', forMs: lateMs });
    }
    return this.due(now);
  }

  /** While nothing could be changed nobody was declared dead; that comes now, for those who have not spoken since. */
  private noteRoom(now: number, { room }: RoomInput): RegistryEffect[] {
    const was = this.room.isStill;
    const fact = this.room.note(room);
    if (fact) this.facts.push(fact);
    return was && !this.room.isStill && !this.lostData.isBehind ? this.due(now) : [];
  }

  /** What has fallen due. */
  private due(now: number): RegistryEffect[] {
    const draft = new RingDraft(this.view);
    const dead = this.membership.expire(draft, now);
    for (const member of dead) {
      this.complaints.forget(member.id);
      this.facts.push({ what: 'died', member });
    }
    this.eviction.died(new Set(dead.map((member) => member.id)));
    for (const start of this.returnWaits.take(now)) this.overdue.add(start);
    return this.commit(draft, now, true);
  }

  /**
   * Applies the level-triggered rules and makes the draft the ring. `look`: at a tick, and when a member has spoken,
   * also if nothing has changed. Returns what watchers must hear.
   */
  private commit(draft: RingDraft, now: number, look = false): RegistryEffect[] {
    if (this.room.isStill) {
      invariant(!draft.changed, 'what cannot be saved is not decided');
      return [];
    }
    if (draft.changed || look) {
      const mayDecide = this.decidable(now);
      for (const start of this.eviction.settle(draft, this.overdue, mayDecide, now)) {
        this.returnWaits.delete(start);
        this.overdue.delete(start);
      }
      for (const { arc, to } of this.eviction.missed)
        this.facts.push({ what: 'missed', arc, to, member: this.view.member(arc.primary) as Member });
      for (const member of this.membership.forget(draft, now)) this.facts.push({ what: 'forgotten', member });
      this.noteCopiesReached(draft);
    }
    const next = draft.finish();
    this.keep(next?.ring ?? this.ring);
    if (!next) return [];
    const { change } = next;
    invariant(change.version === change.fromVersion + 1, 'invariant 3: versions count up by one');
    const arcs = change.arcs.map((arc) => arc.start);
    if (arcs.length > 0) this.facts.push({ what: 'changed', version: change.version, arcs });
    const watchers = this.publication.note(change);
    return watchers.length === 0 ? [] : [{ kind: 'publish', watchers, update: { kind: 'change', change } }];
  }

  private noteCopiesReached(draft: RingDraft): void {
    const staying = membersStaying(draft.members());
    for (const arc of draft.arcs()) {
      const reached = this.rules.copiesReachedKept
        ? copiesReached(arc, staying, draft.base.parameters)
        : arc.inSync.length;
      if (reached !== arc.copiesReached) draft.noteReached(arc, reached);
    }
  }

  /** The state to save; the same object as long as nothing durable has changed. */
  private keep(ring: Ring): void {
    const returns = this.eviction.pending();
    const { claims } = this.membership;
    const { state } = this;
    if (ring === state.ring && claims === state.claims && sameItems(returns, state.returns)) return;
    this.state = { ...this.state, ring, returns, claims };
    if (ring !== this.view.ring) this.view = new RingView(ring);
  }

  private since(known: KnownRing): RingUpdate {
    return this.publication.since(known, this.ring);
  }

  /** The effects of a request and its answer, or its refusal. */
  private answered(request: number, decide: () => Outcome): RegistryEffect[] {
    try {
      const { effects, answer } = decide();
      return [...effects, { kind: 'answer', request, answer }];
    } catch (error) {
      if (!(error instanceof RingError)) throw error;
      return [{ kind: 'refuse', request, code: error.code, text: error.message }];
    }
  }
}

interface Outcome {
  readonly effects: RegistryEffect[];
  readonly answer: Extract<RegistryEffect, { kind: 'answer' }>['answer'];
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

function sameItems<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
