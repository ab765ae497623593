/**
 * The primary's role on one arc, for one term: takeover, writes, reads, followers, proposals.
 *
 * Three questions, answered afresh from the configurations each time and never kept incrementally:
 *  - which configurations might be in force (the newest known one and every unsettled proposal's);
 *  - is a write prepared everywhere it must be (commit), is every lease there (read);
 *  - what should change next (arc-decisions.ts).
 *
 * Section numbers are those of docs/PROTOCOL.md:
 *  3.3  an operation commits when every member of every configuration that might be in force has it
 *  3.5  a read is answered under the leases of all of them
 *  6    takeover: wait out what was granted, keep the whole window, align every member, then open
 */

import type { ArcConfig, Bytes, KeyRange, NodeId, Proposal, RingKey, Seq } from '@ringkeep/shared';
import { formatArc } from '@ringkeep/shared/ring/arc';
import { invariant } from '@ringkeep/shared/ring/errors';
import { excerpt } from '@ringkeep/shared/ring/excerpt';
import { rowOf } from '@ringkeep/shared/operations/catalogue';
import { evaluate } from '@ringkeep/shared/operations/evaluate';
import { isWrite } from '@ringkeep/shared/operations/operation';
import { formatPosition } from '@ringkeep/shared/ring/position';
import { seal, valueIn, type StoredValue } from '@ringkeep/shared/operations/stored';
import {
  BEATS_PER_LEASE,
  HELD_OPERATIONS_MAX,
  PREPARE_OPERATIONS_MAX,
  WINDOW_BYTES_MAX,
  WINDOW_OPERATIONS_MAX,
} from '../limits';
import type { NodeContext } from '../context';
import { DAMAGED, type Entry, type Found } from '../replica/entry-store';
import type { FollowerSession } from './follower-session';
import { Followers } from './followers';
import { HeldLeases } from './held-leases';
import { LatestValues } from './latest-values';
import { LevelHold } from './level-hold';
import { repairFrom } from '../replica/mending';
import {
  bytesOf,
  entryBytes,
  inMessages,
  type Acknowledge,
  type ConflictingLog,
  type Damaged,
  type Digests,
  type OpenStream,
  type Repair,
  type SequencedOp,
  type StreamName,
} from '../messages';
import { doneWith, type PendingOperation } from '../operations/pending-operation';
import type { OperationResult } from '@ringkeep/shared/operations';
import { LogComparison } from './log-comparison';
import { Proposals } from './proposals';
import { Repairs } from './repairs';
import type { Replica } from '../replica/replica-store';
import { NO_TERM, RunningHash, type HashPoint } from '../replica/running-hash';
import { WaitingWrites } from './waiting-writes';

type Phase =
  | { readonly kind: 'waiting-out-grants'; readonly until: number }
  | { readonly kind: 'aligning' }
  | { readonly kind: 'open' };

/** Why the arc accepts nothing at present. */
export interface Quiesce {
  readonly since: number;
  /** The upper part of a handover begins here. */
  readonly handover: { readonly at: NodeId; readonly to: NodeId } | undefined;
  proposed: boolean;
}

/** What a role leaves behind when it ends. */
export interface RoleRemains {
  /** In the window: they have a sequence number and may commit yet. */
  readonly inWindow: WaitingWrites;
  /** Not started: to be routed again. */
  readonly notStarted: PendingOperation[];
  /** Streams that outlive the role: none, but where a rule is left out. */
  readonly sessions: readonly FollowerSession[];
}

const TOO_FEW_LEFT =
  'outcome unknown: the write is on fewer copies than this ring asks for (--min-copies), for others were lost meanwhile';

export class ArcPrimary {
  private phase: Phase;
  private quiesceState: Quiesce | undefined;
  readonly followers: Followers;
  private readonly leases = new HeldLeases();
  private readonly proposals: Proposals;
  private readonly comparison: LogComparison;
  private readonly repairs: Repairs;
  private readonly levelHold: LevelHold;
  private readonly latest: LatestValues;
  /** Prepared by this node itself, durably. */
  private ownDurable: Seq = -1;
  /** Numbered, and not prepared yet. */
  private fresh: SequencedOp[] = [];
  private windowBytes = 0;
  private held: PendingOperation[] = [];
  private ended = false;
  private readonly startedAt: number;
  longestPauseMs = 0;

