/**
 * A node's core: inputs in, effects out. It only connects the parts, each of which answers one question:
 *
 *   membership.ts       who am I to the registry
 *   registry-answers.ts what does it tell me
 *   ring-adoption.ts    which ring do I act on
 *   copies.ts           what does a new ring mean for what is on disk
 *   follower-links.ts   what should I follow, and do I
 *   roles.ts            what am I primary of
 *   arc-primary.ts      what becomes of one arc while I am
 *   arc-decisions.ts    what should change next
 *   inbound-streams.ts  who follows me
 *   watches.ts          who is told what is committed
 *   queries.ts          where does an operation go
 *   next-hop.ts         which node is next on its way
 *
 * A step takes all inputs that are there, lets each part continue, and then writes and sends what the step has
 * collected: one log batch, one message to each follower, one frame to each node.
 */

import type { ClusterParameters, KnownRing, NodeId, Proposal, Ring } from '@ringkeep/shared';
import { NOTHING_KNOWN } from '@ringkeep/shared/ring/history';
import { NO_RING } from '@ringkeep/shared/ring/ring';
import { RingView } from '@ringkeep/shared/ring/ring-view';
import type { NodeSettings } from './config';
import type { NodeContext } from './context';
import type { NodeEffect, NodeEvent } from './effects';
import { FollowerLinks } from './follower/follower-links';
import { GrantLedger } from './follower/grant-ledger';
import type { InputHandlers, InputOf, NodeInput } from './inputs';
import { Inspection } from './inspection';
import { LAZY_FLUSH_MS, TICK_MS_MAX, TRANSFER_SIZES, type TransferSizes } from './limits';
import { Introduction } from './membership/introduction';
import { Membership } from './membership/membership';
import { RingClock } from './membership/ring-clock';
import { Reachability } from './membership/reachability';
import { RegistryAnswers } from './membership/registry-answers';
import { RingAdoption } from './membership/ring-adoption';
import type { PendingOperation } from './operations/pending-operation';
import { Queries } from './operations/queries';
import { InboundStreams } from './primary/inbound-streams';
import { recoverArc } from './primary/recovery';
import { Roles } from './primary/roles';
import { fitCopies } from './replica/copies';
import type { EntryStore } from './replica/entry-store';
import { Journal } from './replica/journal';
import { Mending } from './replica/mending';
import { isOfCopies, type LogRecord, type ReplicaSnapshot } from './replica/records';
import { ReplicaStore } from './replica/replica-store';
import { NextHop } from './routing/next-hop';
import { PROTOCOL_RULES, type ProtocolRules } from './rules';

export class NodeCore implements NodeContext {
  now: number;
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
  readonly clock: RingClock;
  readonly inspection: Inspection;
  private readonly membership: Membership;
  private readonly adoption: RingAdoption;
  private readonly registry: RegistryAnswers;
  private readonly introduction: Introduction;
  private readonly links: FollowerLinks;
  private readonly queries: Queries;
  private readonly nextHop: NextHop;
  private readonly inbound: InboundStreams;
  private readonly roles: Roles;
  private effects: NodeEffect[] = [];
  private wake = 0;
  private lazyFlushAt = 0;
  private returned: PendingOperation[] = [];
  private checkpointWanted = false;
  /** No process before this one has written of a copy. */
  blankDisk = true;

  private readonly handlers: InputHandlers = {
    query: (input) => this.queries.accept(input),
    'cancel-query': ({ request }) => this.queries.cancel(request),
    persisted: ({ batch }) => this.journal.persisted(batch),
    checkpoint: () => (this.checkpointWanted = true),
    watch: (input) => this.roles.watches.open(input),
    'watch-taken': ({ watch, bytes }) => this.roles.watches.taken(watch, bytes),
    'close-watch': ({ watch }) => this.roles.watches.close(watch),
    'forward-answer': (input) => this.forwardAnswered(input),
    'forward-failed': ({ forward, sent, text }) => this.queries.forwards.failed(forward, sent, text),
    registered: (input) => this.registry.registered(input),
    'member-answer': (input) => this.registry.ofMember(input),
    'proposal-answer': (input) => this.registry.ofProposal(input),
    'registry-wrong': (input) => this.registry.wrong(input),
    'registry-failed': (input) => this.registry.failed(input),
    'registry-reached': () => this.membership.reached(),
    'registry-refused': (input) => this.registry.refused(input),
    ring: ({ update }) => this.adoption.update(update),
    'follower-message': ({ connection, message }) => this.inbound.receive(connection, message),
    'follower-gone': ({ connection }) => this.inbound.gone(connection),
    'primary-message': ({ connection, message }) => this.links.receive(connection, message),
    'primary-gone': ({ connection, text }) => this.links.gone(connection, text),
    'round-trip': ({ peer, ms }) => this.nextHop.measured(peer, ms),
    dialled: ({ node, process }) => this.reachability.answered(node, process),
    introduced: () => this.membership.beat(),
    recover: (input) => this.recover(input),
    leave: () => this.membership.leave(),
    'disk-overloaded': ({ overloaded }) => (this.diskOverloaded = overloaded),
    room: ({ lacking }) => this.noteRoom(lacking),
    damaged: ({ ranges }) => ranges.forEach((range) => this.mending.found(range)),
    suspended: () => this.roles.slept(),
    tick: () => undefined,
  };

