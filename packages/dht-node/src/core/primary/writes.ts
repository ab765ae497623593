/**
 * The writes of one arc in one term, from when they are accepted until their callers hear of them.
 *
 * A write is evaluated and gets its number in the step in which it is accepted. It is `fresh` until it is prepared, and
 * then in the replica's window until it commits. The window is bounded, and a full window refuses instead of waiting,
 * so a refused caller knows that nothing was written.
 */

import type { RingKey, Seq } from '@ringkeep/shared';
import {
  looksAt,
  looksAtTime,
  type OperationOf,
  type OperationResult,
  type Write,
} from '@ringkeep/shared/operations/operation';
import { OperationType, rowOf } from '@ringkeep/shared/operations/catalogue';
import { evaluate, type Circumstances } from '@ringkeep/shared/operations/evaluate';
import { evaluateTransaction } from '@ringkeep/shared/operations/evaluate-transaction';
import type { StoredValue } from '@ringkeep/shared/operations/stored';
import { keysOf, transactionOf } from '@ringkeep/shared/operations/transaction';
import type {
  DiskLimits,
  DiskLog,
  Clocked,
  RingKnowledge,
  RuleSettings,
  StoredCopies,
  TransferSettings,
} from '../context';
import { PREPARE_OPERATIONS_MAX, WINDOW_BYTES_MAX, WINDOW_OPERATIONS_MAX } from '../limits';
import { inMessages } from '../messages';
import type { PendingOperation } from '../operations/pending-operation';
import { DAMAGED, type Entry, type Found } from '../replica/entry-store';
import type { Replica } from '../replica/replica';
import type { Configurations } from './configurations';
import type { Followers } from './followers';
import { Endings } from './endings';
import { LatestValues } from './latest-values';
import { Refusals } from './refusals';
import type { WaitingWrites } from './waiting-writes';
import { writtenEntry } from './written-entry';
import {
  entryBytes,
  isGroup,
  opBytes,
  opOfEntries,
  opsBytes,
  type SequencedOp,
} from '../replica/sequenced-op';

type SingleWrite = Exclude<Write, OperationOf<'transact'>>;

/** What a write is accepted for, and by how many. */
interface ArcOfWrites {
  readonly replica: Replica;
  readonly configurations: Configurations;
  readonly followers: Followers;
}

type WritesContext = RingKnowledge &
  Clocked &
  StoredCopies &
  DiskLog &
  DiskLimits &
  RuleSettings &
  TransferSettings;

export class Writes {
  private readonly replica: Replica;
  private readonly configurations: Configurations;
  private readonly followers: Followers;
  private readonly latest: LatestValues;
  private readonly endings: Endings;
  private readonly refusals: Refusals;
  /** Numbered, and not prepared yet. */
  private fresh: SequencedOp[] = [];
  private windowBytes: number;

  constructor(
    private readonly context: WritesContext,
    { replica, configurations, followers }: ArcOfWrites,
    private readonly waiting: WaitingWrites,
  ) {
    this.replica = replica;
    this.configurations = configurations;
    this.followers = followers;
    this.latest = new LatestValues(context.replicas.entries, replica, () => this.fresh);
    this.endings = new Endings(context, this.latest, (ending) => this.addFresh(ending));
    this.refusals = new Refusals(context, configurations, followers, () => this.isWindowFull());
    this.windowBytes = opsBytes(replica.window);
  }

  /** Nothing is under way. */
  get idle(): boolean {
    return this.underWay === 0;
  }

  // ---- accepting ----

  /** @returns the key whose entry it would have to look at and is damaged: it is then neither accepted nor refused */
  accept(pending: PendingOperation, operation: Write): RingKey | undefined {
    if (!this.refusals.passes(pending, rowOf(operation.type).brings.length > 0)) return undefined;
    if (operation.type === OperationType.transact) return this.acceptTransaction(pending, operation);
    if (looksAtTime(operation) && !this.knowsTime(pending)) return undefined;
    const looks = looksAt(operation);
    const latest = looks === 'unseen' ? undefined : this.endings.presentOf(operation.key);
    if (latest === DAMAGED && looks === 'decides') return operation.key;
    this.acceptSingle(pending, operation, latest);
    return undefined;
  }

  /** Ends a key if its time is over, under the next number. @returns false if it is not, or if the window is full */
  end(key: RingKey): boolean {
    return !this.isWindowFull() && this.endings.end(key);
  }

  /** Numbered and not committed. */
  get underWay(): number {
    return this.replica.window.length + this.fresh.length;
  }

  /** Everything that has a number has one up to this. */
  get lastNumbered(): Seq {
    return this.replica.lastPrepared + this.fresh.length;
  }

  private isWindowFull(): boolean {
    return (
      this.underWay >= WINDOW_OPERATIONS_MAX ||
      this.windowBytes + this.waiting.answerBytes >= WINDOW_BYTES_MAX
    );
  }

  // ---- evaluating, in the step in which the write gets its number ----