  constructor(
    private readonly context: NodeContext,
    private currentConfig: ArcConfig,
    readonly replica: Replica,
    private readonly waiting = new WaitingWrites(),
  ) {
    invariant(replica.complete, 'only a complete copy becomes primary');
    this.startedAt = context.now;
    this.followers = new Followers(context, replica, (seq) => this.hashAt(seq));
    this.proposals = new Proposals(context, currentConfig);
    this.comparison = new LogComparison(
      context,
      replica,
      () => this.currentConfig,
      this.followers,
      () => this.stop(),
    );
    this.repairs = new Repairs(context, replica);
    this.levelHold = new LevelHold(context);
    this.latest = new LatestValues(context.replicas.entries, replica, () => this.fresh);
    this.windowBytes = entryBytes(replica.window.filter((op) => op !== undefined));
    const until =
      currentConfig.handover || !context.rules.grantsWaitedOut
        ? 0
        : context.grants.grantedUntil(replica.range);
    this.phase = until > context.now ? { kind: 'waiting-out-grants', until } : { kind: 'aligning' };
    context.report({ kind: 'role-taken', arc: currentConfig, term: currentConfig.term });
    const prepared = replica.lastPrepared;
    context.journal.whenPreparedDurable(replica, () => this.preparedHere(prepared));
  }

  get config(): ArcConfig {
    return this.currentConfig;
  }

  get open(): boolean {
    return this.phase.kind === 'open';
  }

  get serving(): boolean {
    return this.open && this.quiesceState === undefined && !this.isStopped;
  }

  get quiesced(): Quiesce | undefined {
    return this.quiesceState;
  }

  /** As many replicas are in sync as the ring asks for to accept writes. */
  get enoughCopies(): boolean {
    if (!this.context.rules.enoughCopiesAsked) return true;
    return this.currentConfig.inSync.length >= this.context.view.copiesToWrite(this.currentConfig);
  }

  /** Nothing proposed that might still come into force. */
  get settled(): boolean {
    return this.proposals.settled;
  }

  get idle(): boolean {
    return this.replica.window.length === 0 && this.fresh.length === 0;
  }

  // ---- which configurations might be in force ----

  /** The members of every configuration that might be in force, this node left out. */
  otherMembers(): ReadonlySet<NodeId> {
    return this.proposals.otherMembers;
  }

  /** The members of the newest configuration known, this node left out. */
  private knownMembers(): Set<NodeId> {
    return new Set(this.currentConfig.inSync.filter((id) => id !== this.context.self));
  }

  // ---- operations ----

  submit(operation: PendingOperation): void {
    if (operation.done) return;
    if (isWrite(operation.operation)) this.write(operation);
    else if (this.mayRead()) this.answerRead(operation);
    else this.hold(operation);
  }

  private answerRead(pending: PendingOperation): void {
    const { operation } = pending;
    const value = this.read(operation.key);
    if (value === DAMAGED) this.readDamaged(pending, operation.key);
    else pending.succeed(evaluate(operation, value).answer);
  }

  /** The value that a key has at this moment; to be asked only while `mayRead`. */
  read(key: RingKey): Bytes | typeof DAMAGED | undefined {
    const { entries } = this.context.replicas;
    const found = entries.get(key);
    if (found === undefined) return undefined;
    if (found !== DAMAGED) return valueIn(found);
    return this.context.rules.damagedNotServed ? DAMAGED : valueIn(entries.raw(key) as StoredValue);
  }

  /** It waits for a member that has the entry undamaged; with one copy nobody has. */
  private readDamaged(pending: PendingOperation, key: RingKey): void {
    this.context.mending.foundKey(key);
    if (this.otherMembers().size > 0) return this.hold(pending);
    pending.fail(
      'UNAVAILABLE',
      'the entry is damaged on the disk of its owner, which has the only copy in sync',
    );
  }

  // ---- damage ----

  /** Asks the followers for ranges of this copy that are damaged. */
  askRepair(ranges: readonly KeyRange[]): void {
    if (this.open) this.repairs.ask(ranges, this.followers.all());
  }

  /** A follower's copy is damaged. */
  answerDamaged(session: FollowerSession, { ranges }: Damaged): void {
    session.send(repairFrom(this.context, ranges, this.replica.committed));
  }

