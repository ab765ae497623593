/**
 * One client's connection. Its requests are carried out one after the other, in the order in which they came: what is
 * pipelined may change something (RFC 9112, section 9.3.2). Few of them wait; then the connection is not read.
 */

import type { Socket } from 'node:net';
import type { Holding } from '@ringkeep/process/server';
import type { HttpFault } from './http-fault';
import { FAREWELL_MS, PIPELINED_MAX } from './limits';
import { rawProblem } from './raw-problem';

/** A request and its answer, when it is its turn. */
export interface Turn {
  /** Its body is not complete. */
  readonly isReading: boolean;
  run(): void;
}

/** Bytes of a body that is not complete, of one that is, and of an answer that is not read. */
interface HeldBytes {
  readonly coming: number;
  readonly here: number;
  readonly unread: number;
}

const NOTHING: HeldBytes = { coming: 0, here: 0, unread: 0 };

export class HttpConnection {
  private readonly waiting: Turn[] = [];
  private current: Turn | undefined;
  /** What is not HTTP came behind the requests that wait: nothing more can be read. */
  private fault: HttpFault | undefined;
  private isDraining = false;
  /** The answer that is given now, or was, said that the connection ends: nothing behind it is carried out. */
  private isLast = false;
  private isPaused = false;
  private held: HeldBytes = NOTHING;
  /** Counts what came of all connections: the one with the least was used longest ago. */
  usedAt = 0;

  constructor(
    readonly socket: Socket,
    private readonly holding: Holding,
    private readonly nowMs: () => number,
  ) {
    socket.once('close', () => {
      holding.close();
      this.waiting.length = 0;
    });
  }

  take(turn: Turn): void {
    if (this.fault !== undefined || this.isLast) return;
    this.waiting.push(turn);
    if (this.current === undefined) return this.next();
    if (this.waiting.length < PIPELINED_MAX || this.isPaused) return;
    this.isPaused = true;
    this.socket.pause();
  }

  /** An answer is on its way, or nobody is there to read it. */
  over(turn: Turn): void {
    if (this.current !== turn) return;
    this.current = undefined;
    this.hold(NOTHING);
    this.next();
  }

  /** No request of it is whole and unanswered. */
  get isIdle(): boolean {
    return this.current === undefined && this.fault === undefined;
  }

  /** What has come is no HTTP, or has not come in time. What was asked before it is answered first. */
  refuse(fault: HttpFault): void {
    if (this.fault !== undefined || this.socket.destroyed) return;
    this.fault = fault;
    // Of a request whose body breaks off nothing was started.
    if (this.current === undefined || this.current.isReading) this.endWith(fault);
  }

  /** Answers what has come, then ends. */
  drain(): void {
    this.isDraining = true;
    if (this.current === undefined && this.waiting.length === 0) this.end();
  }

  /** The answer that is given now is the last one. */
  endAfterThis(): void {
    this.isLast = true;
    this.waiting.length = 0;
  }

  /** Asked once for each answer. @returns whether it is the last one */
  endsNow(): boolean {
    if (this.isDraining && this.waiting.length === 0) this.isLast = true;
    return this.isLast;
  }

  /** What it holds from now on, bytes; what is not said stays as it is. */
  hold(changed: Partial<HeldBytes>): void {
    const { held } = this;
    const { coming = held.coming, here = held.here, unread = held.unread } = changed;
    if (coming === held.coming && here === held.here && unread === held.unread) return;
    this.held = { coming, here, unread };
    this.holding.set({ here, there: coming + unread }, this.nowMs());
  }

  moved(): void {
    this.holding.moved(this.nowMs());
  }

  private next(): void {
    if (this.isPaused && this.waiting.length <= PIPELINED_MAX / 2) {
      this.isPaused = false;
      this.socket.resume();
    }
    this.current = this.waiting.shift();
    if (this.current !== undefined) this.current.run();
    else if (this.fault !== undefined) this.endWith(this.fault);
    else if (this.isDraining) this.end();
  }

  /** Of a request that has come in part, the rest may come yet: it could not be answered, so it is not carried out. */
  private end(): void {
    this.isLast = true;
    this.socket.destroySoon();
  }

  private endWith(fault: HttpFault): void {
    const { socket } = this;
    socket.end(rawProblem(fault));
    // One that goes on sending without reading would never notice.
    setTimeout(() => socket.destroy(), FAREWELL_MS).unref();
  }
}
