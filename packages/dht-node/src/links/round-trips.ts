/**
 * Measures how far away the other members are, for a node that routes by round-trip times. It measures one member after
 * another, on a connection of its own, so that it does not keep connections open that routing may not use.
 *
 * The shortest of a few answers counts, because anything longer is due to the two ends. A member that does not answer
 * has no distance yet; others find out whether it is alive.
 */

import { roundTripMs } from '@ringkeep/process/probes';
import type { TlsMaterial } from '@ringkeep/shared/channel';
import type { RingKnowledge } from '../core/context';
import type { NodeInput } from '../core/inputs';

/** Pause between two measurements: a ring of 100 nodes is measured in less than a minute. */
const PAUSE_MS = 500;
/** How long a member may take to answer. */
const ANSWER_MS = 1_000;

export class RoundTrips {
  readonly name = 'round trips';
  private timer: NodeJS.Timeout | undefined;
  private measuring: Promise<void> | undefined;
  private next = 0;
  private stopped = false;

  constructor(
    private readonly node: RingKnowledge,
    private readonly tls: TlsMaterial | undefined,
    private readonly post: (input: NodeInput) => void,
    private readonly pauseMs = PAUSE_MS,
  ) {
    this.plan();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.measuring;
  }

  private plan(): void {
    this.timer = setTimeout(() => {
      this.measuring = this.measureNext().finally(() => this.stopped || this.plan());
    }, this.pauseMs);
  }

  private async measureNext(): Promise<void> {
    const { self, parameters, view } = this.node;
    // The other schemes have no choice between peers.
    if (parameters.routing !== 'pastry') return;
    const others = view.owners().filter(({ id, state }) => id !== self && state !== 'dead');
    const member = others[this.next++ % others.length];
    if (!member) return;
    try {
      const ms = await roundTripMs({ address: member.addr, deadlineMs: ANSWER_MS, tls: this.tls });
      this.post({ kind: 'round-trip', peer: member.id, ms });
    } catch {
      // Not measured: its turn comes again.
    }
  }
}