  repair(session: FollowerSession, repair: Repair): void {
    if (this.followers.get(session.follower) !== session) return;
    this.repairs.take(session, repair);
    this.submitHeld();
  }

  private write(pending: PendingOperation): void {
    if (!this.serving) return this.hold(pending);
    if (!this.enoughCopies) return pending.fail('UNAVAILABLE', this.tooFewCopies());
    if (
      this.replica.window.length + this.fresh.length >= WINDOW_OPERATIONS_MAX ||
      this.windowBytes + this.waiting.answerBytes >= WINDOW_BYTES_MAX
    ) {
      return pending.fail(
        'RESOURCE_EXHAUSTED',
        'too many writes of this part of the ring wait for its replicas',
      );
    }
    if (this.context.diskOverloaded)
      return pending.fail('RESOURCE_EXHAUSTED', 'the disk does not keep up with the writes');
    const { brings, entry: looks } = rowOf(pending.operation.type);
    const lacking = brings.length > 0 ? this.roomLacking() : undefined;
    if (lacking !== undefined) return pending.fail('RESOURCE_EXHAUSTED', `nothing was written: ${lacking}`);
    const latest = looks === 'unseen' ? undefined : this.latest.of(pending.operation.key);
    if (latest === DAMAGED && looks === 'decides') return this.readDamaged(pending, pending.operation.key);
    this.number(pending, latest);
  }

  /** Evaluates a write, in the step in which it gets its number. */
  private number(pending: PendingOperation, latest: Found): void {
    const { operation } = pending;
    const present = latest === DAMAGED || latest === undefined ? undefined : valueIn(latest);
    const { effect, answer } = evaluate(operation, present);
    const seq = this.replica.lastPrepared + this.fresh.length + 1;
    const entry = effect && entryOf(operation.key, effect.value, seq);
    // From here on it has a seq: a deadline that passes in this very step must not call it not started.
    pending.started = true;
    pending.answer = latest === DAMAGED ? PREVIOUS_DAMAGED : doneWith(answer);
    this.fresh.push(entry);
    if (entry) this.windowBytes += bytesOf(entry);
    this.waiting.add(seq, pending);
  }

  /**
   * Why nothing new is taken: this node's disk, or that of a member, has no room. A member that is full stays in sync,
   * on what it keeps for that; to drop it would leave the arc with a copy less and fill the next one.
   */
  private roomLacking(): string | undefined {
    if (!this.context.rules.roomAsked) return undefined;
    if (this.context.roomLacking !== undefined) return this.context.roomLacking;
    for (const id of this.otherMembers()) {
      if (this.followers.get(id)?.full === true)
        return `the disk of a replica has no room, at the node ${this.context.view.member(id)?.addr ?? id}`;
    }
    return undefined;
  }

  private tooFewCopies(): string {
    const { view } = this.context;
    const needed = view.copiesToWrite(this.currentConfig);
    const away = view.ring.members.filter(({ state }) => state === 'dead').map(({ addr }) => addr);
    return (
      `nothing was written: ${this.currentConfig.inSync.length} of ${needed} copies needed (--min-copies) are in sync; reads go on. ` +
      `Writes do when a copy is made or ${away.length === 0 ? 'a node is' : `${excerpt(away.join(', '))} is`} back or forgotten`
    );
  }

  /** Rule 3.5; the entries are read by the caller in the same step, hence at the same moment. */
  mayRead(now = this.context.now): boolean {
    if (!this.serving) return false;
    const members = this.context.rules.leasesOfProposedMembers ? this.otherMembers() : this.knownMembers();
    return this.leases.heldOfAll(members, now);
  }

  private hold(operation: PendingOperation): void {
    if (this.isStopped) return operation.fail('UNAVAILABLE', this.comparison.stopText);
    if (this.held.length >= HELD_OPERATIONS_MAX) {
      operation.fail('RESOURCE_EXHAUSTED', 'too many operations wait for this part of the ring to answer');
    } else {
      this.held.push(operation);
    }
  }

  private submitHeld(): void {
    if (!this.serving || this.held.length === 0) return;
    const operations = this.held;
    this.held = [];
    for (const operation of operations) this.submit(operation);
  }

