/**
 * Reads everything that the node stores once in a period, one part at a time, so that damage is found while other
 * copies are whole. Otherwise entries that nobody reads would be checked only when the last other copy is gone.
 *
 * It begins anywhere, so a node that is restarted more often than the period still gets to everything.
 */

import type { Logger } from '@ringkeep/process/running';
import type { NodeInput } from './core';
import { NODE_EVENT_LOOP, type EventLoop, type Timer } from './storage/event-loop';
import { PARTS, type NodeStorage } from './storage';

/** How long it may keep the event loop to itself. */
const SLICE_MS = 2;
/** Small parts are read several at a time, no more often than this. */
const TURN_MS_MIN = 20;

export class Scrub {
  readonly name = 'scrub';
  private timer: Timer | undefined;
  private next: number;
  private dueParts = 0;

  /** @param firstPart where it begins, from 0 on and below PARTS */
  constructor(
    private readonly storage: Pick<NodeStorage, 'examine'>,
    private readonly periodMs: number,
    firstPart: number,
    private readonly post: (input: NodeInput) => void,
    private readonly log: Pick<Logger, 'error'>,
    private readonly eventLoop: EventLoop = NODE_EVENT_LOOP,
  ) {
    this.next = firstPart;
    if (periodMs > 0) this.wait();
  }

  stop(): void {
    this.eventLoop.cancel(this.timer);
  }

  private wait(): void {
    const turnMs = Math.max(TURN_MS_MIN, this.periodMs / PARTS);
    this.timer = this.eventLoop.later(turnMs, () => this.turn(turnMs), true);
  }

  private turn(turnMs: number): void {
    this.dueParts = Math.min(PARTS, this.dueParts + (PARTS * turnMs) / this.periodMs);
    const until = performance.now() + SLICE_MS;
    for (; this.dueParts >= 1 && performance.now() < until; this.dueParts--) this.examine();
    this.wait();
  }

  private examine(): void {
    const part = this.next;
    this.next = (part + 1) % PARTS;
    const { damaged, missing } = this.storage.examine(part);
    if (damaged.length > 0) this.post({ kind: 'damaged', ranges: damaged });
    else if (missing !== 0) {
      const what = `${Math.abs(missing)} ${missing > 0 ? 'are missing' : 'are too many'}`;
      this.log.error(`the table does not hold the keys that were written to it: ${what}`, { part });
    }
  }
}
