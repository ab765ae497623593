/**
 * A node's core: inputs in, effects out. It only connects the parts, each of which has one question:
 *
 *   membership.ts       who am I to the registry
 *   copies.ts           what does a new ring mean for what is on disk
 *   follower-links.ts   what should I follow, and do I
 *   arc-primary.ts      what do I answer for, and is it enough
 *   arc-decisions.ts    what should change next
 *   queries.ts          where does an operation go
 *   next-hop.ts         whom does it meet on its way
 *
 * A step takes all inputs that are there, then lets each part go on, then writes and sends what the step
 * has brought together: one log batch, one message to each follower, one frame to each node.
 */

import {
  arcContains,
  arcsEqual,
  DEFAULT_PARAMETERS,
  formatArc,
  formatPosition,
  invariant,
  NO_RING,
  RingView,
  sameTerm,
  updateRing,
  type Arc,
  type ArcConfig,
  type ClusterParameters,
  type NodeId,
  type Position,
  type Proposal,
  type Ring,
  type RingUpdate,
  type Seq,
} from '@ringkeep/shared';
import { ArcDecisions, wantsCopy } from './arc-decisions';
import { ArcPrimary, type RoleRemains } from './arc-primary';
import { LAZY_FLUSH_MS, TICK_MS_MAX, TRANSFER_SIZES, type TransferSizes } from './config';
import type { NodeContext } from './context';
import { fitCopies } from './copies';
import type { NodeEffect, NodeEvent } from './effects';
import type { EntryStore } from './entry-store';
import { FollowerLinks } from './follower-links';
import { GrantLedger } from './grant-ledger';
import type { NodeInput } from './inputs';
import { Journal } from './journal';
import { Membership } from './membership';
import type { FollowerMessage, OpenStream, PrimaryBody, StreamName } from './messages';
import { Newcomers } from './newcomers';
import { NextHop, type RoutingStatus } from './next-hop';
import type { PendingOperation } from './pending-operation';
import { Queries } from './queries';
import type { LogRecord, ReplicaSnapshot } from './records';
import { ReplicaStore } from './replica-store';
import { ALL_RULES, type ProtocolRules } from './rules';

export interface NodeSettings {
  /** Raised on the disk before the core is made. */
  readonly incarnation: number;
  /** When the process started, ms: it may have granted a lease a moment before. */
  readonly startedAt: number;
  /** Longest lease that the process before this one may have granted, ms. */
  readonly leaseBeforeMs: number;
  /** All of them, but where a simulator leaves one out. */
  readonly rules?: ProtocolRules;
  /** Those that every node has, but where a simulator has few keys. */
  readonly transferSizes?: TransferSizes;
}

/** A description for people and tools. */
export interface NodeStatus {
  readonly id: NodeId;
  readonly ring: Ring;
  readonly parameters: ClusterParameters;
  readonly replicas: readonly {
    readonly range: Arc;
    readonly primary: boolean;
    readonly serving: boolean;
    readonly complete: boolean;
    readonly keys: number;
    readonly bytes: number;
    readonly lastPrepared: Seq;
    readonly committed: Seq;
  }[];
  readonly settled: boolean;
  readonly entriesReceived: number;
  readonly longestPauseMs: number;
  readonly routing: RoutingStatus;
}

interface Role {
  readonly primary: ArcPrimary;
  readonly decisions: ArcDecisions;
}

export class NodeCore implements NodeContext {
  now: number;
  self: NodeId = 0n as NodeId;
  parameters: ClusterParameters = DEFAULT_PARAMETERS;
  view = new RingView(NO_RING);
  readonly incarnation: number;
  readonly replicas: ReplicaStore;
  readonly journal: Journal;
  readonly grants: GrantLedger;
  readonly rules: ProtocolRules;
  readonly transferSizes: TransferSizes;
  private readonly membership: Membership;
  private readonly links: FollowerLinks;
  private readonly queries: Queries;
  private readonly nextHop: NextHop;
  private readonly newcomers: Newcomers;
  private readonly roles = new Map<Position, Role>();
  private readonly inbound = new Map<number, { follower: NodeId; start: Position }>();
  private effects: NodeEffect[] = [];
  private wake = 0;
  private lazyFlushAt = 0;
  private returned: PendingOperation[] = [];
  private longestPauseMs = 0;
  private introduced = false;
  private checkpointWanted = false;
  /** No process before this one has written to its disk. */
  private blankDisk = true;

