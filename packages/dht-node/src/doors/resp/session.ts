/** What one connection has said of itself, and what it is in the middle of. */

import type { Bytes } from '@ringkeep/shared';
import type { Protocol } from './protocol/replies';
import type { NodeFacts } from './node-facts';

/** Between MULTI and EXEC, as far as others than `Transactions` look at it. */
export interface TransactionState {
  readonly queued: { readonly length: number };
  /** A command of it was refused, so none of them is carried out. */
  broken: boolean;
}

/** A watched key, with its version once that is known; undefined if it could not be read. */
export interface WatchedKey {
  version: number | undefined;
}

export class Session {
  protocol: Protocol = 2;
  name = '' as Bytes;
  libName = '' as Bytes;
  libVersion = '' as Bytes;
  transaction: TransactionState | undefined;
  watched = new Map<Bytes, WatchedKey>();
  readonly channels = new Set<Bytes>();
  readonly patterns = new Set<Bytes>();
  lastCommand = '';
  lastAtMs: number;

  constructor(
    readonly id: number,
    /** Where it comes from, and where it came to. */
    readonly remote: string,
    readonly local: string,
    readonly node: NodeFacts<Session>,
  ) {
    this.lastAtMs = node.nowMs();
    this.sinceMs = this.lastAtMs;
  }

  readonly sinceMs: number;

  get subscriptions(): number {
    return this.channels.size + this.patterns.size;
  }

  /** In RESP2 a connection with subscriptions takes no other commands. */
  get onlyListens(): boolean {
    return this.protocol === 2 && this.subscriptions > 0;
  }

  /** As if it had just connected; what it is subscribed to is ended by whoever tells it. */
  reset(): void {
    this.protocol = 2;
    this.name = '' as Bytes;
    this.transaction = undefined;
    this.watched = new Map();
  }
}
