/** What a node reports about itself since its process started, counted from its facts. */

import type { NodeEvent } from '../core/effects';
import type { CoreStatus } from '../core/node-status';
import type { NodeObserver } from './node-observer';

export interface Tallied {
  /** Entries that primaries sent to make copies here like theirs. */
  readonly entriesReceived: number;
  /** The longest time that writes were held back while an arc changed hands. */
  readonly longestPauseMs: number;
  readonly operationsDiscarded: number;
}

/** What a node says about itself, now and since its process started. */
export type NodeStatus = CoreStatus & Tallied;

export class Tallies implements NodeObserver, Tallied {
  entriesReceived = 0;
  longestPauseMs = 0;
  operationsDiscarded = 0;

  /** As of now. */
  get tallied(): Tallied {
    const { entriesReceived, longestPauseMs, operationsDiscarded } = this;
    return { entriesReceived, longestPauseMs, operationsDiscarded };
  }

  event(event: NodeEvent): void {
    if (event.kind === 'paused') this.longestPauseMs = Math.max(this.longestPauseMs, event.forMs);
    if (event.kind === 'discarded') this.operationsDiscarded += event.operations;
  }

  chunkReceived({ entries }: { readonly entries: number }): void {
    this.entriesReceived += entries;
  }
}