  /**
   * End of a step: what was accepted is written and sent as one batch, unless more than that is on its way
   * already. Then it waits for that to commit, with whatever joins it: a message and a sync cost the same for
   * one operation as for hundreds.
   */
  flush(): void {
    const { length } = this.fresh;
    if (length < PREPARE_OPERATIONS_MAX && length < this.replica.window.length) return;
    this.prepareFresh();
  }

  private prepareFresh(): void {
    if (this.fresh.length === 0) return;
    const parts = inMessages(this.fresh, this.context.transferSizes.messageBytes);
    this.fresh = [];
    for (const ops of parts) {
      const firstSeq = this.replica.lastPrepared + 1;
      this.context.journal.writePrepared({ kind: 'prepare', start: this.replica.start, firstSeq, ops });
      this.followers.prepare(firstSeq, ops);
    }
    const last = this.replica.lastPrepared;
    if (this.context.rules.committedWhenDurable)
      this.context.journal.whenDurable(() => this.preparedHere(last));
    else this.preparedHere(last);
  }

  // ---- commit and takeover ----

  private preparedHere(seq: Seq): void {
    // The disk may answer after the role was lost; what it holds then is for the next primary to commit.
    if (this.ended) return;
    this.ownDurable = Math.max(this.ownDurable, seq);
    this.advance();
  }

  /** Commits what may be committed; opens the term when the takeover is complete. */
  advance(): void {
    if (this.isStopped) return;
    if (this.phase.kind === 'waiting-out-grants') {
      if (this.context.now < this.phase.until) return this.context.wakeAt(this.phase.until);
      this.phase = { kind: 'aligning' };
    }
    let seq = this.ownDurable;
    const members = this.context.rules.committedByAll ? this.otherMembers() : this.knownMembers();
    for (const member of members) seq = Math.min(seq, this.followers.get(member)?.acked ?? -1);
    if (this.phase.kind === 'aligning') {
      if (!this.context.rules.alignedBeforeServing) seq = this.ownDurable;
      if (seq < this.replica.lastPrepared) return;
      this.commit(seq);
      this.skipOverruled();
      this.phase = { kind: 'open' };
      this.replica.hash = new RunningHash(this.currentConfig.term, this.replica.lastPrepared, 0);
      const afterMs = this.context.now - this.startedAt;
      this.context.report({
        kind: 'role-open',
        arc: this.currentConfig,
        term: this.currentConfig.term,
        afterMs,
      });
      this.submitHeld();
    } else {
      this.commit(this.levelHold.limit(seq, (session) => this.isToBeLevel(session, members)));
    }
  }

  /** Commits wait, for a moment, until a follower that keeps pace is level. */
  holdFor(session: FollowerSession): void {
    this.levelHold.begin(session);
  }

  private isToBeLevel(session: FollowerSession, members: ReadonlySet<NodeId>): boolean {
    const { follower } = session;
    return this.followers.get(follower) === session && !members.has(follower);
  }

  /**
   * A person has decided for a log that ends before the arc's last number. The numbers up to there name writes that
   * somebody may have read: they are not given out again, and its followers are told by a transfer.
   */
  private skipOverruled(): void {
    const { seq, term } = this.currentConfig;
    const { start, lastPrepared } = this.replica;
    if (lastPrepared >= seq) return;
    this.context.journal.write({ kind: 'skip', start, seq, term });
    this.ownDurable = seq;
    this.followers.closeAll();
  }

  private commit(seq: Seq): void {
    const first = this.replica.committed + 1;
    if (seq < first) return;
    const entries = this.context.journal.commit(this.replica.start, seq);
    this.latest.committed(entries, seq);
    this.windowBytes -= entryBytes(entries);
    this.repairs.committed(entries);
    this.followers.committed(entries);
    // Replicas may have been dropped since the write was taken: it is not called safe on the few that are left.
    const acknowledges = this.enoughCopies;
    for (let number = first; number <= seq; number++) {
      const pending = this.waiting.at(number);
      if (acknowledges) pending?.acknowledge();
      else pending?.fail('OUTCOME_UNKNOWN', TOO_FEW_LEFT);
    }
    this.waiting.forgetThrough(seq);
    if (this.quiesceState) this.followers.tellCommitPoint();
  }

