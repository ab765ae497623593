/** The ring's time as a node's parts ask for it: in a step it stands still. */

import type { RingKnowledge, StepTime } from '../context';
import { CLOCK_DRIFT_MAX } from '../limits';
import { RingTime } from './ring-time';

export class RingClock {
  private readonly time: RingTime;

  constructor(
    private readonly context: StepTime & RingKnowledge,
    driftMax = CLOCK_DRIFT_MAX,
  ) {
    this.time = new RingTime(driftMax);
  }

  /** Ms since 1970 by the registry's clock, as well as it is known; NaN before it has been heard for the first time. */
  get wallMs(): number {
    return this.time.at(this.context.now);
  }

  /** It is known so well that no two nodes that know it are further apart than the ring allows. */
  get isSure(): boolean {
    return 2 * this.time.doubtMs(this.context.now) <= this.context.parameters.clockSkewMs;
  }

  /** The registry has answered what was sent then; one of an older version tells no time. */
  heard(ringTimeMs: number | undefined, sentAt: number): void {
    if (ringTimeMs !== undefined) this.time.heard(ringTimeMs, sentAt, this.context.now);
  }

  /** The machine slept. */
  forget(): void {
    this.time.forget();
  }
}
