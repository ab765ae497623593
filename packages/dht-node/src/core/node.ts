/**
 * A node's core: inputs in, effects out. It only connects the parts, each of which has one question:
 *
 *   membership.ts       who am I to the registry
 *   ring-adoption.ts    which ring do I act on
 *   copies.ts           what does a new ring mean for what is on disk
 *   follower-links.ts   what should I follow, and do I
 *   roles.ts            what am I primary of
 *   arc-primary.ts      what do I answer for, and is it enough
 *   arc-decisions.ts    what should change next
 *   inbound-streams.ts  who follows me
 *   queries.ts          where does an operation go
 *   next-hop.ts         whom does it meet on its way
 *
 * A step takes all inputs that are there, then lets each part go on, then writes and sends what the step
 * has brought together: one log batch, one message to each follower, one frame to each node.
 */

import type {
  ClusterParameters,
  KnownRing,
  NodeId,
  Position,
  Proposal,
  Ring,
  RingUpdate,
} from '@ringkeep/shared';
import { arcContains } from '@ringkeep/shared/ring/arc';
import { NOTHING_KNOWN } from '@ringkeep/shared/ring/history';
import { NO_RING } from '@ringkeep/shared/ring/ring';
import { RingView } from '@ringkeep/shared/ring/ring-view';
import { LAZY_FLUSH_MS, TICK_MS_MAX, TRANSFER_SIZES, type TransferSizes } from './limits';
import type { NodeContext } from './context';
import { fitCopies } from './replica/copies';
import type { NodeEffect, NodeEvent } from './effects';
import type { EntryStore } from './replica/entry-store';
import { FollowerLinks } from './follower/follower-links';
import { GrantLedger } from './follower/grant-ledger';
import { InboundStreams } from './primary/inbound-streams';
import type { NodeInput } from './inputs';
import { Journal } from './replica/journal';
import { Membership } from './membership/membership';
import { Mending } from './replica/mending';
import { NextHop } from './routing/next-hop';
import { isSettled, replicaStatuses, type NodeStatus } from './node-status';
import type { PendingOperation } from './operations/pending-operation';
import { Queries } from './operations/queries';
import { Reachability } from './membership/reachability';
import { recoverArc } from './primary/recovery';
import { isOfCopies, type LogRecord, type ReplicaSnapshot } from './replica/records';
import { ReplicaStore } from './replica/replica-store';
import { RingAdoption } from './membership/ring-adoption';
import { Roles } from './primary/roles';
import { ALL_RULES, type ProtocolRules } from './rules';

export interface NodeSettings {
  /** Raised on the disk before the core is made. */
  readonly incarnation: number;
  /** The disk has no identity: no process before this one has been a member. */
  readonly newcomer: boolean;
  /** Random: tells this process from one on a copy of its data folder. */
  readonly process: bigint;
  /** When the process started, ms: it may have granted a lease a moment before. */
  readonly startedAt: number;
  /** Longest lease that the process before this one may have granted, ms. */
  readonly leaseBeforeMs: number;
  /** All of them, but where a simulator leaves one out. */
  readonly rules?: ProtocolRules;
  /** Those that every node has, but where a simulator has few keys. */
  readonly transferSizes?: TransferSizes;
}

export class NodeCore implements NodeContext {
  now: number;
  self: NodeId = 0n as NodeId;
  roomLacking: string | undefined;
  diskOverloaded = false;
  view = new RingView(NO_RING);
  readonly incarnation: number;
  readonly process: bigint;
  readonly replicas: ReplicaStore;
  readonly journal: Journal;
  readonly grants: GrantLedger;
  readonly mending: Mending;
  readonly reachability: Reachability;
  readonly rules: ProtocolRules;
  readonly transferSizes: TransferSizes;
  private readonly membership: Membership;
  private readonly adoption: RingAdoption;
  private readonly links: FollowerLinks;
  private readonly queries: Queries;
  private readonly nextHop: NextHop;
  private readonly inbound: InboundStreams;
  private readonly roles: Roles;
  private effects: NodeEffect[] = [];
  private wake = 0;
  private lazyFlushAt = 0;
  private returned: PendingOperation[] = [];
  private introduced = false;
  private checkpointWanted = false;
  private operationsDiscarded = 0;
  private foundNothing = true;

  constructor(entries: EntryStore, settings: NodeSettings) {
    this.now = settings.startedAt;
    this.incarnation = settings.incarnation;
    this.process = settings.process;
    this.rules = settings.rules ?? ALL_RULES;
    this.transferSizes = settings.transferSizes ?? TRANSFER_SIZES;
    this.replicas = new ReplicaStore(entries);
    this.journal = new Journal(this.replicas, (effect) => this.emit(effect));
    this.grants = new GrantLedger(
      this.rules.startedHasGranted ? settings.startedAt + settings.leaseBeforeMs : settings.startedAt,
    );
    this.reachability = new Reachability(this);
    this.membership = new Membership(this);
    this.adoption = new RingAdoption(this, (ring) => this.act(ring));
    this.links = new FollowerLinks(this);
    this.roles = new Roles(this, () => settings.newcomer && this.blankDisk);
    this.inbound = new InboundStreams(this, (start) => this.roles.at(start));
    this.mending = new Mending(this, (copy, ranges) => {
      const role = this.roles.at(copy.start);
      if (role) role.askRepair(ranges);
      else this.links.askRepair(copy.start, ranges);
    });
    this.nextHop = new NextHop(this);
    this.queries = new Queries(this, this.nextHop, (start) => this.roles.at(start));
  }