  constructor(entries: EntryStore, settings: NodeSettings) {
    this.now = settings.startedAt;
    this.incarnation = settings.incarnation;
    this.rules = settings.rules ?? ALL_RULES;
    this.transferSizes = settings.transferSizes ?? TRANSFER_SIZES;
    this.replicas = new ReplicaStore(entries);
    this.journal = new Journal(this.replicas, (effect) => this.emit(effect));
    this.grants = new GrantLedger(
      this.rules.startedHasGranted ? settings.startedAt + settings.leaseBeforeMs : settings.startedAt,
    );
    this.membership = new Membership(this);
    this.links = new FollowerLinks(this);
    this.newcomers = new Newcomers(this);
    this.nextHop = new NextHop(this);
    this.queries = new Queries(this, this.nextHop, (start) => this.roles.get(start)?.primary);
  }

  /** Recovery: what the last checkpoint kept; once, before the first step. */
  restore(snapshots: readonly ReplicaSnapshot[]): void {
    this.blankDisk = snapshots.length === 0;
    this.replicas.restore(snapshots);
  }

  /** Recovery: a batch of the log after the checkpoint, in order. */
  replay(records: readonly LogRecord[]): void {
    this.blankDisk = false;
    for (const record of records) this.replicas.apply(record);
  }

  /** When the next tick is wanted, ms. */
  get nextTickAt(): number {
    return this.wake;
  }

  step(now: number, inputs: readonly NodeInput[]): NodeEffect[] {
    this.now = Math.max(this.now, now);
    this.wake = this.now + TICK_MS_MAX;
    this.effects = [];
    for (const input of inputs) this.handle(input);
    this.goOn();
    return this.effects;
  }

  private handle(input: NodeInput): void {
    switch (input.kind) {
      case 'query':
        return this.queries.accept(input);
      case 'cancel-query':
        return this.queries.cancel(input.request);
      case 'persisted':
        return this.journal.persisted(input.batch);
      case 'checkpoint':
        this.checkpointWanted = true;
        return;
      case 'forward-answer':
        if (input.ring) this.update(input.ring);
        return this.queries.forwardAnswered(input.forward, input.results, input.hops);
      case 'forward-failed':
        return this.queries.forwardFailed(input.forward, input.sent, input.text);
      case 'registered':
        return this.registered(input);
      case 'member-answer':
        return this.memberAnswered(input);
      case 'proposal-answer': {
        const call = this.membership.answered(input.call);
        this.update(input.update, this.rules.wholeVersionsOnly ? undefined : call?.start);
        if (call?.start !== undefined)
          this.roles.get(call.start)?.primary.proposalAnswered(input.accepted, input.reason);
        return;
      }
      case 'registry-wrong':
      case 'registry-failed': {
        // A process that was never a member has nothing to go on with.
        if (input.kind === 'registry-wrong' && !this.membership.hasRegistered)
          return this.registryRefused(input.call, input.text);
        const trouble = input.kind === 'registry-wrong' ? 'registry-wrong' : 'registry-silent';
        const call = this.membership.failed(input.call, trouble, input.text);
        if (call?.start !== undefined) this.roles.get(call.start)?.primary.proposalUnanswered();
        return;
      }
      case 'registry-reached':
        return this.membership.reached();
      case 'registry-refused':
        return this.registryRefused(input.call, input.text);
      case 'ring':
        return this.update(input.update);
      case 'follower-message':
        return this.followerSaid(input.connection, input.message);
      case 'follower-gone':
        return this.followerGone(input.connection);
      case 'primary-message':
        return this.links.receive(input.connection, input.message);
      case 'primary-gone':
        return this.links.gone(input.connection, input.text);
      case 'round-trip':
        return this.nextHop.measured(input.peer, input.ms);
      case 'introduced':
        return this.membership.beat();
      case 'leave':
        return this.membership.leave();
      case 'suspended':
        for (const { primary } of this.roles.values()) primary.voidLeases();
        return;
      case 'tick':
        return;
    }
  }

  /** After the inputs of a step: every part goes on, then the step is written and sent. */
  private goOn(): void {
    this.membership.tick();
    if (this.membership.standing === 'member') {
      this.links.tick();
      for (const role of [...this.roles.values()]) {
        role.primary.tick();
        role.decisions.decide();
      }
    }
    this.queries.tick();
    this.routeReturned();
    this.grants.forgetExpired(this.now);
    this.flush();
    const lazyToo = this.checkpointWanted || this.now >= this.lazyFlushAt;
    if (lazyToo) this.lazyFlushAt = this.now + LAZY_FLUSH_MS;
    this.journal.flush(lazyToo);
    if (this.checkpointWanted) this.checkpoint();
  }

