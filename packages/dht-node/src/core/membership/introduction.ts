/**
 * A node that owns its arc for the first time introduces itself to its neighbours, once, because their rings may be
 * behind.
 */

import type { Outbox, Reports, RingKnowledge } from '../context';

export class Introduction {
  private done = false;

  constructor(private readonly context: RingKnowledge & Outbox & Reports) {}

  /** This node acts on a new ring. */
  ringAdopted(): void {
    const { view, self } = this.context;
    const mine = view.arcAt(self);
    if (this.done || mine?.primary !== self) return;
    this.done = true;
    this.context.report({ kind: 'joined', arc: mine });
    const neighbours = view.neighbours(self);
    if (!neighbours) return;
    this.context.emit({ kind: 'introduce', to: neighbours.prev, as: 'next' });
    this.context.emit({ kind: 'introduce', to: neighbours.next, as: 'previous' });
  }
}