  // ---- followers ----

  /** A follower of the arc, or of a part of it, opened a stream. */
  openedBy(connection: number, stream: StreamName, open: OpenStream, shared: readonly Seq[]): void {
    this.followers.open(connection, stream, open, shared, this.currentConfig, this.otherMembers());
  }

  /** Anybody may be decided for, member or not, whatever this role thinks of its copy. */
  noteShown(open: OpenStream): void {
    this.comparison.noteShown(open);
  }

  /**
   * Whether a follower may be aligned, started over or released, by the logs that it names.
   * @returns up to where each of them is the same as the one here, or undefined: not now
   */
  admits(open: OpenStream, member: boolean): readonly Seq[] | undefined {
    return this.comparison.admits(open, member, this.open);
  }

  /** An in-sync member whose log is newer: it should be primary. Found by a takeover only. */
  get newerMember(): NodeId | undefined {
    return this.comparison.newerMember;
  }

  isNewer(member: NodeId): boolean {
    return this.comparison.isNewer(member);
  }

  /** Why the arc stands still until somebody decides, or undefined. */
  get stopText(): string | undefined {
    return this.isStopped ? this.comparison.stopText : undefined;
  }

  get isStopped(): boolean {
    return this.comparison.isStopped;
  }

  /** The log that stops the arc. */
  get conflict(): ConflictingLog | undefined {
    return this.replica.conflict;
  }

  /** The arc was stopped, and is no more. */
  resumed(): void {
    if (this.isStopped) return;
    this.context.report({ kind: 'arc-resumed', arc: this.currentConfig });
    this.advance();
    this.submitHeld();
  }

  /** A person has decided for another node's data. @returns why it cannot be, or undefined */
  handOverStopped(node: NodeId): string | undefined {
    const member = this.context.view.member(node);
    if (!member || member.state === 'dead') return `${formatPosition(node)} is no living member`;
    if (!this.comparison.hasWholeCopy(node))
      return `${formatPosition(node)} has not shown a whole copy of ${formatArc(this.config)} here`;
    if (this.phase.kind === 'waiting-out-grants' || !this.settled) return 'not yet: ask again in a moment';
    const { start, epoch, seq } = this.currentConfig;
    const { incarnation, process } = member;
    this.propose({ kind: 'handover', start, epoch, node, incarnation, process, at: start, seq });
    return undefined;
  }

  private stop(): void {
    this.followers.closeAll();
    const held = this.held;
    this.held = [];
    for (const operation of held) this.hold(operation);
  }

  /** While the takeover lasts, that of the term before: with the takeover's end it begins anew. */
  private hashAt(seq: Seq): HashPoint | undefined {
    return this.replica.hashAt(seq) ?? (this.open ? undefined : NO_TERM);
  }

  acknowledge(session: FollowerSession, message: Acknowledge): void {
    if (this.followers.get(session.follower) !== session) return;
    invariant(message.prepared <= this.replica.lastPrepared, 'a follower acknowledges what was sent');
    session.acknowledged(message);
    this.followers.heard(session.follower);
    if (message.live) {
      const { rules, parameters, now } = this.context;
      const countedFrom = rules.leaseFromSending ? message.sentAtMs : now;
      const until = countedFrom + parameters.leaseMs - parameters.leaseMarginMs;
      this.leases.granted(session.follower, message.sentAtMs, until);
    }
    this.advance();
    this.submitHeld();
  }

  /** A follower names digests of what it has. @returns why they cannot be; its stream is closed then */
  compare(session: FollowerSession, digests: Digests): string | undefined {
    const fault = session.compare(digests);
    this.followers.heard(session.follower);
    if (fault !== undefined) this.followers.close(session.follower);
    return fault;
  }

  /** Ends a follower's copy. Only for one that no configuration that might be in force names. */
  release(follower: NodeId): void {
    invariant(!this.otherMembers().has(follower), 'a member is never released');
    this.followers.release(follower);
  }

  // ---- configuration changes ----

  propose(proposal: Proposal): void {
    invariant(
      this.open ||
        proposal.kind === 'drop' ||
        proposal.kind === 'keep' ||
        proposal.kind === 'yield' ||
        this.isStopped ||
        !this.context.rules.openBeforeChanges,
      'only an open primary proposes more than Drop, Keep and Yield',
    );
    this.proposals.propose(proposal);
    if (!this.context.rules.quiescedUntilSettled && this.quiesceState) {
      this.proposals.forget();
      this.unquiesce();
    }
  }

