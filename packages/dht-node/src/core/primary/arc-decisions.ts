/**
 * Decides what should change next on an arc: the primary's half of the reconcile loop. It compares what is desired
 * (from the ring) with what is actual (from the sessions) and makes one change at a time, each safe to propose again:
 * 1. Drop the members that are lost to the arc: until then they hold up every write.
 * 2. Admit a desired replica that is level, or let one that keeps pace become level.
 * 3. Hand the arc, or a newcomer's part of it, to the node whose place it is.
 * 4. Drop and release replicas that are not desired, once all desired ones are in sync.
 * 5. Merge the arc with the one before it if it starts at no member's id.
 */

import { sameNodes, type NodeId } from '@ringkeep/shared';
import { HANDOVER_PAUSE_MS, QUIESCE_MS_MAX, REGISTRY_FRESH_MS, UNHEARD_PER_FAILURE_TIMEOUT } from '../limits';
import type { ArcPrimary } from './arc-primary';
import type {
  Reaching,
  RegistryStanding,
  Repairing,
  RingKnowledge,
  RuleSettings,
  StepTime,
} from '../context';
import { isNewcomer } from '../replica/wanted-copies';
import type { FollowerSession } from './follower-session';
import { areThere, isSpare } from './spare-copies';

export type ArcDecisionsContext = StepTime &
  RingKnowledge &
  RegistryStanding &
  Reaching &
  Repairing &
  RuleSettings;

export class ArcDecisions {
  private handoverNotBefore = 0;
  /** The arc after this one, while the two are quiesced for a merge. */
  private mergingWith: ArcPrimary | undefined;

  constructor(
    private readonly context: ArcDecisionsContext,
    private readonly role: ArcPrimary,
    private readonly roleAt: (start: NodeId) => ArcPrimary | undefined,
  ) {}

  /** Takes at most one step. */
  decide(): void {
    const { role } = this;
    this.endSessions();
    if (role.quiesced && !role.comparison.isStopped) return this.goOnWithQuiesce();
    if (!role.settled) return;
    const newer = role.open ? undefined : role.comparison.newerMember;
    // The registry refuses the dead.
    if (newer !== undefined && this.context.view.member(newer)?.state !== 'dead')
      return role.propose({ kind: 'yield', ...this.onArc(), node: newer });
    if (role.comparison.isStopped) return;
    const lost = role.config.inSync.filter((id) => id !== this.context.self && this.isLost(id));
    if (lost.length > 0) return this.drop(lost);
    const desired = this.context.view.desiredReplicas(role.config, this.context.parameters.replicationFactor);
    // The one change, besides Keep, that a takeover may propose; a handover is over the sooner for it.
    if (!role.open && desired[0] === this.context.self && this.dropUndesired(desired)) return;
    if (!this.context.rules.mayChangeMembers(role.open)) return;
    const joining = desired.find((id) => !role.config.inSync.includes(id) && this.mayBeAdmitted(id));
    if (joining !== undefined && joining !== desired[0]) {
      const { incarnation = 0, process } = role.followers.get(joining) ?? {};
      return role.propose({ kind: 'admit', ...this.onArc(), node: joining, incarnation, process });
    }
    this.holdForOneThatKeepsPace(desired);
    if (this.handOver(desired)) return;
    if (this.dropUndesired(desired)) return;
    this.merge();
  }

  /** Sessions that have come to their end: of followers that are silent, unwanted, or no longer newcomers. */
  private endSessions(): void {
    const { role, context } = this;
    const members = role.configurations.otherMembers;
    for (const session of role.followers.all()) {
      const { follower } = session;
      if (members.has(follower)) continue;
      if (context.now - session.heardAt > context.parameters.failureTimeoutMs) role.followers.close(follower);
      else if (session.coversArc && role.settled && isSpare(context, role, follower))
        role.followers.release(follower);
      else if (!session.coversArc && !isNewcomer(context, role.config, follower))
        role.followers.close(follower);
    }
  }

  private onArc(): { readonly start: NodeId; readonly epoch: number } {
    return { start: this.role.config.start, epoch: this.role.config.epoch };
  }

