/**
 * Operations that cannot continue at present, because they lack an arc that serves, a lease, an owner, or a way to it.
 *
 * Each place where operations wait has its own queue, because the waiting ends differently. The queue of an arc
 * continues when that arc does, the others with a newer ring or when it is time for another try. One queue for all of
 * them would be walked for every reason, and one arc that stands still would leave no room for the others. The limit is
 * the same everywhere.
 */

import { HELD_OPERATIONS_MAX } from '../limits';
import type { PendingOperation } from './pending-operation';

export class HeldOperations {
  private queue: PendingOperation[] = [];

  /** `full`: the error for an operation for which there is no room. */
  constructor(private readonly full: string) {}

  get size(): number {
    return this.queue.length;
  }

  /** @returns false if there was no room: the operation has failed */
  add(operation: PendingOperation): boolean {
    if (this.queue.length >= HELD_OPERATIONS_MAX) {
      operation.fail('RESOURCE_EXHAUSTED', this.full);
      return false;
    }
    this.queue.push(operation);
    return true;
  }

  /** All of them, in the order in which they came. Those that still cannot continue are added again. */
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
