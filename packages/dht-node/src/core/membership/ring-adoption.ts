/**
 * Decides when a ring that has arrived becomes the ring that this node acts on.
 *
 * 1. A newer ring is acted on once its version and run are on the disk. Otherwise a node could acknowledge, commit,
 *    serve or erase under a ring, lose power, and forget that it knew the ring. It could then not tell the registry
 *    that its data are an old copy. Until then the node goes on under the ring that it has, as if the newer one were
 *    still on its way, so reads wait for nothing. And no ring is acted on within the call that brings it, so callers
 *    find their world unchanged.
 * 2. A ring whose past does not include the newest one known here is of another history, and is never adopted.
 * 3. While one ring is on its way to the disk, only the newest of those that arrive is kept for the next time.
 */

import {
  NOTHING_KNOWN,
  formatKnown,
  knownOf,
  sameKnown,
  updateRing,
  type KnownRing,
  type Position,
  type Ring,
  type RingUpdate,
} from '@ringkeep/shared';
import type { DiskLog, Reports, RingKnowledge, RuleSettings, StoredCopies } from '../context';
import type { Membership } from './membership';

interface Waiting {
  readonly version: number;
  readonly action: () => void;
}

type RingAdoptionContext = RingKnowledge & StoredCopies & DiskLog & Reports & RuleSettings;

export class RingAdoption {
  /** The newest ring that has arrived, if it is not acted on yet. */
  private awaited: Ring | undefined;
  private writing = false;
  private waiting: Waiting[] = [];
  private reported: KnownRing = NOTHING_KNOWN;

  /** @param act makes a ring the one that this node acts on */
  constructor(
    private readonly context: RingAdoptionContext,
    private readonly membership: Membership,
    private readonly act: (ring: Ring) => void,
  ) {}

  /** A newer ring than the one that this node acts on is on its way to the disk. */
  get underWay(): boolean {
    return this.awaited !== undefined;
  }

  /** The newest ring that this node may have acted on, in this process or in one before it. */
  get known(): KnownRing {
    const { view, replicas } = this.context;
    return view.version > 0 ? knownOf(view.ring) : replicas.known;
  }

  private get newest(): Ring {
    return this.awaited ?? this.context.view.ring;
  }

  /**
   * What has changed of the ring, or all of it. If it does not continue what is known, the whole ring is asked for,
   * unless it is of another history. `about`: the arc for which it answers a proposal.
   */
  update(update: RingUpdate, about?: Position): void {
    if (!this.membership.hasRegistered) return;
    const ring = this.after(update);
    if (ring) this.offer(this.context.rules.takenOver(this.context.view.ring, ring, about));
    else if (update.kind === 'ring') this.offer(update.ring);
    else this.membership.beat();
  }

  /** A ring came with a message of another node. @returns whether a newer one than the one acted on is under way now */
  hear(ring: Ring): boolean {
    return this.membership.hasRegistered && this.offer(ring);
  }

  /** The ring after an update; undefined when that continues neither the newest one nor the one acted on. */
  private after(update: RingUpdate): Ring | undefined {
    return updateRing(this.newest, update) ?? updateRing(this.context.view.ring, update);
  }

  /** It is of another history than what this node knows; as long as it has no ring, by its disk. */
  isForeign(ring: Ring): boolean {
    return this.context.rules.isForeign(this.newest, this.known, ring);
  }

  /** @returns whether a newer ring than the one acted on is under way now */
  offer(ring: Ring): boolean {
    if (this.isForeign(ring)) {
      this.reportForeign(ring);
    } else if (ring.version > this.newest.version) {
      this.awaited = ring;
      if (!this.writing) this.write(ring);
    }
    return this.underWay;
  }

  /** Runs the action when every ring that has come is acted on, or at once if it is. */
  whenAdopted(action: () => void): void {
    if (this.awaited) this.waiting.push({ version: this.awaited.version, action });
    else action();
  }

  private write(ring: Ring): void {
    const { journal } = this.context;
    this.writing = true;
    journal.write({ kind: 'known-ring', known: knownOf(ring) });
    journal.whenDurable(() => {
      this.writing = false;
      this.adopt(ring);
      if (this.awaited) this.write(this.awaited);
    });
  }

  private adopt(ring: Ring): void {
    if (this.awaited === ring) this.awaited = undefined;
    this.act(ring);
    const ready = this.waiting.filter(({ version }) => version <= ring.version);
    this.waiting = this.waiting.filter(({ version }) => version > ring.version);
    for (const { action } of ready) action();
  }

  /** Once for each ring: it may be offered again and again. */
  private reportForeign(ring: Ring): void {
    const offered = knownOf(ring);
    if (sameKnown(offered, this.reported)) return;
    this.reported = offered;
    const text =
      ring.clusterId !== this.newest.clusterId && this.newest.clusterId !== ''
        ? `it is of the cluster ${ring.clusterId}`
        : `it is ${formatKnown(offered)}, this node knows ${formatKnown(this.known)}, and neither is of the other's past`;
    this.context.report({ kind: 'foreign-ring', text });
  }
}
