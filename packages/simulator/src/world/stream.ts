/**
 * A bidirectional stream between two processes, as gRPC provides it: first in first out in each direction, and once a
 * message is lost nothing behind it arrives.
 *
 * A cut connection stalls a direction, as retransmission does. If it stays cut for too long, the stream breaks. Its
 * ends notice that at different times, sometimes seconds apart.
 */

import type { Network, Party } from './network';

/** One end, as the other side of the network sees it. */
export interface StreamEnd {
  receive(bytes: Uint8Array): void;
  /** The stream is over; called once at most. */
  gone(text: string): void;
}

/** Pause between two tries of a stalled direction. */
const RETRY_MS = 40;

/** A message, or the end of the stream. */
type Item = Uint8Array | undefined;

class Direction {
  lastArrivalAt = 0;
  /** What waits while the way is cut, and since when. */
  stalled: { readonly since: number; readonly items: Item[] } | undefined;
}

export class Stream {
  private readonly ends: (StreamEnd | undefined)[];
  private readonly directions = [new Direction(), new Direction()];
  private readonly patienceMs: number;
  /** Nothing can be sent any more. */
  private broken = false;
  /** What was on its way when it broke does not arrive; otherwise it does until the other side learns of it. */
  private lost = false;

  /** Side 0 opens it, side 1 accepts it. */
  constructor(
    private readonly network: Network,
    private readonly parties: readonly [Party, Party],
    opener: StreamEnd,
    accepter: StreamEnd,
  ) {
    this.ends = [opener, accepter];
    this.patienceMs = network.random.between(200, 6_000);
  }

  /** Sends from a side. */
  send(side: 0 | 1, bytes: Uint8Array): void {
    if (this.broken || !this.ends[side]) return;
    if (this.network.breaksHere()) return this.reset(side);
    const lagMs = this.network.lag();
    if (lagMs > 0) this.lag(side, lagMs);
    this.push(side, bytes);
  }

  /** Holds up what a side sends from now on. */
  lag(side: 0 | 1, forMs: number): void {
    const direction = this.directions[side] as Direction;
    direction.lastArrivalAt = Math.max(direction.lastArrivalAt, this.network.timeline.now + forMs);
  }

  /** Breaks. */
  reset(firstToKnow: 0 | 1): void {
    if (!this.broken) this.breakNow('connection reset', firstToKnow);
  }

  /** Who is at the other end. */
  peerOf(side: 0 | 1): Party {
    return this.parties[(1 - side) as 0 | 1];
  }

  /** A side is done with it: it hears nothing any more, the other one learns of it behind what was sent. */
  close(side: 0 | 1): void {
    if (!this.ends[side]) return;
    this.ends[side] = undefined;
    if (!this.broken) this.push(side, undefined);
  }

  /** A side's process died. The other side learns of it soon (its machine still answers) or late. */
  die(side: 0 | 1): void {
    if (!this.ends[side]) return;
    this.ends[side] = undefined;
    this.broken = true;
    this.lost = true;
    this.tellOther(side, 'the process died');
  }

  private push(side: 0 | 1, item: Item): void {
    const direction = this.directions[side] as Direction;
    const { timeline } = this.network;
    if (direction.stalled) {
      direction.stalled.items.push(item);
    } else if (this.network.isSevered(...this.way(side), this.parties[1])) {
      direction.stalled = { since: timeline.now, items: [item] };
      this.tryAgain(side, direction);
    } else {
      const arrivalAt = Math.max(
        direction.lastArrivalAt,
        timeline.now + this.network.delay(...this.way(side)),
      );
      direction.lastArrivalAt = arrivalAt;
      timeline.at(arrivalAt, () => this.arrive(side, item));
    }
  }

  private tryAgain(side: 0 | 1, direction: Direction): void {
    const { timeline, random } = this.network;
    timeline.after(RETRY_MS * (0.5 + random.fraction()), () => {
      const { stalled } = direction;
      if (this.broken || !stalled) return;
      if (!this.network.isSevered(...this.way(side), this.parties[1])) {
        direction.stalled = undefined;
        for (const item of stalled.items) this.push(side, item);
      } else if (timeline.now - stalled.since > this.patienceMs) {
        this.breakNow('connection timed out', side);
      } else {
        this.tryAgain(side, direction);
      }
    });
  }

  private arrive(side: 0 | 1, item: Item): void {
    const other = (1 - side) as 0 | 1;
    const end = this.ends[other];
    if (!end || this.lost) return;
    if (item !== undefined) return end.receive(item);
    this.ends[other] = undefined;
    end.gone('closed by the other side');
  }

  /** Both sides learn of it, one of them perhaps much later. */
  private breakNow(text: string, firstToKnow: 0 | 1): void {
    const { random } = this.network;
    this.broken = true;
    this.lost = random.chance(0.5);
    for (const side of [0, 1] as const) {
      const late = side !== firstToKnow && random.chance(0.3);
      const delayMs = late ? random.between(500, 5_000) : this.network.delay(...this.way(side));
      const behindMs = side === firstToKnow || this.lost ? 0 : this.onItsWayTo(side);
      this.network.timeline.after(Math.max(delayMs, behindMs), () => this.tell(side, text));
    }
  }

  /** How long until all that is on its way to a side has arrived. */
  private onItsWayTo(side: 0 | 1): number {
    const { lastArrivalAt } = this.directions[1 - side] as Direction;
    return Math.max(0, lastArrivalAt - this.network.timeline.now);
  }

  private tellOther(side: 0 | 1, text: string): void {
    const { random } = this.network;
    const delayMs = random.chance(0.7) ? this.network.delay(...this.way(side)) : random.between(500, 5_000);
    this.network.timeline.after(delayMs, () => this.tell((1 - side) as 0 | 1, text));
  }

  private tell(side: 0 | 1, text: string): void {
    const end = this.ends[side];
    this.ends[side] = undefined;
    end?.gone(text);
  }

  private way(side: 0 | 1): [Party, Party] {
    return side === 0 ? [this.parties[0], this.parties[1]] : [this.parties[1], this.parties[0]];
  }
}
