/**
 * Has this registry lost its data? What its callers know of the ring shows it.
 *
 *  1. A caller of another cluster is refused. While it calls and this registry has no members, newcomers are
 *     refused as well: most likely the data folder was lost or is another one, and a second, empty ring
 *     would answer clients as if every key were gone.
 *  2. A caller of this cluster that knows a newer ring than there is here shows that the data folder is an old
 *     copy. From then on nothing is decided and nobody is declared dead: a change made here would contradict
 *     those that nodes have acted on since.
 *
 * Nodes that run go on without a registry; so nothing is lost by refusing, and something may be by deciding.
 */

import { RingError, type Ring } from '@ringkeep/shared';
import type { RegistryFact } from './effects';

export class LostData {
  /** Newcomers to an empty ring are refused until then. */
  private foreignUntil = Number.NEGATIVE_INFINITY;
  private newestKnown: number | undefined;

  /** `quietMs`: callers of another cluster that have been silent for so long are gone. */
  constructor(
    private readonly quietMs: number,
    private readonly report: (fact: RegistryFact) => void,
  ) {}

  /** The data are an old copy: decide nothing. */
  get isBehind(): boolean {
    return this.newestKnown !== undefined;
  }

  /** Throws WRONG_REGISTRY when the caller's ring is not the one that is kept here. Empty: it named none. */
  check(ring: Ring, clusterId: string, knownVersion: number, now: number): void {
    if (clusterId !== '' && clusterId !== ring.clusterId) {
      if (now >= this.foreignUntil) this.report({ what: 'foreign caller', clusterId });
      this.foreignUntil = now + this.quietMs;
      throw new RingError(
        'WRONG_REGISTRY',
        `the node belongs to the cluster ${clusterId}, this registry keeps the cluster ${ring.clusterId}; if its ` +
          'data folder was lost or is another one, put it back and start the registry again: nodes that run go on meanwhile',
      );
    }
    if (clusterId !== '' && knownVersion > ring.version && this.newestKnown === undefined) {
      this.newestKnown = knownVersion;
      this.report({ what: 'behind', version: ring.version, newestKnown: knownVersion });
    }
    if (this.newestKnown === undefined) return;
    throw new RingError(
      'WRONG_REGISTRY',
      `this registry's data folder is an old copy: it has version ${ring.version} of the ring, nodes know version ` +
        `${this.newestKnown}; put the newest one back and start the registry again: nodes that run go on meanwhile`,
    );
  }

  /** Throws WRONG_REGISTRY when a ring is about to be begun here while nodes of another one call. */
  checkNewcomer(ring: Ring, now: number): void {
    if (ring.members.length > 0 || now >= this.foreignUntil) return;
    throw new RingError(
      'WRONG_REGISTRY',
      'this registry is empty, and nodes of another cluster call it: put its data folder back, or stop those nodes ' +
        'to begin a new ring',
    );
  }
}