  private drop(nodes: readonly NodeId[]): void {
    this.role.propose({ kind: 'drop', ...this.onArc(), nodes });
  }

  /**
   * A member that has no copy or an old one, is silent for too long, or is dead by the ring and does not acknowledge. A
   * process that has just registered does not yet believe the ring: after a power cut the others are about to come back
   * with copies as good as its own.
   */
  private isLost(member: NodeId): boolean {
    const { role, context } = this;
    const { followers, config } = role;
    const { leaseMs, failureTimeoutMs } = context.parameters;
    if (role.comparison.isNewer(member)) return false;
    if (config.withoutCopy.includes(member) || followers.hasIncompleteCopy(member)) return true;
    if (!context.rules.mayBeDropped(followers.isHeard(member, Infinity))) return false;
    const silenceMs = followers.silenceOf(member);
    if (silenceMs > UNHEARD_PER_FAILURE_TIMEOUT * failureTimeoutMs) return true;
    if (silenceMs > failureTimeoutMs && !this.mayBeUnheard()) return true;
    return (
      context.view.member(member)?.state === 'dead' &&
      context.now - context.registeredAt > failureTimeoutMs &&
      !followers.isHeard(member, leaseMs / 2)
    );
  }

  /**
   * So many living members are silent that it may be this node that nobody hears: they could have it replaced. If they
   * were dropped first, nobody could ever take the arc from an owner that nobody reaches. A takeover has not heard them
   * yet and drops those that it does not hear, or the role would pass on for ever among nodes that are cut off.
   */
  private mayBeUnheard(): boolean {
    const { role, context } = this;
    const { view, self, parameters } = context;
    if (!role.open) return false;
    const silent = role.config.inSync.filter(
      (id) =>
        id !== self &&
        view.member(id)?.state !== 'dead' &&
        role.followers.silenceOf(id) > parameters.failureTimeoutMs / 2,
    );
    return silent.length > role.config.inSync.length / 2;
  }

  /** Only a follower of the whole arc: whoever is in sync may become primary of all of it. */
  private mayBeAdmitted(node: NodeId): boolean {
    const session = this.role.followers.get(node);
    if (!this.context.rules.followsEnough(session?.coversArc === true)) return false;
    return session?.isLevelAt(this.role.replica.committed) === true;
  }

  /**
   * No follower is level at this instant, and under steady writes perhaps none ever is: commits wait for one for a
   * moment.
   */
  private holdForOneThatKeepsPace([owner, ...others]: readonly NodeId[]): void {
    const { role, context } = this;
    for (const id of others) {
      const session = role.followers.get(id);
      if (id === owner || role.config.inSync.includes(id) || !session) continue;
      if (session.coversArc && context.rules.isHeldFor(session.keepsPace) && role.serving)
        return role.holdFor(session);
    }
  }

  /** It is level, or will be when the arc is quiesced for a moment. */
  private isNearlyLevel(session: FollowerSession | undefined): boolean {
    if (session === undefined) return false;
    return session.isLevelAt(this.role.replica.committed) || session.keepsPace;
  }

  /** Not the dead, none of which is desired: `isLost` says when they are lost to the arc. */
  private dropUndesired(desired: readonly NodeId[]): boolean {
    const { role, context } = this;
    if (!areThere(role, desired)) return false;
    const isKept = (id: NodeId): boolean =>
      context.rules.keptUndesired(context.view.member(id)?.state === 'dead');
    const undesired = role.config.inSync.filter(
      (id) => id !== context.self && !desired.includes(id) && !isKept(id),
    );
    if (undesired.length > 0) this.drop(undesired);
    return undesired.length > 0;
  }

  // ---- handover ----

  private handOver(desired: readonly NodeId[]): boolean {
    const { role, context } = this;
    if (context.now < this.handoverNotBefore || !this.registryIsFresh()) return false;
    if (!role.serving) return false;
    const target = this.newcomer() ?? this.otherOwner(desired);
    if (target === undefined) return false;
    const at = role.followers.get(target)?.coversArc ? role.config.start : target;
    role.quiesce({ at, to: target });
    this.goOnWithQuiesce();
    return true;
  }