  constructor(entries: EntryStore, settings: NodeSettings) {
    this.now = settings.startedAt;
    this.incarnation = settings.incarnation;
    this.process = settings.process;
    this.rules = settings.rules ?? PROTOCOL_RULES;
    this.transferSizes = settings.transferSizes ?? TRANSFER_SIZES;
    this.replicas = new ReplicaStore(entries, settings.historyBytes, this.rules);
    this.journal = new Journal(this.replicas, (effect) => this.emit(effect));
    this.grants = new GrantLedger(this.rules.grantedBefore(settings.startedAt, settings.leaseBeforeMs));
    this.clock = new RingClock(this, settings.clockDriftMax);
    this.reachability = new Reachability(this);
    this.membership = new Membership(this);
    this.adoption = new RingAdoption(this, this.membership, (ring) => this.act(ring));
    this.introduction = new Introduction(this);
    this.links = new FollowerLinks(this);
    this.roles = new Roles(this, () => settings.newcomer && this.blankDisk, settings.watchesMax);
    const roleAt: Roles['at'] = (start) => this.roles.at(start);
    this.registry = new RegistryAnswers(this, this.membership, this.adoption, roleAt);
    this.inbound = new InboundStreams(this, roleAt);
    this.mending = new Mending(this, (copy, ranges) => {
      const role = this.roles.at(copy.start);
      if (role) role.askRepair(ranges);
      else this.links.askRepair(copy.start, ranges);
    });
    this.nextHop = new NextHop(this);
    this.queries = new Queries(this, this.nextHop, (start) => this.roles.at(start)?.operations);
    const { membership, links, inbound, roles, queries, nextHop } = this;
    this.inspection = new Inspection(this, { membership, links, inbound, roles, queries, nextHop });
  }

  /** Recovery: what the last checkpoint kept; once, before the first step. */
  restore(snapshots: readonly ReplicaSnapshot[], known: KnownRing = NOTHING_KNOWN): void {
    this.blankDisk = snapshots.length === 0;
    this.replicas.restore(snapshots, known);
  }

  /** Recovery: a batch of the log after the checkpoint, in order. */
  replay(records: readonly LogRecord[]): void {
    if (records.some(isOfCopies)) this.blankDisk = false;
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
    for (const input of inputs) (this.handlers[input.kind] as (input: NodeInput) => void)(input);
    this.finishStep();
    return this.effects;
  }

  private forwardAnswered({ forward, results, hops, ring }: InputOf<'forward-answer'>): void {
    if (ring) this.adoption.update(ring);
    this.queries.forwards.answered(forward, results, hops);
  }

  private recover({ request, start, from }: InputOf<'recover'>): void {
    const refusal = recoverArc(this, start, from, this.roles.at(start));
    this.journal.whenDurable(() => this.emit({ kind: 'recover-answer', request, refusal }));
  }

  private noteRoom(lacking: string | undefined): void {
    if ((this.roomLacking === undefined) !== (lacking === undefined)) this.report({ kind: 'room', lacking });
    this.roomLacking = lacking;
    this.links.reconcile();
  }

  private act(ring: Ring): void {
    const view = new RingView(ring);
    this.roles.check(view);
    this.view = view;
    fitCopies(this);
    this.returned.push(...this.roles.ringAdopted());
    this.links.reconcile();
    this.introduction.ringAdopted();
    this.routeReturned();
    this.queries.ringAdopted();
    this.report({ kind: 'ring-adopted', version: ring.version });
  }

  private routeReturned(): void {
    const operations = this.returned;
    this.returned = [];
    for (const operation of operations) this.queries.route(operation);
  }

  /** After the inputs of a step: every part continues, then the step is written and sent. */
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
    this.roles.flush();
    this.links.flush();
    this.queries.flush();
    const lazyToo = this.checkpointWanted || this.now >= this.lazyFlushAt;
    if (lazyToo) this.lazyFlushAt = this.now + LAZY_FLUSH_MS;
    this.journal.flush(lazyToo);
    if (this.checkpointWanted) this.checkpoint();
  }

  /**
   * Last in a step: the host freezes the entries as the step leaves them, and the snapshot must be of the same moment.
   * An erasure in between would be in the entries but not in the snapshot.
   */
  private checkpoint(): void {
    this.checkpointWanted = false;
    this.emit({ kind: 'checkpoint', replicas: this.replicas.snapshot(), known: this.replicas.known });
  }

  // ---- what the parts ask for ----

  get self(): NodeId {
    return this.membership.self;
  }

  get parameters(): ClusterParameters {
    return this.view.ring.parameters;
  }

  get known(): KnownRing {
    return this.adoption.known;
  }

  get adopting(): boolean {
    return this.adoption.underWay;
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

  emit(effect: NodeEffect): void {
    if (effect.kind === 'close-follower') this.inbound.closed(effect.connection);
    if (effect.kind === 'watch-ended') this.roles.watches.forget(effect.watch);
    this.effects.push(effect);
  }

  report(event: NodeEvent): void {
    this.effects.push({ kind: 'event', event });
  }

  wakeAt(time: number): void {
    this.wake = Math.min(this.wake, Math.max(time, this.now));
  }

  propose(proposal: Proposal): void {
    this.membership.propose(proposal);
  }

  adopt(ring: Ring): boolean {
    return this.adoption.hear(ring);
  }

  isForeign(ring: Ring): boolean {
    return this.adoption.isForeign(ring);
  }

  whenAdopted(action: () => void): void {
    this.adoption.whenAdopted(action);
  }
}
