/**
 * The primary's role on one arc, for one term. It connects the parts, each of which answers one question:
 *
 *   configurations.ts  which configurations might be in force
 *   takeover.ts        may the term be opened                     (docs/PROTOCOL.md, section 6)
 *   log-comparison.ts  is this log the one to go on with
 *   followers.ts       who follows, and up to where
 *   arc-operations.ts  is an operation answered, accepted, held or refused
 *   writes.ts          as what is a write accepted, and what is it told
 *   log-progress.ts    what is to be prepared, committed, answered
 *   commit-point.ts    what is prepared everywhere it must be     (3.3)
 *   reads.ts           what is read, and is every lease there     (3.5)
 *   pauses.ts          is the arc quiesced
 *   arc-feed.ts        who is told what is committed
 *
 * arc-decisions.ts decides what should change next. Anything that may let operations continue (an acknowledgement, a
 * configuration) advances the commit point first, and then submits the held operations.
 */

import type { ArcConfig, KeyRange, Proposal } from '@ringkeep/shared';
import { invariant } from '@ringkeep/shared/ring/errors';
import type {
  DiskLimits,
  DiskLog,
  Granting,
  Outbox,
  Proposing,
  Repairing,
  Reports,
  Clocked,
  RingKnowledge,
  RuleSettings,
  StepTime,
  StoredCopies,
  TransferSettings,
} from '../context';
import type { Acknowledge, Damaged, Repair } from '../messages';
import type { PendingOperation } from '../operations/pending-operation';
import type { Replica } from '../replica/replica';
import { ArcFeed } from '../watches/arc-feed';
import { ArcOperations } from './arc-operations';
import { ArcPages } from './arc-pages';
import { CommitPoint } from './commit-point';
import { Configurations } from './configurations';
import type { FollowerSession } from './follower-session';
import { Followers } from './followers';
import { LogComparison } from './log-comparison';
import { LogProgress } from './log-progress';
import { Pauses, type Quiesce } from './pauses';
import { Reads } from './reads';
import { Repairs } from './repairs';
import { Takeover } from './takeover';
import { WaitingWrites } from './waiting-writes';
import { Writes } from './writes';

/** What a role leaves behind when it ends. */
export interface RoleRemains {
  /** In the window: they have a sequence number and may commit yet. */
  readonly inWindow: WaitingWrites;
  /** Not started: must be routed again. */
  readonly notStarted: PendingOperation[];
  /** Streams that outlive the role: none, but where a rule is left out. */
  readonly sessions: readonly FollowerSession[];
}

export type ArcPrimaryContext = StepTime &
  Clocked &
  RingKnowledge &
  Outbox &
  Reports &
  StoredCopies &
  DiskLog &
  DiskLimits &
  Proposing &
  Granting &
  Repairing &
  RuleSettings &
  TransferSettings;

export class ArcPrimary {
  readonly configurations: Configurations;
  readonly followers: Followers;
  readonly comparison: LogComparison;
  readonly operations: ArcOperations;
  readonly feed: ArcFeed;
  private readonly takeover: Takeover;
  private readonly commitPoint: CommitPoint;
  private readonly pauses: Pauses;
  private readonly reads: Reads;
  private readonly writes: Writes;
  private readonly repairs: Repairs;
  private readonly log: LogProgress;

  constructor(
    private readonly context: ArcPrimaryContext,
    config: ArcConfig,
    readonly replica: Replica,
    private readonly waiting = new WaitingWrites(),
  ) {
    invariant(replica.complete, 'only a complete copy becomes primary');
    const configurations = new Configurations(context, config);
    const takeover = new Takeover(context, config, replica);
    const followers = new Followers(context, { replica, configurations, takeover });
    const arc = { replica, configurations, takeover, followers };
    const comparison = new LogComparison(context, arc, () => this.stop());
    const commitPoint = new CommitPoint(context, configurations, followers);
    const pauses = new Pauses(context);
    const reads = new Reads(context, configurations);
    const pages = new ArcPages(context, configurations, replica);
    const writes = new Writes(context, arc, waiting);
    const repairs = new Repairs(context, replica, followers);
    const served = { ...arc, comparison, pauses, reads, pages, writes };
    const operations = new ArcOperations(context, served);
    this.log = new LogProgress(context, { ...served, commitPoint, repairs, operations });
    this.configurations = configurations;
    this.takeover = takeover;
    this.followers = followers;
    this.comparison = comparison;
    this.commitPoint = commitPoint;
    this.pauses = pauses;
    this.reads = reads;
    this.writes = writes;
    this.repairs = repairs;
    this.operations = operations;
    this.feed = new ArcFeed(context, replica, () => operations.mayRead());
    context.report({ kind: 'role-taken', arc: config, term: config.term });
    this.log.begin();
  }

  // ---- how it stands ----

  get config(): ArcConfig {
    return this.configurations.newest;
  }

