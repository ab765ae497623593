/**
 * Virtual time: a queue of events ordered by (time, sequence). Only scheduled events happen, and the world's clock
 * stands still while an event runs, so a run depends on its seed alone.
 *
 * Storage has promises. Code that settles one, or calls something that may wait for one, says so with `stir`. The clock
 * then stands still until every continuation has run, too. None of them waits for anything but an event of this queue.
 *
 * A binary heap; a run has some ten thousand events.
 */

export type Action = () => void;

interface Event {
  readonly time: number;
  readonly sequence: number;
  readonly action: Action;
}

export class Timeline {
  /** True time, ms; no process sees it, each has its own drifting clock. */
  now = 0;
  private readonly heap: Event[] = [];
  private lastSequence = 0;
  private stirred = false;

  /** Runs the action `delayMs` from now, after all that is scheduled for the same time already. */
  after(delayMs: number, action: Action): void {
    this.at(this.now + Math.max(0, delayMs), action);
  }

  at(time: number, action: Action): void {
    const event: Event = { time: Math.max(time, this.now), sequence: ++this.lastSequence, action };
    const { heap } = this;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(event, heap[parent] as Event)) break;
      heap[index] = heap[parent] as Event;
      index = parent;
    }
    heap[index] = event;
  }

  /** The time of the last event scheduled that comes no later than `limit`. */
  latestUpTo(limit: number): number {
    let latest = this.now;
    for (const { time } of this.heap) if (time > latest && time <= limit) latest = time;
    return latest;
  }

  /** Continuations of promises may be waiting for their turn. */
  stir(): void {
    this.stirred = true;
  }

  /** Runs what is scheduled up to a time, then stands there. Stops early, and says so, when told to. */
  async runUntil(time: number, stopped: () => boolean = () => false): Promise<boolean> {
    for (let first = this.heap[0]; first && first.time <= time; first = this.heap[0]) {
      if (stopped()) return false;
      this.now = first.time;
      this.removeFirst();
      first.action();
      if (this.stirred) await this.comeToRest();
    }
    if (stopped()) return false;
    this.now = Math.max(this.now, time);
    return true;
  }

  private async comeToRest(): Promise<void> {
    this.stirred = false;
    await new Promise((resolve) => setImmediate(resolve));
  }

  private removeFirst(): void {
    const { heap } = this;
    const last = heap.pop() as Event;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Event, heap[child] as Event)) child++;
      if (!before(heap[child] as Event, last)) break;
      heap[index] = heap[child] as Event;
      index = child;
    }
    heap[index] = last;
  }
}

function before(a: Event, b: Event): boolean {
  return a.time < b.time || (a.time === b.time && a.sequence < b.sequence);
}