  /** Recovery: what the last checkpoint kept; once, before the first step. */
  restore(snapshots: readonly ReplicaSnapshot[], known: KnownRing = NOTHING_KNOWN): void {
    this.foundNothing = snapshots.length === 0;
    this.replicas.restore(snapshots, known);
  }

  /** Recovery: a batch of the log after the checkpoint, in order. */
  replay(records: readonly LogRecord[]): void {
    if (records.some(isOfCopies)) this.foundNothing = false;
    for (const record of records) this.replicas.apply(record);
  }

  /** No process before this one has written of a copy. */
  get blankDisk(): boolean {
    return this.foundNothing;
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
    this.finishStep();
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
      case 'proposal-answer':
        return this.proposalAnswered(input);
      case 'registry-wrong':
      case 'registry-failed': {
        // A process that was never a member has nothing to go on with.
        if (input.kind === 'registry-wrong' && !this.membership.hasRegistered)
          return this.registryRefused(input.call, input.text);
        const trouble = input.kind === 'registry-wrong' ? 'registry-wrong' : 'registry-silent';
        const call = this.membership.failed(input.call, trouble, input.text);
        if (call?.start !== undefined) this.roles.at(call.start)?.proposalUnanswered();
        return;
      }
      case 'registry-reached':
        return this.membership.reached();
      case 'registry-refused':
        return this.registryRefused(input.call, input.text);
      case 'ring':
        return this.update(input.update);
      case 'follower-message':
        return this.inbound.receive(input.connection, input.message);
      case 'follower-gone':
        return this.inbound.gone(input.connection);
      case 'primary-message':
        return this.links.receive(input.connection, input.message);
      case 'primary-gone':
        return this.links.gone(input.connection, input.text);
      case 'round-trip':
        return this.nextHop.measured(input.peer, input.ms);
      case 'dialled':
        return this.reachability.answered(input.node, input.process);
      case 'introduced':
        return this.membership.beat();
      case 'recover': {
        const { request, start, from } = input;
        const refusal = recoverArc(this, start, from, this.roles.at(start));
        return this.journal.whenDurable(() => this.emit({ kind: 'recover-answer', request, refusal }));
      }
      case 'leave':
        return this.membership.leave();
      case 'disk-overloaded':
        this.diskOverloaded = input.overloaded;
        return;
      case 'room':
        if ((this.roomLacking === undefined) !== (input.lacking === undefined))
          this.report({ kind: 'room', lacking: input.lacking });
        this.roomLacking = input.lacking;
        return this.links.reconcile();
      case 'damaged':
        for (const range of input.ranges) this.mending.found(range);
        return;
      case 'suspended':
        for (const primary of this.roles.all()) primary.voidLeases();
        return;
      case 'tick':
        return;
    }
  }

  /** After the inputs of a step: every part goes on, then the step is written and sent. */
  private finishStep(): void {
    if (this.membership.standing === 'member') this.membership.complain(this.links.complaints());
    this.membership.tick();
    if (this.membership.standing === 'member') {
      this.links.tick();
      this.roles.tick();
      this.mending.tick();
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
    this.emit({ kind: 'checkpoint', replicas: this.replicas.snapshot(), known: this.replicas.known });
  }

  private flush(): void {
    this.roles.flush();
    this.links.flush();
    this.queries.flush();
  }

  // ---- the registry ----

  private registered(input: Extract<NodeInput, { kind: 'registered' }>): void {
    if (!this.membership.answered(input.call)) return;
    this.adoption.offer(input.ring);
    // The registry has let this node in without knowing the ring that it knows: it is asked again.
    if (this.adoption.isForeign(input.ring)) return;
    this.self = input.id;
    this.adoption.whenAdopted(() => {
      this.membership.takenIn();
      if (this.membership.leaving) this.membership.leave();
    });
  }

  private memberAnswered(input: Extract<NodeInput, { kind: 'member-answer' }>): void {
    if (!this.membership.answered(input.call)) return;
    if (input.replaced !== '') return this.emit({ kind: 'refused', text: input.replaced });
    this.membership.noteState(input.undecided, input.roomLacking);
    this.update(input.update);
    if (!input.live) this.adoption.whenAdopted(() => this.lostPlace());
  }

  private lostPlace(): void {
    if (this.membership.standing !== 'member') return;
    const forgotten = this.view.member(this.self) === undefined;
    if (this.membership.leaving && forgotten) {
      this.membership.standing = 'left';
      this.emit({ kind: 'left' });
    } else {
      this.membership.standing = 'outside';
      this.membership.beat();
    }
  }

  /** Once its ring is acted on: a refusal is looked at under the ring that explains it. */
  private proposalAnswered(input: Extract<NodeInput, { kind: 'proposal-answer' }>): void {
    const call = this.membership.answered(input.call);
    this.update(input.update, this.rules.wholeVersionsOnly ? undefined : call?.start);
    this.adoption.whenAdopted(() => {
      if (call?.start !== undefined)
        this.roles.at(call.start)?.proposalAnswered(input.accepted, input.reason);
    });
  }

  private registryRefused(call: number, text: string): void {
    const known = this.membership.answered(call);
    if (known?.kind === 'leave') {
      this.membership.stay();
      this.emit({ kind: 'leave-refused', text });
    } else if (known?.kind === 'propose') {
      if (known.start !== undefined) this.roles.at(known.start)?.proposalAnswered(false, text);
    } else if (known) {
      this.emit({ kind: 'refused', text });
    }
  }

  propose(proposal: Proposal): void {
    this.membership.propose(proposal);
  }

  get registeredAt(): number {
    return this.membership.registeredAt;
  }

  get registryAnsweredAt(): number {
    return this.membership.answeredAt;
  }

  get registryDecides(): boolean {
    return this.membership.registryDecides;
  }

  // ---- the ring ----

  /** `alone`: the one arc of it that is taken over; none, but where a rule is left out. */
  private update(update: RingUpdate, alone?: Position): void {
    if (!this.membership.hasRegistered) return;
    const ring = this.adoption.after(update);
    if (ring) this.adoption.offer(alone === undefined ? ring : withOneArc(this.view.ring, ring, alone));
    else this.updateMissed(update);
  }

  /** What came does not continue what is known: the whole ring is asked for, unless it is one of another history. */
  private updateMissed(update: RingUpdate): void {
    if (update.kind === 'ring') this.adoption.offer(update.ring);
    else this.membership.beat();
  }

  adopt(ring: Ring): boolean {
    return this.membership.hasRegistered && this.adoption.offer(ring);
  }

  isForeign(ring: Ring): boolean {
    return this.adoption.isForeign(ring);
  }

  whenAdopted(action: () => void): void {
    this.adoption.whenAdopted(action);
  }

  get adopting(): boolean {
    return this.adoption.underWay;
  }

  get known(): KnownRing {
    return this.adoption.known;
  }

  get parameters(): ClusterParameters {
    return this.view.ring.parameters;
  }

  private act(ring: Ring): void {
    const view = new RingView(ring);
    this.roles.check(view);
    this.view = view;
    fitCopies(this);
    this.returned.push(...this.roles.ringAdopted());
    this.links.reconcile();
    this.introduce();
    this.routeReturned();
    this.queries.ringAdopted();
    this.report({ kind: 'ring-adopted', version: ring.version });
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

  // ---- what the parts ask for ----

  emit(effect: NodeEffect): void {
    if (effect.kind === 'close-follower') this.inbound.closed(effect.connection);
    if (effect.kind === 'discard') this.operationsDiscarded += effect.ops.length;
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
    for (const primary of this.roles.all()) {
      if (arcContains(primary.config, point)) return primary.mayRead(now);
    }
    return false;
  }

  /** How much each table in memory holds; all of them are small once the node is at rest. */
  tableSizes(): Readonly<Record<string, number>> {
    const primaries = this.roles.all();
    return {
      roles: primaries.length,
      inbound: this.inbound.size,
      sessions: primaries.reduce((sum, { followers }) => sum + followers.count, 0),
      ...this.links.tableSizes(),
      ...this.queries.tableSizes(),
      ...this.nextHop.tableSizes(),
      ...this.membership.tableSizes(),
      ...this.reachability.tableSizes(),
      mending: this.mending.size,
    };
  }

  /** This node is primary of the arc that starts there, and answers. */
  serves(start: Position): boolean {
    return this.roles.at(start)?.serving ?? false;
  }

  status(): NodeStatus {
    return {
      id: this.self,
      ring: this.view.ring,
      parameters: this.parameters,
      replicas: replicaStatuses(this, (start) => this.roles.at(start)),
      settled:
        this.membership.standing === 'member' && this.links.allLive && isSettled(this, this.roles.all()),
      entriesReceived: this.links.received,
      roomLacking: this.roomLacking,
      registryTrouble: this.membership.registryTrouble,
      longestPauseMs: this.roles.longestPauseMs,
      operationsDiscarded: this.operationsDiscarded,
      routing: this.nextHop.status(),
    };
  }
}

/** What a node would know that learns of one arc alone: never done, but where a rule is left out. */
function withOneArc(known: Ring, newer: Ring, start: Position): Ring {
  const arc = newer.arcs.find((each) => each.start === start);
  const arcs = known.arcs.map((old) => (arc && old.start === start ? { ...arc, end: old.end } : old));
  return { ...newer, arcs };
}