  /** The takeover is over. */
  get open(): boolean {
    return this.takeover.isOver;
  }

  get waitsOutGrants(): boolean {
    return this.takeover.waitsOutGrants;
  }

  get serving(): boolean {
    return this.operations.areServed;
  }

  get quiesced(): Quiesce | undefined {
    return this.pauses.present;
  }

  /** Nothing proposed that might still come into force. */
  get settled(): boolean {
    return this.configurations.settled;
  }

  /** No write is under way. */
  get idle(): boolean {
    return this.writes.idle;
  }

  /** Commits and answers whatever it may by now. */
  goOn(): void {
    this.log.advance();
    this.operations.submitHeld();
  }

  // ---- followers ----

  acknowledge(session: FollowerSession, message: Acknowledge): void {
    invariant(message.prepared <= this.replica.lastPrepared, 'a follower acknowledges what was sent');
    session.acknowledged(message);
    this.followers.heard(session.follower);
    if (message.live) this.reads.leaseGranted(session.follower, message.sentAtMs);
    this.goOn();
  }

  /** Commits wait, for a moment, until a follower that keeps pace is level. */
  holdFor(session: FollowerSession): void {
    this.commitPoint.levelHold.begin(session);
  }

  /** Asks the followers for ranges of this copy that are damaged. */
  askRepair(ranges: readonly KeyRange[]): void {
    if (this.open) this.repairs.ask(ranges);
  }

  /** A follower's copy is damaged. */
  answerDamaged(session: FollowerSession, { ranges }: Damaged): void {
    this.repairs.answer(session, ranges);
  }

  repair(session: FollowerSession, repair: Repair): void {
    this.repairs.take(session, repair);
    this.followers.repaired(session);
    this.operations.submitHeld();
  }

  // ---- standing still ----

  private stop(): void {
    this.followers.closeAll();
    this.operations.stop();
  }

  /** The arc was stopped, and is no more. */
  resumed(): void {
    if (this.comparison.isStopped) return;
    this.context.report({ kind: 'arc-resumed', arc: this.config });
    this.takeover.reopen();
    this.goOn();
  }

  // ---- configuration changes ----

  propose(proposal: Proposal): void {
    const { kind } = proposal;
    invariant(
      this.context.rules.mayChangeMembers(this.open) ||
        kind === 'drop' ||
        kind === 'keep' ||
        kind === 'yield' ||
        this.comparison.isStopped,
      'only an open primary proposes more than Drop, Keep and Yield',
    );
    this.configurations.propose(proposal);
    this.context.rules.proposed(this);
  }

  /** The registry answered (its ring is adopted already); while the epoch is the same nothing is settled. */
  proposalAnswered(accepted: boolean, reason: string): void {
    if (accepted) return this.configurations.accepted();
    this.configurations.refused(reason);
    this.proposalUnanswered();
  }

  /** Silence settles nothing: it is repeated. */
  proposalUnanswered(): void {
    this.context.rules.unanswered(this);
  }

  /** A configuration of the same term with a higher epoch: whatever was proposed is settled. */
  adoptConfig(config: ArcConfig): void {
    const before = this.config;
    invariant(config.epoch >= before.epoch, 'the epoch of an arc never falls');
    this.writes.forgetLatest();
    if (config.epoch === before.epoch) return this.configurations.refresh(config);
    for (const id of config.inSync) if (!before.inSync.includes(id)) this.followers.heard(id);
    this.configurations.settle(config);
    this.unquiesce();
    this.goOn();
  }

  quiesce(handover: Quiesce['handover']): void {
    invariant(this.serving && this.settled, 'a serving arc with nothing unsettled is quiesced');
    this.pauses.begin(handover);
    this.log.prepare();
    this.followers.tellCommitPoint();
  }

  /** Goes on serving; never while a handover or merge might come into force. */
  unquiesce(): void {
    if (!this.quiesced) return;
    invariant(this.settled, 'an arc stays quiesced until its handover or merge is settled');
    this.pauses.end(this.config);
    this.operations.submitHeld();
  }

  // ---- time and end ----

  /** End of a step. */
  flush(): void {
    this.log.flush();
    this.feed.flush();
  }

  /** Heartbeats, transfers, repeats; wants to be called again at the times it asks for. */
  tick(): void {
    this.followers.tick();
    this.configurations.repeat();
    this.log.advance();
    this.operations.tick();
  }

  /** The machine slept. */
  voidLeases(): void {
    this.reads.voidLeases();
  }

  end(): RoleRemains {
    this.log.end();
    this.pauses.end(this.config);
    const sessions = this.context.rules.streamsLeftBy(this.followers);
    const notStarted = this.operations.takeNotStarted();
    this.context.report({ kind: 'role-lost', arc: this.config, term: this.config.term });
    return { inWindow: this.waiting, notStarted, sessions };
  }
}
