/**
 * Watches and locks that the program around a node asks for. They are those of the client library: a watch asks each
 * owner over the network, this node included, and a lock is made of the node's own operations and such a watch.
 */

import { Random } from '@ringkeep/shared';
import type { TlsMaterial } from '@ringkeep/shared/channel';
import { expiryBytes, type WriteResult } from '@ringkeep/shared/operations';
import {
  acquireLock,
  ChangeWatches,
  type LockOptions,
  type RingChanges,
  type RingEvent,
  type RingLock,
  type WatchOptions,
} from '@ringkeep/client/watching';
import type { NodeHost } from '../../hosting/host';
import { ownExpiry, ownWrite, OWN, type Key } from './own-query';
import { pagesThrough } from './own-scan';

/** On a condition, a write is told this. */
type Told = Promise<WriteResult>;

export interface OwnWatchesParts {
  /** The URL of this node, where watches that pass through the ring begin. */
  readonly address: string;
  readonly tls: TlsMaterial | undefined;
}

export class OwnWatches {
  readonly name = 'own watches';
  private readonly watches: ChangeWatches;

  constructor(
    private readonly host: NodeHost,
    { address, tls }: OwnWatchesParts,
  ) {
    this.watches = new ChangeWatches([address], tls, new Random(Date.now()), pagesThrough(host, OWN).page);
  }

  ringChanged(): void {
    this.watches.ringLearned(this.host.core.view.ring);
  }

  /** Throws INVALID_ARGUMENT. */
  open(options: WatchOptions): RingChanges<RingEvent> {
    return this.watches.open(options, this.host.core.view.ring);
  }

  /** Throws DEADLINE_EXCEEDED when it is somebody else's for too long, CANCELLED when the signal says so. */
  lock(name: Key, options: LockOptions): Promise<RingLock> {
    const { host } = this;
    return acquireLock(
      {
        set: (key, value, terms) =>
          ownWrite(host, { name: 'set', key, operands: [value], ...within(terms) }, terms) as Told,
        expire: (key, end, terms) =>
          ownExpiry(
            host,
            { name: 'expire', key, operands: [expiryBytes(end, terms)], ...within(terms) },
            terms,
          ),
        delete: (key, terms) =>
          ownWrite(host, { name: 'delete', key, operands: [], ...within(terms) }, terms) as Told,
        watch: (of) => this.open(of) as RingChanges,
        ready: () => Promise.resolve(host.core.view.ring),
      },
      name,
      options,
    );
  }

  drain(): void {
    this.watches.close();
  }

  stop(): void {
    this.watches.close();
  }
}

function within({ deadlineMs }: { readonly deadlineMs?: number }): {
  readonly deadlineMs: number | undefined;
} {
  return { deadlineMs };
}
