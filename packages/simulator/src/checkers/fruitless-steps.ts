/**
 * Finds cores that want to be called again and again for nothing: steps that only time brought about, that were wanted
 * at once, and that had no effect. A few are harmless (several deadlines at the same moment). Many in a short time are
 * a process that burns a core while it waits.
 */

import type { Failure } from './failure';

/** A wish for the next step counts as one for it at once: a host's timers are no finer. */
const AT_ONCE_MS = 1;
const PERIOD_MS = 1_000;
/** This many in a period are too many. A clock that runs slower than the timer makes one for each deadline: some 50. */
const FRUITLESS_MAX = 300;

export class FruitlessSteps {
  private readonly steps: number[] = [];

  constructor(private readonly name: string) {}

  /** A step was taken. @returns the failure that it makes, together with those before it */
  taken(atMs: number, nextAtMs: number, fruitless: boolean): Failure | undefined {
    if (!fruitless || nextAtMs - atMs >= AT_ONCE_MS) return undefined;
    this.steps.push(atMs);
    if (this.steps.length <= FRUITLESS_MAX) return undefined;
    const first = this.steps.shift() as number;
    if (atMs - first > PERIOD_MS) return undefined;
    const text = `${this.name} asked ${FRUITLESS_MAX} times in ${Math.ceil(atMs - first)} ms to be called at once, and did nothing then`;
    return { checker: 'busy loop', text };
  }
}