  private newcomer(): NodeId | undefined {
    const { reachability, rules } = this.context;
    for (const session of this.role.followers.all()) {
      const { follower } = session;
      if (session.coversArc || !this.isNearlyLevel(session)) continue;
      if (rules.isReached(reachability, follower)) return follower;
      // Others wait for its turn.
      if (rules.isMissed(reachability, follower)) this.role.followers.close(follower);
    }
    return undefined;
  }

  private otherOwner([owner]: readonly NodeId[]): NodeId | undefined {
    const { role, context } = this;
    if (owner === undefined || owner === context.self || !this.isNearlyLevel(role.followers.get(owner)))
      return undefined;
    return context.rules.isReached(context.reachability, owner) ? owner : undefined;
  }

  private registryIsFresh(): boolean {
    const { now, registryAnsweredAt, registryDecides } = this.context;
    return registryDecides && now - registryAnsweredAt <= REGISTRY_FRESH_MS;
  }

  private goOnWithQuiesce(): void {
    const { role, context } = this;
    const quiesce = role.quiesced;
    if (!quiesce || quiesce.proposed) return;
    const expired = context.now - quiesce.since > QUIESCE_MS_MAX;
    if (!quiesce.handover) {
      if (this.mergingWith) this.goOnWithMerge(this.mergingWith, expired);
      return;
    }
    const session = role.followers.get(quiesce.handover.to);
    if (!session || expired) {
      this.handoverNotBefore = context.now + HANDOVER_PAUSE_MS;
      return role.unquiesce();
    }
    context.wakeAt(quiesce.since + QUIESCE_MS_MAX + 1);
    const { lastPrepared, committed } = role.replica;
    if (!role.idle || session.acked !== lastPrepared || session.applied < committed) return;
    quiesce.proposed = true;
    role.propose({
      kind: 'handover',
      ...this.onArc(),
      node: quiesce.handover.to,
      incarnation: session.incarnation,
      process: session.process,
      at: quiesce.handover.at,
      seq: lastPrepared,
    });
  }

  // ---- merge ----

  /** Merges the next arc into this one, when no member's id is its start. */
  private merge(): void {
    const { role, context } = this;
    const upper = this.roleAt(role.config.end);
    if (!upper || upper === role || context.view.member(upper.config.start)) return;
    if (!this.registryIsFresh() || context.now < this.handoverNotBefore) return;
    if (!role.serving || !upper.serving || !role.settled || !upper.settled) return;
    if (!sameNodes(role.config.inSync, upper.config.inSync)) return;
    role.quiesce(undefined);
    upper.quiesce(undefined);
    this.mergingWith = upper;
    this.goOnWithMerge(upper, false);
  }

  private goOnWithMerge(upper: ArcPrimary, expired: boolean): void {
    const { role, context } = this;
    if (this.roleAt(role.config.end) !== upper || expired) {
      this.mergingWith = undefined;
      this.handoverNotBefore = context.now + HANDOVER_PAUSE_MS;
      upper.unquiesce();
      return role.unquiesce();
    }
    if (!role.idle || !upper.idle || !role.quiesced || !upper.quiesced) return;
    role.quiesced.proposed = true;
    upper.quiesced.proposed = true;
    role.propose({
      kind: 'merge',
      ...this.onArc(),
      nextStart: upper.config.start,
      nextEpoch: upper.config.epoch,
      seq: Math.max(role.replica.lastPrepared, upper.replica.lastPrepared),
    });
  }

  /** The epoch of this arc has risen, or the role ends: a handover or merge still pending has failed. */
  settled(): void {
    if (this.role.quiesced) this.handoverNotBefore = this.context.now + HANDOVER_PAUSE_MS;
    const upper = this.mergingWith;
    this.mergingWith = undefined;
    if (upper && this.roleAt(upper.config.start) === upper) upper.unquiesce();
  }
}