  /** The registry answered (its ring is adopted already); while the epoch is the same nothing is settled. */
  proposalAnswered(accepted: boolean, reason: string): void {
    if (accepted) return this.proposals.accepted();
    this.proposals.refused(reason);
    if (!this.context.rules.settledByHigherEpochOnly) this.forgetProposals();
  }

  /** Silence settles nothing: it is repeated. */
  proposalUnanswered(): void {
    if (!this.context.rules.settledByHigherEpochOnly) this.forgetProposals();
  }

  private forgetProposals(): void {
    this.proposals.forget();
    this.unquiesce();
    this.advance();
    this.submitHeld();
  }

  /** A configuration of the same term with a higher epoch: whatever was proposed is settled. */
  adoptConfig(config: ArcConfig): void {
    invariant(config.epoch >= this.currentConfig.epoch, 'the epoch of an arc never falls');
    this.latest.forget();
    if (config.epoch === this.currentConfig.epoch) {
      // Who has no copy may have changed all the same. It settles nothing.
      this.currentConfig = config;
      return;
    }
    for (const id of config.inSync) {
      if (!this.currentConfig.inSync.includes(id)) this.followers.heard(id);
    }
    this.currentConfig = config;
    this.proposals.settle(config);
    this.unquiesce();
    this.advance();
    this.submitHeld();
  }

  // ---- quiescing ----

  quiesce(handover: Quiesce['handover']): void {
    invariant(this.serving && this.settled, 'a serving arc with nothing unsettled is quiesced');
    this.quiesceState = { since: this.context.now, handover, proposed: false };
    this.prepareFresh();
    this.followers.tellCommitPoint();
  }

  /** Goes on serving; never while a handover or merge might come into force. */
  unquiesce(): void {
    if (!this.quiesceState) return;
    invariant(this.settled, 'an arc stays quiesced until its handover or merge is settled');
    this.notePause();
    this.quiesceState = undefined;
    this.submitHeld();
  }

  private notePause(): void {
    if (!this.quiesceState) return;
    const forMs = this.context.now - this.quiesceState.since;
    this.longestPauseMs = Math.max(this.longestPauseMs, forMs);
    this.context.report({ kind: 'paused', arc: this.currentConfig, forMs });
  }

  // ---- time and end ----

  /** Heartbeats, transfers, repeats; wants to be called again at the times it asks for. */
  tick(): void {
    const { leaseMs, failureTimeoutMs } = this.context.parameters;
    const beatMs = Math.min(leaseMs, failureTimeoutMs) / BEATS_PER_LEASE;
    this.followers.tick(beatMs, this.otherMembers());
    this.proposals.repeat();
    this.advance();
    if (this.held.length > 0) this.held = this.held.filter((operation) => !operation.done);
    this.submitHeld();
  }

  /** The machine slept: no lease held can be relied on, nor one granted on a message from before. */
  voidLeases(): void {
    if (this.context.rules.leasesEndInSleep) this.leases.void(this.context.now);
  }

  end(): RoleRemains {
    this.ended = true;
    this.notePause();
    if (this.context.rules.streamsEndWithRole) this.followers.closeAll();
    const firstFresh = this.replica.lastPrepared + 1;
    const fresh = this.waiting.takeFrom(firstFresh);
    for (const operation of fresh) operation.started = false;
    const notStarted = [...this.held, ...fresh];
    this.held = [];
    this.fresh = [];
    this.context.report({ kind: 'role-lost', arc: this.currentConfig, term: this.currentConfig.term });
    return { inWindow: this.waiting, notStarted, sessions: this.followers.all() };
  }
}

const PREVIOUS_DAMAGED: OperationResult = {
  ok: false,
  code: 'OUTCOME_UNKNOWN',
  text: 'the write is done, but what it replaced was damaged on the disk and cannot be told',
};

/** What a write leaves behind under its number, which is the entry's version. */
function entryOf(key: RingKey, value: Bytes | undefined, seq: Seq): Entry {
  return { key, value: value === undefined ? undefined : seal(key, seq, value) };
}
