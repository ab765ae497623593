/** Who waits for which write of an arc. Sequence numbers come without gaps, so it is a queue and no look-up. */

import type { Seq } from '@ringkeep/shared';
import type { PendingOperation } from '../operations/pending-operation';

export class WaitingWrites {
  /** Of the first in the queue. */
  private first: Seq = 0;
  private queue: (PendingOperation | undefined)[] = [];

  /** To be called in the order of the numbers; nobody waits for one that is left out. */
  add(seq: Seq, operation: PendingOperation): void {
    if (this.queue.length === 0) this.first = seq;
    while (this.first + this.queue.length < seq) this.queue.push(undefined);
    this.queue.push(operation);
  }

  at(seq: Seq): PendingOperation | undefined {
    return this.queue[seq - this.first];
  }

  /** Of the operations up to a number. */
  forgetThrough(seq: Seq): void {
    this.queue.splice(0, Math.max(0, seq + 1 - this.first));
    this.first = Math.max(this.first, seq + 1);
  }

  /** Those from a number on; they are not in it afterwards. */
  takeFrom(seq: Seq): PendingOperation[] {
    return present(this.queue.splice(Math.max(0, seq - this.first)));
  }

  /** All of them; none is in it afterwards. */
  takeAll(): PendingOperation[] {
    return present(this.queue.splice(0));
  }

  /** The same queue for the next term; this one is empty afterwards. */
  handOver(): WaitingWrites {
    const next = new WaitingWrites();
    next.first = this.first;
    next.queue = this.queue;
    this.queue = [];
    return next;
  }
}

function present(operations: readonly (PendingOperation | undefined)[]): PendingOperation[] {
  return operations.filter((operation) => operation !== undefined);
}
