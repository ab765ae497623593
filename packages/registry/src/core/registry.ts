/**
 * The configuration master: one synchronous object that takes inputs and returns effects.
 *
 * It asks other objects, one for each question. Who is a member (membership)? May an arc be changed like this
 * (arc-changes)? Who answers when members die or come back (eviction)? Who must hear of it (publication)? Requests of
 * nodes are answered in member-calls.ts. Each step drafts the next version of the ring and turns it into at most one
 * change (versions.ts).
 *
 * Invariants, asserted at each change:
 *
 * 1. The arcs partition the ring, each primary is in sync, and every node that an arc names is a member.
 * 2. A changed arc has a higher epoch than all that it replaces.
 * 3. Versions count up by one, and the change to a version starts from the version before.
 * 4. A restarted process is primary of nothing in a term from before its registration, except in an arc that is
 *    offline: it waits for its members, or the process has no copy of it and nobody else is there.
 */

import {
  excerpt,
  RingError,
  formatKnown,
  invariant,
  isKnown,
  knownOf,
  sameKnown,
  sameParameters,
  type KnownRing,
  type Ring,
} from '@ringkeep/shared';
import { Collaborators } from './collaborators';
import { checkConfig, type RegistryConfig, type RegistryTools } from './config';
import type { RegistryEffect, RegistryFact } from './effects';
import type { RegistryInput, RoomInput, WatchInput } from './inputs';
import { MemberCalls, type MemberCallOutcome } from './member-calls';
import { RingDraft } from './ring-draft';
import { stateFault, type RegistryState } from './state';
import { Versions } from './versions';

/**
 * A tick that is half a lease late shows that the registry itself was away, stopped or starved. The limit is never less
 * than this, or a busy machine would keep the dead alive.
 */
const TICK_LATE_MS_MIN = 500;

export class RegistryCore {
  private readonly parts: Collaborators;
  private readonly versions: Versions;
  private readonly calls: MemberCalls;
  private facts: RegistryFact[] = [];
  private lastNow: number;

  /** `state` was read from disk, or is a new cluster's and saved. The registry's absence counts against nobody. */
  constructor(
    private readonly config: RegistryConfig,
    tools: RegistryTools,
    state: RegistryState,
    now: number,
  ) {
    checkConfig(config);
    const fault = stateFault(state);
    if (fault !== undefined) throw new RingError('INTERNAL', `the registry's state is damaged: ${fault}`);
    invariant(
      sameParameters(state.ring.parameters, config.parameters),
      'members go by the parameters that are handed out',
    );
    invariant(state.ring.runs.length > 0, 'a start of the registry has its run');
    this.lastNow = now;
    this.parts = new Collaborators(config, tools, state, now, (fact) => this.facts.push(fact));
    this.versions = new Versions(this.parts, state);
    this.calls = new MemberCalls(this.parts, this.versions);
  }

  get ring(): Ring {
    return this.versions.ring;
  }

  /** When the next tick is due; Infinity when nothing is awaited. */
  get nextTickAt(): number {
    if (this.parts.lostData.isBehind || this.parts.room.isStill) return Infinity;
    return Math.min(
      this.parts.membership.nextDeadline,
      this.parts.returnWaits.next,
      this.parts.rollCall.next,
    );
  }

  /** `now` in milliseconds of a clock that never goes back. A `save` comes first among the effects. */
  step(now: number, input: RegistryInput): RegistryEffect[] {
    invariant(now >= this.lastNow, 'time does not go back');
    this.lastNow = now;
    this.facts = [];
    const before = this.versions.state;
    const effects = this.dispatch(now, input);
    const { state } = this.versions;
    const save: RegistryEffect[] = state === before ? [] : [{ kind: 'save', state }];
    const reports = this.facts.map((fact): RegistryEffect => ({ kind: 'report', fact }));
    return [...save, ...effects, ...reports];
  }

