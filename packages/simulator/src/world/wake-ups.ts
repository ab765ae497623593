/** When somebody on the network who may stand still wants to be called. */

import type { Timeline } from './timeline';

export class WakeUps {
  private stillUntilMs = 0;

  constructor(private readonly timeline: Timeline) {}

  /** Nothing happens until then, and then all that was to happen meanwhile. */
  standStill(forMs: number): void {
    this.stillUntilMs = Math.max(this.stillUntilMs, this.timeline.now + forMs);
  }

  after(delayMs: number, action: () => void): void {
    const { timeline } = this;
    timeline.at(Math.max(timeline.now + delayMs, this.stillUntilMs), () => {
      if (timeline.now < this.stillUntilMs) this.after(0, action);
      else action();
    });
  }

  /** For somebody who is called once at a time, and says each time when next. */
  alarm(action: () => void): (atMs: number) => void {
    let plannedMs = Infinity;
    return (atMs) => {
      if (atMs >= plannedMs) return;
      plannedMs = atMs;
      this.after(Math.max(0, atMs - this.timeline.now), () => {
        if (plannedMs !== atMs) return;
        plannedMs = Infinity;
        action();
      });
    };
  }
}
