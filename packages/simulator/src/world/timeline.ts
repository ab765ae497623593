/**
 * Virtual time: a queue of events ordered by (time, sequence). Nothing happens but what was scheduled, and
 * the world's clock stands still while an event runs; so a run depends on its seed alone.
 *
 * A binary heap over three parallel arrays: a run has some hundred thousand events.
 */

export type Action = () => void;

export class Timeline {
  /** True time, ms; no process sees it, each has its own drifting clock. */
  now = 0;
  private readonly times: number[] = [];
  private readonly sequences: number[] = [];
  private readonly actions: Action[] = [];
  private lastSequence = 0;

  get waiting(): number {
    return this.times.length;
  }

  /** Runs the action `delayMs` from now, after all that is scheduled for the same time already. */
  after(delayMs: number, action: Action): void {
    this.at(this.now + Math.max(0, delayMs), action);
  }

  at(time: number, action: Action): void {
    this.times.push(Math.max(time, this.now));
    this.sequences.push(++this.lastSequence);
    this.actions.push(action);
    this.up(this.times.length - 1);
  }

  /** Runs what is scheduled up to a time, then stands there. Stops early, and says so, when told to. */
  runUntil(time: number, stopped: () => boolean = () => false): boolean {
    while (this.times.length > 0 && (this.times[0] as number) <= time) {
      if (stopped()) return false;
      this.now = this.times[0] as number;
      const action = this.actions[0] as Action;
      this.removeFirst();
      action();
    }
    if (stopped()) return false;
    this.now = Math.max(this.now, time);
    return true;
  }

  private before(a: number, b: number): boolean {
    const difference = (this.times[a] as number) - (this.times[b] as number);
    return (
      difference < 0 || (difference === 0 && (this.sequences[a] as number) < (this.sequences[b] as number))
    );
  }

  private swap(a: number, b: number): void {
    [this.times[a], this.times[b]] = [this.times[b] as number, this.times[a] as number];
    [this.sequences[a], this.sequences[b]] = [this.sequences[b] as number, this.sequences[a] as number];
    [this.actions[a], this.actions[b]] = [this.actions[b] as Action, this.actions[a] as Action];
  }

  private up(index: number): void {
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.before(index, parent)) return;
      this.swap(index, parent);
      index = parent;
    }
  }

  private removeFirst(): void {
    const last = this.times.length - 1;
    this.swap(0, last);
    this.times.pop();
    this.sequences.pop();
    this.actions.pop();
    for (let index = 0; ;) {
      let least = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < last && this.before(child, least)) least = child;
      }
      if (least === index) return;
      this.swap(index, least);
      index = least;
    }
  }
}