  /**
   * Last in a step: the host freezes the entries as the step leaves them, and the snapshot must be of the
   * same moment. An erasure between the two would be in the entries and not in the snapshot.
   */
  private checkpoint(): void {
    this.checkpointWanted = false;
    this.emit({ kind: 'checkpoint', replicas: this.replicas.snapshot() });
  }

  private flush(): void {
    for (const { primary } of this.roles.values()) primary.flush();
    this.links.flush();
    this.queries.flush();
  }

  // ---- the registry ----

  private registered(input: Extract<NodeInput, { kind: 'registered' }>): void {
    if (!this.membership.answered(input.call)) return;
    this.self = input.id;
    this.parameters = input.parameters;
    this.membership.takenIn();
    this.adopt(input.ring);
    if (this.membership.leaving) this.membership.leave();
  }

  private memberAnswered(input: Extract<NodeInput, { kind: 'member-answer' }>): void {
    if (!this.membership.answered(input.call)) return;
    this.update(input.update);
    if (input.live || this.membership.standing !== 'member') return;
    const forgotten = this.view.member(this.self) === undefined;
    if (this.membership.leaving && forgotten) {
      this.membership.standing = 'left';
      this.emit({ kind: 'left' });
    } else {
      this.membership.standing = 'outside';
      this.membership.beat();
    }
  }

  private registryRefused(call: number, text: string): void {
    const known = this.membership.answered(call);
    if (known?.kind === 'leave') {
      this.membership.stay();
      this.emit({ kind: 'leave-refused', text });
    } else if (known?.kind === 'propose') {
      if (known.start !== undefined) this.roles.get(known.start)?.primary.proposalAnswered(false, text);
    } else if (known) {
      this.emit({ kind: 'refused', text });
    }
  }

  propose(proposal: Proposal): void {
    this.membership.propose(proposal);
  }

  get registryAnsweredAt(): number {
    return this.membership.answeredAt;
  }

  // ---- the ring ----

  /** `alone`: the one arc of it that is taken over; none, but where a rule is left out. */
  private update(update: RingUpdate, alone?: Position): void {
    if (!this.membership.hasRegistered) return;
    const ring = updateRing(this.view.ring, update);
    if (ring) this.adopt(alone === undefined ? ring : withOneArc(this.view.ring, ring, alone));
    else this.membership.beat();
  }

  adopt(ring: Ring): void {
    if (!this.membership.hasRegistered || ring.version <= this.view.version) return;
    if (this.view.ring.clusterId !== '' && ring.clusterId !== this.view.ring.clusterId) return;
    this.checkEpochs(ring);
    this.view = new RingView(ring);
    fitCopies(this);
    const ended = this.endRoles();
    for (const arc of ring.arcs) {
      if (arc.primary === this.self && !this.roles.has(arc.start)) this.takeRole(arc, ended.get(arc.start));
    }
    for (const { inWindow } of ended.values()) {
      for (const operation of inWindow.values()) {
        operation.fail(
          'OUTCOME_UNKNOWN',
          'outcome unknown: the owner of the key changed while the write was under way',
        );
      }
    }
    this.links.reconcile();
    this.introduce();
    this.routeReturned();
    this.queries.ringAdopted();
    this.report({ kind: 'ring-adopted', version: ring.version });
  }

  private checkEpochs(ring: Ring): void {
    const next = new RingView(ring);
    for (const { primary } of this.roles.values()) {
      const arc = next.arcOfPosition(primary.config.start);
      invariant(arc && arc.epoch >= primary.config.epoch, 'for every position the epoch only grows');
    }
  }

  /** Ends the roles that the new ring does not have. @returns what they leave behind, by arc */
  private endRoles(): Map<Position, RoleRemains> {
    const ended = new Map<Position, RoleRemains>();
    for (const [start, { primary, decisions }] of [...this.roles]) {
      const arc = this.view.arcAt(start);
      if (arc && arc.primary === this.self && sameTerm(arc, primary.config)) {
        if (arc.epoch > primary.config.epoch) decisions.settled();
        primary.adoptConfig(arc);
        continue;
      }
      decisions.settled();
      this.roles.delete(start);
      const remains = primary.end();
      this.longestPauseMs = Math.max(this.longestPauseMs, primary.longestPauseMs);
      ended.set(start, remains);
      this.returned.push(...remains.notStarted);
    }
    return ended;
  }

