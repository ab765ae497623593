/** What is outstanding and what is in flight, held against the limits. */

import { invariant } from '@ringkeep/shared/ring/errors';
import type { Call } from './call';
import type { Frame } from './frame';
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

  /** Enough has ended to let a crowd in that found no room. */
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

  enter(call: Call): void {
    this.operations++;
    this.bytes += call.bytes;
  }

  leave(call: Call): void {
    this.operations--;
    this.bytes -= call.bytes;
    invariant(this.operations >= 0 && this.bytes >= 0, 'a call leaves once');
  }

  send(frame: Frame): void {
    this.operationsInFlight += frame.operations.length;
    this.bytesInFlight += frame.bytes;
  }

  forget(frame: Frame): void {
    this.operationsInFlight -= frame.operations.length;
    this.bytesInFlight -= frame.bytes;
    invariant(this.operationsInFlight >= 0 && this.bytesInFlight >= 0, 'a frame is forgotten once');
  }
}
