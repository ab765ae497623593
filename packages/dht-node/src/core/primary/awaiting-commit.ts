/** Reads that have met what is not committed yet: each is read anew when everything up to its number is. */

import type { Seq } from '@ringkeep/shared';
import { HELD_OPERATIONS_MAX } from '../limits';
import type { PendingOperation } from '../operations/pending-operation';

interface Awaiting {
  readonly seq: Seq;
  readonly operation: PendingOperation;
}

export class AwaitingCommit {
  /** By growing numbers. */
  private queue: Awaiting[] = [];

  /** Call with numbers that do not fall. One for which there is no room has failed. */
  add(seq: Seq, operation: PendingOperation): void {
    if (this.queue.length < HELD_OPERATIONS_MAX) this.queue.push({ seq, operation });
    else operation.fail('RESOURCE_EXHAUSTED', 'too many reads wait for keys to be ended');
  }

  /** Those up to a number; they are not in it afterwards. */
  takeThrough(seq: Seq): PendingOperation[] {
    if (this.queue.length === 0) return [];
    const rest = this.queue.findIndex((awaiting) => awaiting.seq > seq);
    return this.queue.splice(0, rest < 0 ? this.queue.length : rest).map(({ operation }) => operation);
  }

  takeAll(): PendingOperation[] {
    return this.takeThrough(Number.POSITIVE_INFINITY);
  }

  /** Of those whose deadline has passed, or whose caller is gone. */
  forgetDone(): void {
    if (this.queue.length > 0) this.queue = this.queue.filter(({ operation }) => !operation.done);
  }
}
