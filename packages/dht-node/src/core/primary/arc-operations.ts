/**
 * Decides what happens to an operation on an arc of this node: it is answered, accepted, held or refused.
 *
 * Reads need the leases, writes the copies and the room, and both need an arc that serves. An operation that has to
 * wait for one of these is held, and submitted again whenever something has changed; the reason why it waited is not
 * remembered. An operation that would wait in vain, for a person or for a copy that nobody has, is told so at once.
 */

import type { KeyRange, RingKey, Seq } from '@ringkeep/shared';
import { OperationType } from '@ringkeep/shared/operations/catalogue';
import {
  doneWith,
  isWrite,
  type OperationOf,
  type Read,
  type Write,
} from '@ringkeep/shared/operations/operation';
import { onlyKey } from '@ringkeep/shared/ring/arc';
import { RingError } from '@ringkeep/shared/ring/errors';
import type { Clocked, Repairing, StepTime, StoredCopies } from '../context';
import { HeldOperations } from '../operations/held-operations';
import type { PendingOperation } from '../operations/pending-operation';
import { DAMAGED, type Found } from '../replica/entry-store';
import type { ArcPages } from './arc-pages';
import { AwaitingCommit } from './awaiting-commit';
import type { Replica } from '../replica/replica';
import type { Configurations } from './configurations';
import type { LogComparison } from './log-comparison';
import type { Pauses } from './pauses';
import type { Reads } from './reads';
import { Sweep } from './sweep';
import type { Takeover } from './takeover';
import type { Writes } from './writes';

interface ServedArc {
  readonly replica: Replica;
  readonly configurations: Configurations;
  readonly takeover: Takeover;
  readonly comparison: LogComparison;
  readonly pauses: Pauses;
  readonly reads: Reads;
  readonly pages: ArcPages;
  readonly writes: Writes;
}

export class ArcOperations {
  private readonly configurations: Configurations;
  private readonly takeover: Takeover;
  private readonly comparison: LogComparison;
  private readonly pauses: Pauses;
  private readonly reads: Reads;
  private readonly pages: ArcPages;
  private readonly writes: Writes;
  private readonly sweep: Sweep;
  private readonly awaiting = new AwaitingCommit();
  private readonly held = new HeldOperations('too many operations wait for this part of the ring to answer');

  constructor(
    private readonly context: StepTime & Clocked & StoredCopies & Repairing,
    arc: ServedArc,
  ) {
    this.configurations = arc.configurations;
    this.takeover = arc.takeover;
    this.comparison = arc.comparison;
    this.pauses = arc.pauses;
    this.reads = arc.reads;
    this.pages = arc.pages;
    this.writes = arc.writes;
    this.sweep = new Sweep(context, arc.replica, arc.writes);
  }

  get areServed(): boolean {
    return this.takeover.isOver && this.pauses.present === undefined && !this.comparison.isStopped;
  }

  submit(operation: PendingOperation): void {
    if (operation.done) return;
    if (isWrite(operation.operation)) this.write(operation, operation.operation);
    else if (!this.mayRead()) this.hold(operation);
    else this.answerRead(operation, operation.operation);
  }

  private answerRead(pending: PendingOperation, operation: Read): void {
    if (operation.type === OperationType.scan) return this.answerPage(pending, operation);
    const found = this.reads.entryOf(operation.key);
    if (found === DAMAGED) return this.metDamage(pending, onlyKey(operation.key));
    if (!this.reads.isOver(found)) return this.reads.answer(pending, operation, found);
    // It is read anew when everything that has a number is committed, the deletion included.
    this.writes.end(operation.key);
    this.awaiting.add(this.writes.lastNumbered, pending);
  }

  private answerPage(pending: PendingOperation, operation: OperationOf<'scan'>): void {
    try {
      const dueAtMs = (pending.dueAtMs ??= this.pages.dueAtMs);
      const { page, damaged, over } = this.pages.read(operation, dueAtMs);
      if (over.length > 0) {
        for (const key of over) this.writes.end(key);
        return this.awaiting.add(this.writes.lastNumbered, pending);
      }
      if (page === undefined) return this.metDamage(pending, damaged as KeyRange);
      if (damaged) this.context.mending.found(damaged);
      pending.finish(doneWith(page));
    } catch (error) {
      if (!(error instanceof RingError)) throw error;
      pending.fail(error.code, error.message);
    }
  }

  /** Everything up to there is committed. */
  committed(seq: Seq): void {
    for (const operation of this.awaiting.takeThrough(seq)) this.submit(operation);
  }

  private write(pending: PendingOperation, operation: Write): void {
    if (!this.areServed) return this.hold(pending);
    const damaged = this.writes.accept(pending, operation);
    if (damaged !== undefined) this.metDamage(pending, onlyKey(damaged));
  }

  mayRead(now = this.context.now): boolean {
    return this.areServed && this.reads.areUnderLeases(now);
  }

  /** The entry that a key has at this moment; ask only while `mayRead`. */
  read(key: RingKey): Found {
    return this.reads.entryOf(key);
  }

  /** What was found is no answer before it has been ended. */
  isOver(found: Found): boolean {
    return this.reads.isOver(found);
  }

  /** It waits for a member that has undamaged what it met; with one copy nobody has. */
  private metDamage(pending: PendingOperation, damaged: KeyRange): void {
    this.context.mending.found(damaged);
    if (this.configurations.otherMembers.size > 0) return this.hold(pending);
    pending.fail(
      'UNAVAILABLE',
      'the entry is damaged on the disk of its owner, which has the only copy in sync',
    );
  }

  private hold(operation: PendingOperation): void {
    const { stopText } = this.comparison;
    if (stopText === undefined) this.held.add(operation);
    else operation.fail('UNAVAILABLE', stopText);
  }

  /** Something has changed for which they may have waited. */
  submitHeld(): void {
    if (!this.areServed || this.held.size === 0) return;
    for (const operation of this.held.takeAll()) this.submit(operation);
  }

  /** The arc is stopped: held operations are told so. */
  stop(): void {
    for (const operation of [...this.held.takeAll(), ...this.awaiting.takeAll()]) this.hold(operation);
  }

  tick(): void {
    this.held.forgetDone();
    this.awaiting.forgetDone();
    this.submitHeld();
    if (this.areServed) this.sweep.tick();
  }

  /** The role ends. @returns those that are not started: to be routed again */
  takeNotStarted(): PendingOperation[] {
    return [...this.held.takeAll(), ...this.awaiting.takeAll(), ...this.writes.takeFresh()];
  }
}