  private acceptSingle(pending: PendingOperation, operation: SingleWrite, latest: Found): void {
    const seq = this.lastNumbered + 1;
    // A damaged entry is there all the same, and what is told of it is not its value.
    const present = latest === DAMAGED ? this.context.replicas.entries.raw(operation.key) : latest;
    const { effect, answer } = evaluate(operation, present, seq, this.circumstances);
    const left = effect && this.context.rules.leftBySet(effect, operation, this.latest);
    const entry = left && writtenEntry(operation.key, left, seq);
    this.number(pending, entry, latest === DAMAGED ? PREVIOUS_DAMAGED : answer);
  }

  private acceptTransaction(
    pending: PendingOperation,
    operation: OperationOf<'transact'>,
  ): RingKey | undefined {
    const transaction = transactionOf(operation);
    if ([...transaction.then, ...transaction.else].some(looksAtTime) && !this.knowsTime(pending))
      return undefined;
    const entries = new Map<RingKey, StoredValue | undefined>();
    for (const key of keysOf(transaction)) {
      const latest = this.endings.presentOf(key);
      if (latest === DAMAGED) return key;
      entries.set(key, latest);
    }
    const look = (key: RingKey): StoredValue | undefined => entries.get(key);
    const seq = this.lastNumbered + 1;
    const { effects, answer } = evaluateTransaction(transaction, look, seq, this.circumstances);
    this.number(pending, opOfEntries(effects), answer);
    return undefined;
  }

  private get circumstances(): Circumstances {
    const { clock, parameters: limits } = this.context;
    return { wallMs: clock.wallMs, limits };
  }

  /** @returns false if it has failed: a time from now on would be one from another time on */
  private knowsTime(pending: PendingOperation): boolean {
    const { isSure } = this.context.clock;
    if (!isSure) pending.fail('UNAVAILABLE', TIME_UNKNOWN);
    return isSure;
  }

  private number(pending: PendingOperation, op: SequencedOp, answer: OperationResult): void {
    // From here on it has a seq: a deadline that passes in this very step must not call it not started.
    pending.started = true;
    pending.answer = answer;
    const seq = this.lastNumbered + 1;
    const { rules } = this.context;
    if (op === undefined || !isGroup(op) || rules.isGroupKept()) this.addFresh(op);
    else for (const entry of op.group) this.addFresh(entry);
    if (rules.isAnsweredAtOnce(op !== undefined)) pending.finish(answer);
    this.waiting.add(seq, pending);
  }

  private addFresh(op: SequencedOp): void {
    this.fresh.push(op);
    this.windowBytes += opBytes(op);
  }

  // ---- preparing ----

  /**
   * Whether what was accepted goes now, at the end of a step, as one batch. If more than that is on its way already, it
   * waits for that to commit, together with whatever joins it: a message and a sync cost the same for one operation as
   * for hundreds.
   */
  get areDue(): boolean {
    const { length } = this.fresh;
    return length >= PREPARE_OPERATIONS_MAX || length >= this.replica.window.length;
  }

  /** Writes what is fresh to the log and sends it. @returns whether there was anything */
  prepare(): boolean {
    if (this.fresh.length === 0) return false;
    const parts = inMessages(this.fresh, this.context.transferSizes.messageBytes);
    this.fresh = [];
    for (const ops of parts) {
      const firstSeq = this.replica.lastPrepared + 1;
      this.context.journal.writePrepared({ kind: 'prepare', start: this.replica.start, firstSeq, ops });
      this.followers.prepare(firstSeq, ops);
    }
    return true;
  }

  // ---- outcome ----

  /** These entries, those of the operations up to a number, have gone from the window into the table. */
  committed(entries: readonly Entry[], seq: Seq): void {
    this.latest.committed(entries, seq);
    this.windowBytes -= entryBytes(entries);
  }

  /** Tells the callers of the committed operations from one number to another. */
  answer(first: Seq, last: Seq): void {
    // Replicas may have been dropped since the write was taken: it is not called safe on the few that are left.
    const acknowledges = this.configurations.enoughCopies;
    for (let seq = first; seq <= last; seq++) {
      const pending = this.waiting.at(seq);
      if (acknowledges) pending?.acknowledge();
      else pending?.fail('OUTCOME_UNKNOWN', TOO_FEW_LEFT);
    }
    this.waiting.forgetThrough(last);
  }

  /** The arc has other keys, or its copy other operations, than before. */
  forgetLatest(): void {
    this.latest.forget();
  }

  /** The role ends. @returns those that are not prepared: they are not started after all */
  takeFresh(): readonly PendingOperation[] {
    const first = this.replica.lastPrepared + 1;
    for (const [index, op] of this.fresh.entries()) {
      const operation = this.waiting.at(first + index);
      if (operation) this.context.rules.takenBack(operation, op);
    }
    const operations = this.waiting.takeFrom(first);
    for (const operation of operations) operation.started = false;
    this.fresh = [];
    return operations;
  }
}

const TOO_FEW_LEFT =
  'outcome unknown: the write is on fewer copies than this ring asks for (--min-copies), for others were lost meanwhile';

const PREVIOUS_DAMAGED: OperationResult = {
  ok: false,
  code: 'OUTCOME_UNKNOWN',
  text: 'the write is done, but what it replaced was damaged on the disk and cannot be told',
};

const TIME_UNKNOWN =
  'nothing was written: this node does not know the time of the ring well enough for a time to live; ' +
  'it learns it from the registry';