  private takeRole(arc: ArcConfig, former: RoleRemains | undefined): void {
    if (this.blankDisk && isFirstArc(arc) && this.replicas.overlapping(arc).length === 0) {
      this.journal.write({ kind: 'create', range: { start: arc.start, end: arc.end }, complete: true });
    }
    const copy = this.replicas.get(arc.start);
    if (!copy?.complete || !arcsEqual(copy.range, arc)) {
      return this.report({ kind: 'data-missing', arc });
    }
    // The process before this one had the role in this very term, and this one does not know what it proposed.
    if (copy.liveTerm >= arc.term && this.rules.termTakenOnce) return;
    if (arc.handover) invariant(copy.lastPrepared >= arc.seq, `a new primary has all of ${formatArc(arc)}`);
    this.journal.write({ kind: 'live-term', start: copy.start, term: arc.term });
    const waiting = new Map(former?.inWindow);
    former?.inWindow.clear();
    const primary = new ArcPrimary(this, arc, copy, waiting);
    for (const session of former?.sessions ?? [])
      if (session.stream.term === arc.term) primary.sessions.set(session.follower, session);
    const decisions = new ArcDecisions(this, primary, (start) => this.roles.get(start)?.primary);
    this.roles.set(arc.start, { primary, decisions });
    primary.advance();
  }

  private introduce(): void {
    const mine = this.view.arcAt(this.self);
    if (this.introduced || mine?.primary !== this.self) return;
    this.introduced = true;
    this.report({ kind: 'joined', arc: mine });
    const neighbours = this.view.neighbours(this.self);
    if (!neighbours) return;
    this.emit({ kind: 'introduce', to: neighbours.prev, as: 'next' });
    this.emit({ kind: 'introduce', to: neighbours.next, as: 'previous' });
  }

  // ---- followers ----

  private followerSaid(connection: number, message: FollowerMessage): void {
    const { body, stream } = message;
    if (body.kind === 'open') return this.followerOpens(connection, stream, body);
    const known = this.inbound.get(connection);
    if (!known) return;
    const role = this.roles.get(known.start)?.primary;
    const session = role?.sessions.get(known.follower);
    if (role && session?.connection === connection && session.stream.number === stream.number) {
      if (body.kind === 'acknowledge') return role.acknowledge(session, body);
      const fault = role.compare(session, body);
      if (fault !== undefined) this.reportViolation(known.follower, fault);
    }
  }

  private followerOpens(connection: number, stream: StreamName, open: OpenStream): void {
    if (this.rules.openingBringsUpToDate) this.adopt(open.ring);
    const refuse = (body: PrimaryBody): void => {
      this.emit({ kind: 'send-to-follower', connection, message: { stream, sentAtMs: this.now, body } });
      this.emit({ kind: 'close-follower', connection });
    };
    if (open.ring.version < this.view.version && this.rules.openingBringsUpToDate)
      return refuse({ kind: 'adopt', ring: this.view.ring });
    const role = this.roles.get(stream.start)?.primary;
    if (!role || role.config.term !== stream.term || this.isStranger(open)) return refuse({ kind: 'wait' });
    const whole = arcsEqual(open.range, role.config);
    const member = role.otherMembers().has(open.follower);
    // Members alone: whoever lost its disk counts its streams afresh, and may have been given its old place.
    if (member && role.isOvertaken(stream, open.follower) && this.rules.overtakenOpeningsDropped) {
      return this.emit({ kind: 'close-follower', connection });
    }
    if (member ? !whole : !whole && !this.newcomers.mayFollow(role, open)) return refuse({ kind: 'wait' });
    if (!member && whole && !wantsCopy(this, role.config, open.follower)) return refuse({ kind: 'release' });
    const fault = member ? role.copyFault(open) : undefined;
    if (fault !== undefined) {
      this.reportViolation(open.follower, fault);
      return refuse({ kind: 'wait' });
    }
    this.inbound.set(connection, { follower: open.follower, start: stream.start });
    role.openSession(connection, stream, open);
  }

  private reportViolation(by: NodeId, fault: string): void {
    this.report({ kind: 'protocol-violation', text: `${formatPosition(by)}: ${fault}` });
  }

