/** The status of a ring over time: each look at it, how long its repair will take, and when it has changed. */

import { setTimeout as pause } from 'node:timers/promises';
import { RepairPace, describeStatus, ringStatus, type RingLook, type RingStatus } from '@ringkeep/shared';

/** Pause between two looks. A change that is over sooner is not reported. */
const LOOK_EVERY_MS = 1_000;

export interface StatusSeen<Taken> {
  readonly taken: Taken;
  readonly status: RingStatus;
  /** How long the repair will go on; undefined when that cannot be told. */
  readonly leftMs: number | undefined;
  readonly text: string;
}

export class StatusWatch<Taken extends { readonly look: RingLook }> {
  private readonly pace = new RepairPace();

  constructor(private readonly take: () => Promise<Taken>) {}

  async look(): Promise<StatusSeen<Taken>> {
    const taken = await this.take();
    const status = ringStatus(taken.look);
    const leftMs = this.pace.look(status, performance.now());
    return { taken, status, leftMs, text: describeStatus(status, leftMs) };
  }

  /** One look, and while copies are being made a second one, so that their pace is known. */
  async lookOnce(signal: AbortSignal): Promise<StatusSeen<Taken>> {
    const first = await this.look();
    if (!first.status.isRepairing) return first;
    await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    return this.look();
  }

  /** The first status, and then each change, until the signal ends it. */
  async *changes(signal: AbortSignal): AsyncGenerator<StatusSeen<Taken>> {
    let told: string | undefined;
    while (!signal.aborted) {
      const seen = await this.look();
      const said = describeStatus(seen.status);
      if (said !== told) yield seen;
      told = said;
      await pause(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
