/**
 * Which callers wait for which write of an arc. Sequence numbers come without gaps, so a queue is enough and no look-up
 * is needed.
 */

import type { Seq } from '@ringkeep/shared';
import type { PendingOperation } from '../operations/pending-operation';

export class WaitingWrites {
  /** Of the first in the queue. */
  private first: Seq = 0;
  private queue: (PendingOperation | undefined)[] = [];
  private heldBytes = 0;

  /** Bytes of the answers that wait for their writes to commit. */
  get answerBytes(): number {
    return this.heldBytes;
  }

  /** Call in the order of the numbers; nobody waits for a number that is left out. */
  add(seq: Seq, operation: PendingOperation): void {
    if (this.queue.length === 0) this.first = seq;
    while (this.first + this.queue.length < seq) this.queue.push(undefined);
    this.queue.push(operation);
    this.heldBytes += operation.answerBytes;
  }

  at(seq: Seq): PendingOperation | undefined {
    return this.queue[seq - this.first];
  }

  /** Of the operations up to a number. */
  forgetThrough(seq: Seq): void {
    this.take(0, Math.max(0, seq + 1 - this.first));
    this.first = Math.max(this.first, seq + 1);
  }

  /** Those from a number on; they are not in it afterwards. */
  takeFrom(seq: Seq): PendingOperation[] {
    return this.take(Math.max(0, seq - this.first));
  }

  /** All of them; none is in it afterwards. */
  takeAll(): PendingOperation[] {
    return this.take(0);
  }

  /** The same queue for the next term; this one is empty afterwards. */
  handOver(): WaitingWrites {
    const next = new WaitingWrites();
    next.first = this.first;
    next.queue = this.queue;
    next.heldBytes = this.heldBytes;
    this.queue = [];
    this.heldBytes = 0;
    return next;
  }

  private take(from: number, count = this.queue.length): PendingOperation[] {
    const operations = this.queue.splice(from, count).filter((operation) => operation !== undefined);
    for (const { answerBytes } of operations) this.heldBytes -= answerBytes;
    return operations;
  }
}