  /** It speaks for another cluster, or for a process of a member that is over. */
  private isStranger({ ring, follower, incarnation }: OpenStream): boolean {
    const member = this.view.member(follower);
    return (
      ring.clusterId !== this.view.ring.clusterId || (member && member.incarnation !== incarnation) === true
    );
  }

  private followerGone(connection: number): void {
    const known = this.inbound.get(connection);
    if (!known) return;
    this.inbound.delete(connection);
    const role = this.roles.get(known.start)?.primary;
    if (role?.sessions.get(known.follower)?.connection !== connection) return;
    if (this.rules.acksOfPresentStreamOnly) role.closeSession(known.follower);
  }

  // ---- what the parts ask for ----

  emit(effect: NodeEffect): void {
    if (effect.kind === 'close-follower') this.inbound.delete(effect.connection);
    this.effects.push(effect);
  }

  report(event: NodeEvent): void {
    this.effects.push({ kind: 'event', event });
  }

  wakeAt(time: number): void {
    this.wake = Math.min(this.wake, Math.max(time, this.now));
  }

  private routeReturned(): void {
    const operations = this.returned;
    this.returned = [];
    for (const operation of operations) this.queries.route(operation);
  }

  // ---- for people and tools ----

  /** True when this process would answer a read at a position at that time, if nothing else happened before. */
  wouldAnswer(point: Position, now: number): boolean {
    for (const { primary } of this.roles.values()) {
      if (arcContains(primary.config, point)) return primary.mayRead(now);
    }
    return false;
  }

  /** How much each table in memory holds; all of them are small once the node is at rest. */
  tableSizes(): Readonly<Record<string, number>> {
    return {
      roles: this.roles.size,
      inbound: this.inbound.size,
      sessions: [...this.roles.values()].reduce((sum, { primary }) => sum + primary.sessions.size, 0),
      ...this.links.tableSizes(),
      ...this.queries.tableSizes(),
      ...this.nextHop.tableSizes(),
      ...this.membership.tableSizes(),
    };
  }

  /** This node is primary of the arc that starts there, and answers. */
  serves(start: Position): boolean {
    return this.roles.get(start)?.primary.serving ?? false;
  }

  status(): NodeStatus {
    return {
      id: this.self,
      ring: this.view.ring,
      parameters: this.parameters,
      replicas: this.replicas.all().map((copy) => {
        const role = this.roles.get(copy.start)?.primary;
        return {
          range: copy.range,
          primary: role !== undefined,
          serving: role?.serving ?? false,
          complete: copy.complete,
          ...this.replicas.size(copy.range),
          lastPrepared: copy.lastPrepared,
          committed: copy.committed,
        };
      }),
      settled: this.settled(),
      entriesReceived: this.links.received,
      longestPauseMs: Math.max(
        this.longestPauseMs,
        ...[...this.roles.values()].map((role) => role.primary.longestPauseMs),
      ),
      routing: this.nextHop.status(),
    };
  }

  /** Nothing is left to do here: the own arc is served, every copy is where it should be and no other is here. */
  private settled(): boolean {
    if (this.membership.standing !== 'member') return false;
    const home = this.view.arcOfPosition(this.self);
    if (!home || (home.primary !== this.self && arcContains(home, this.self))) return false;
    for (const { primary } of this.roles.values()) {
      const desired = this.view.desiredReplicas(primary.config, this.parameters.replicationFactor);
      const asDesired =
        desired.length === primary.config.inSync.length &&
        desired.every((id) => primary.config.inSync.includes(id));
      if (!primary.serving || !primary.settled || !asDesired || desired[0] !== this.self) return false;
      if (this.view.member(primary.config.start) === undefined) return false;
    }
    const wanted = this.view.ring.arcs.filter((arc) => wantsCopy(this, arc, this.self));
    const copies = this.replicas.all();
    return this.links.allLive && copies.every(({ range }) => wanted.some((arc) => arcsEqual(arc, range)));
  }
}

/**
 * The ring's first arc, in which nothing was ever written: whoever is its primary creates it. It may have had a
 * term before, whose process died before it could.
 */
function isFirstArc(arc: ArcConfig): boolean {
  return arc.start === arc.end && arc.seq === 0 && arc.inSync.length === 1;
}

/** What a node would know that learns of one arc alone: never done, but where a rule is left out. */
function withOneArc(known: Ring, newer: Ring, start: Position): Ring {
  const arc = newer.arcs.find((each) => each.start === start);
  const arcs = known.arcs.map((old) => (arc && old.start === start ? { ...arc, end: old.end } : old));
  return { ...newer, arcs };
}
