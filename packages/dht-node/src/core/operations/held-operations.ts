/**
 * Operations that can go no further at present: for want of an arc that serves, of a lease, of an owner, or of a way
 * to it.
 *
 * There is a queue wherever one waits, since what ends the waiting differs: each arc's goes on when that arc does, the
 * others with a newer ring or when it is time for another try. One queue for all of them would be gone through for
 * every reason, and one arc that stands still would leave no room to the others. The limit is the same everywhere.
 */

import { HELD_OPERATIONS_MAX } from '../limits';
import type { PendingOperation } from './pending-operation';

export class HeldOperations {
  private queue: PendingOperation[] = [];

  /** `full`: what an operation is told for which there is no room. */
  constructor(private readonly full: string) {}

  get size(): number {
    return this.queue.length;
  }

  /** @returns false where there was no room: it has failed */
  add(operation: PendingOperation): boolean {
    if (this.queue.length >= HELD_OPERATIONS_MAX) {
      operation.fail('RESOURCE_EXHAUSTED', this.full);
      return false;
    }
    this.queue.push(operation);
    return true;
  }

  /** All of them, in the order in which they came; those that still cannot go on are added again. */
  takeAll(): readonly PendingOperation[] {
    const operations = this.queue;
    this.queue = [];
    return operations;
  }

  /** Of those whose deadline has passed, or whose caller is gone. */
  forgetDone(): void {
    if (this.queue.length > 0) this.queue = this.queue.filter((operation) => !operation.done);
  }
}
