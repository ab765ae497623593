/** The effects of a session, gathered until the host takes them. Results go first, because callers may act on them. */

import type { Call } from './call';
import type { Effect, SessionReport } from './effects';

export class Outbox {
  private effects: Effect[] = [];
  private settled: Call[] = [];

  push(effect: Effect): void {
    this.effects.push(effect);
  }

  /** The call has its result. */
  settle(call: Call): void {
    this.settled.push(call);
  }

  report(report: SessionReport): void {
    this.effects.push({ kind: 'report', report });
  }

  take(): readonly Effect[] {
    const { effects, settled } = this;
    if (effects.length > 0) this.effects = [];
    if (settled.length === 0) return effects;
    this.settled = [];
    return [{ kind: 'settle', calls: settled }, ...effects];
  }
}
