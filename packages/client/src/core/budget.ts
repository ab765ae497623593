/** Counts what is outstanding and what is in flight, and compares both with the limits. */

import { invariant } from '@ringkeep/shared/ring/errors';
import type { SessionLimits } from './limits';

export class Budget {
  /** Calls without a result, waiting or in flight, and their bytes. */
  operations = 0;
  private bytes = 0;
  operationsInFlight = 0;
  private bytesInFlight = 0;

  constructor(readonly limits: SessionLimits) {}

  hasRoomFor(bytes: number): boolean {
    return this.operations < this.limits.operationsMax && this.bytes + bytes <= this.limits.bytesMax;
  }

  /** Enough has ended to let in a crowd that found no room. */
  get isHalfEmpty(): boolean {
    return 2 * this.operations <= this.limits.operationsMax && 2 * this.bytes <= this.limits.bytesMax;
  }

  /** Why there is no room, for people. */
  get obstacle(): string {
    return `too much at once: ${this.operations} operations, ${this.bytes} bytes are outstanding`;
  }

  get operationsLeft(): number {
    return this.limits.inFlightOperationsMax - this.operationsInFlight;
  }

  get bytesLeft(): number {
    return this.limits.inFlightBytesMax - this.bytesInFlight;
  }

  /** A call of so many bytes is let in. */
  enter(bytes: number): void {
    this.operations++;
    this.bytes += bytes;
  }

  leave(bytes: number): void {
    this.operations--;
    this.bytes -= bytes;
    invariant(this.operations >= 0 && this.bytes >= 0, 'a call leaves once');
  }

  /** A frame is sent. */
  send(operations: number, bytes: number): void {
    this.operationsInFlight += operations;
    this.bytesInFlight += bytes;
  }

  forget(operations: number, bytes: number): void {
    this.operationsInFlight -= operations;
    this.bytesInFlight -= bytes;
    invariant(this.operationsInFlight >= 0 && this.bytesInFlight >= 0, 'a frame is forgotten once');
  }
}