  private dispatch(now: number, input: RegistryInput): RegistryEffect[] {
    switch (input.kind) {
      case 'register':
        return this.answered(input.request, () => this.calls.register(now, input));
      case 'renew':
        return this.answered(input.request, () => this.calls.renew(now, input));
      case 'leave':
        return this.answered(input.request, () => this.calls.leave(now, input));
      case 'propose':
        return this.answered(input.request, () => this.calls.propose(now, input));
      case 'owners':
        return this.answered(input.request, () => ({
          effects: [],
          answer: { kind: 'owners', members: this.versions.view.owners() },
        }));
      case 'watch':
        return this.watch(input);
      case 'unwatch':
        this.parts.publication.remove(input.watcher);
        return [];
      case 'room':
        return this.noteRoom(now, input);
      case 'tick':
        return this.tick(now);
    }
  }

  private watch({ watcher, from, clusterId }: WatchInput): RegistryEffect[] {
    const refusal = this.watchRefusal(from, clusterId);
    if (refusal) {
      this.parts.publication.remove(watcher);
      return [{ kind: 'refuse-watch', watcher, code: refusal.code, text: refusal.message }];
    }
    this.parts.publication.add(watcher);
    if (sameKnown(from, knownOf(this.ring))) return [];
    return [{ kind: 'publish', watchers: [watcher], update: this.versions.since(from) }];
  }

  /** A watcher decides nothing, so what it knows is no evidence. It is shown no ring that it could not follow. */
  private watchRefusal(from: KnownRing, clusterId: string): RingError | undefined {
    const { ring } = this;
    if (clusterId !== '' && clusterId !== ring.clusterId) {
      const text = `the ring of cluster ${excerpt(clusterId)} was asked for, this is cluster ${ring.clusterId}`;
      return new RingError('FAILED_PRECONDITION', text);
    }
    if (!this.parts.lostData.isBehind && isKnown(from, ring)) return undefined;
    const text = `the ring after ${formatKnown(from)} was asked for, this registry has ${formatKnown(knownOf(ring))}`;
    return new RingError('WRONG_REGISTRY', `${text}: one of the two is an old copy that was carried on`);
  }

  private tick(now: number): RegistryEffect[] {
    if (this.parts.lostData.isBehind || this.parts.room.isStill) return [];
    const lateMs = now - this.nextTickAt;
    if (lateMs > Math.max(TICK_LATE_MS_MIN, this.config.parameters.membershipLeaseMs / 2)) {
      this.parts.membership.forgive(now);
      this.facts.push({ what: 'away', forMs: lateMs });
    }
    return this.due(now);
  }

  /**
   * While nothing could be changed, nobody was declared dead. That happens now, for members that have not spoken since.
   */
  private noteRoom(now: number, { room }: RoomInput): RegistryEffect[] {
    const was = this.parts.room.isStill;
    const fact = this.parts.room.note(room);
    if (fact) this.facts.push(fact);
    return was && !this.parts.room.isStill && !this.parts.lostData.isBehind ? this.due(now) : [];
  }

  /** What has fallen due. */
  private due(now: number): RegistryEffect[] {
    const draft = new RingDraft(this.versions.view);
    const dead = this.parts.membership.expire(draft, now);
    for (const member of dead) {
      this.parts.complaints.forget(member.id);
      this.facts.push({ what: 'died', member });
    }
    this.parts.eviction.died(new Set(dead.map((member) => member.id)));
    for (const start of this.parts.returnWaits.take(now)) this.versions.waitedEnough(start);
    return this.versions.commit(draft, now, true);
  }

  /** The effects of a request and its answer, or its refusal. */
  private answered(request: number, decide: () => MemberCallOutcome): RegistryEffect[] {
    try {
      const { effects, answer } = decide();
      return [...effects, { kind: 'answer', request, answer }];
    } catch (error) {
      if (!(error instanceof RingError)) throw error;
      return [{ kind: 'refuse', request, code: error.code, text: error.message }];
    }
  }
}
