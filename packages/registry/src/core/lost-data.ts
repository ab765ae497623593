/**
 * Finds out whether this registry has lost its data, from what its callers know of the ring.
 *
 * 1. A caller of another cluster is refused. While it calls and this registry has no members, new nodes are refused as
 *    well. Most likely the data folder was lost or is another one, and a second, empty ring would answer clients as if
 *    every key were gone.
 * 2. A caller of this cluster shows that the data folder is an old copy if it knows a version of the ring that is not
 *    of this ring's past. (Before nodes kept versions: if it has taken part in a later term of an arc, since for every
 *    position the epoch only grows.) From then on nothing is decided and nobody is declared dead: a change made here
 *    would contradict those that nodes have acted on since.
 * 3. A caller from before the oldest run that is remembered is refused, but only that caller. It may be of this ring or
 *    of another history; nobody can tell, and it must not bring the ring to a stop.
 *
 * Running nodes go on without a registry. So refusing loses nothing, and deciding might.
 */

import {
  RUNS_MAX,
  RingError,
  excerpt,
  formatKnown,
  formatPosition,
  knownOf,
  standingOf,
  type KnownRing,
  type Ring,
  type RingView,
} from '@ringkeep/shared';
import type { RegistryFact } from './effects';
import type { HeldRange } from './inputs';

export class LostData {
  /** Newcomers to an empty ring are refused until then. */
  private foreignUntil = Number.NEGATIVE_INFINITY;
  /** The evidence that the data are an old copy. */
  private behind: string | undefined;

  /** `quietMs`: callers of another cluster that have been silent for this long are gone. */
  constructor(
    private readonly quietMs: number,
    private readonly report: (fact: RegistryFact) => void,
  ) {}

  /** The data are an old copy: decide nothing. */
  get isBehind(): boolean {
    return this.behind !== undefined;
  }

  /** Throws WRONG_REGISTRY when the caller's ring is not the one that is kept here. Empty: it named none. */
  check(ring: Ring, clusterId: string, known: KnownRing, now: number): void {
    if (clusterId !== '' && clusterId !== ring.clusterId) {
      if (now >= this.foreignUntil) this.report({ what: 'foreign caller', clusterId: excerpt(clusterId) });
      this.foreignUntil = now + this.quietMs;
      throw new RingError(
        'WRONG_REGISTRY',
        `the node belongs to the cluster ${excerpt(clusterId)}, this registry keeps the cluster ${ring.clusterId}; if its ` +
          'data folder was lost or is another one, put it back and start the registry again: nodes that run go on meanwhile',
      );
    }
    if (clusterId !== '') this.checkKnown(ring, known);
    this.checkBehind();
  }

  private checkKnown(ring: Ring, known: KnownRing): void {
    const standing = standingOf(known, ring);
    if (standing === 'unknown')
      this.fallBehind(
        `it has ${formatKnown(knownOf(ring))} of the ring, a node knows ${formatKnown(known)}, which is not of its past`,
      );
    if (standing === 'too old') {
      throw new RingError(
        'FAILED_PRECONDITION',
        `the node was last in the ring at ${formatKnown(known)}, more than ${RUNS_MAX} starts of the registry ago, and ` +
          'nobody can tell any more whether it was this ring; if other nodes hold its keys, start it as a new node',
      );
    }
  }

  /** The same, from what a node has on its disk. */
  checkHeld(view: RingView, held: readonly HeldRange[]): void {
    for (const { start, term } of held) {
      const epoch = view.arcOfPosition(start)?.epoch ?? 0;
      if (term <= epoch) continue;
      const where = formatPosition(start);
      this.fallBehind(`it has epoch ${epoch} at ${where}, a node has taken part in term ${term} there`);
    }
    this.checkBehind();
  }

  private fallBehind(evidence: string): void {
    if (this.behind !== undefined) return;
    this.behind = evidence;
    this.report({ what: 'behind', evidence });
  }

  private checkBehind(): void {
    if (this.behind === undefined) return;
    throw new RingError(
      'WRONG_REGISTRY',
      `this registry's data folder is an old copy: ${this.behind}; put the newest one back and start the registry ` +
        'again: nodes that run go on meanwhile',
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
