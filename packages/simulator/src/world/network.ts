/**
 * The network between the parties of a run: single messages that may be late, lost, doubled or overtaken, and cuts and
 * clogs between two parties, each direction by itself.
 *
 * Streams, which keep their order, are in stream.ts.
 */

import type { Random } from '@ringkeep/shared';
import type { Timeline } from './timeline';

/** Who sends and receives: the registry, a machine or a client, by number. */
export type Party = number;

export interface NetworkProfile {
  /** Typical time of a message on its way, ms. */
  readonly latencyMs: number;
  /** Chance that a message is lost. */
  readonly loss: number;
  /** Chance that a message comes twice. */
  readonly duplication: number;
  /** Chance that a message is held up for seconds, as by retransmissions. */
  readonly lateness: number;
  /** Chance that a proposal to the registry is held up, and that its answer is lost. */
  readonly proposalsAstray: number;
  /** Chance that a watcher does not hear of a change of the ring. */
  readonly pushesAstray: number;
  /** Chance for each message of a stream that the stream breaks at it. */
  readonly streamBreak: number;
  /** Chance for each message of a stream that it, and all behind it, is held up, as by lost packets of that stream. */
  readonly streamLag: number;
}

const PARTIES_MAX = 1_000;

export class Network {
  private readonly cuts = new Map<number, number>();
  private readonly clogs = new Map<number, number>();
  /** Whom nobody can connect to: how often over, and since when. */
  private readonly shut = new Map<Party, { times: number; readonly since: number }>();
  private faulty = true;

  constructor(
    readonly timeline: Timeline,
    readonly random: Random,
    private readonly profile: NetworkProfile,
  ) {}

  /** Cuts one direction until the function that comes back is called. */
  cut(from: Party, to: Party): () => void {
    return this.change(this.cuts, from, to, 1);
  }

  /** Nobody reaches a party any more on connections to its address; those that it opens itself work. */
  shutOff(party: Party): () => void {
    const { times = 0, since = this.timeline.now } = this.shut.get(party) ?? {};
    this.shut.set(party, { times: times + 1, since });
    let undone = false;
    return () => {
      const now = this.shut.get(party);
      if (undone || !now) return;
      undone = true;
      if (--now.times === 0) this.shut.delete(party);
    };
  }

  /** Since when nobody can connect to a party; undefined when everybody can. */
  shutSince(party: Party): number | undefined {
    return this.shut.get(party)?.since;
  }

  /** What the opener of a connection, or its other end, sends on it gets nowhere. */
  isSevered(from: Party, to: Party, opened: Party): boolean {
    return this.isCut(from, to) || this.shut.has(opened);
  }

  /** Holds up one direction. */
  clog(from: Party, to: Party, delayMs: number): () => void {
    return this.change(this.clogs, from, to, delayMs);
  }

  /** From now on nothing is lost, doubled or late. Cuts and clogs are their owners' to end. */
  heal(): void {
    this.faulty = false;
  }

  isCut(from: Party, to: Party): boolean {
    return (this.cuts.get(from * PARTIES_MAX + to) ?? 0) > 0;
  }

  delay(from: Party, to: Party): number {
    const { random, profile } = this;
    const usual = profile.latencyMs * (0.5 - Math.log(1 - random.fraction()) * 0.5);
    return usual + (this.clogs.get(from * PARTIES_MAX + to) ?? 0) * random.fraction();
  }

  /** True when this proposal, or this answer to one, goes astray. */
  proposalStrays(): boolean {
    return this.faulty && this.random.chance(this.profile.proposalsAstray);
  }

  /** True when a watcher does not get this push. */
  pushStrays(): boolean {
    return this.faulty && this.random.chance(this.profile.pushesAstray);
  }

  /** How much longer than usual a message of a stream takes. */
  lag(): number {
    return this.faulty && this.random.chance(this.profile.streamLag) ? this.random.between(100, 4_000) : 0;
  }

  /** True when a stream breaks at this message. */
  breaksHere(): boolean {
    return this.faulty && this.random.chance(this.profile.streamBreak);
  }

  /**
   * Sends one message. `lost` is called instead of `deliver` when it will never arrive; it is the sender's
   * business to know of it. `mayDouble`: only for messages that the transport may repeat. `heldUpMs`: more than
   * the usual delay, on its way already when cuts come.
   */
  send(from: Party, to: Party, deliver: () => void, lost: () => void, mayDouble = false, heldUpMs = 0): void {
    const { random, profile, timeline } = this;
    if (this.isCut(from, to) || (this.faulty && random.chance(profile.loss))) return lost();
    const late = this.faulty && random.chance(profile.lateness) ? random.between(500, 6_000) : heldUpMs;
    timeline.after(this.delay(from, to) + late, deliver);
    if (mayDouble && this.faulty && random.chance(profile.duplication)) {
      timeline.after(this.delay(from, to) + (random.chance(0.3) ? random.between(100, 4_000) : 0), deliver);
    }
  }

  private change(table: Map<number, number>, from: Party, to: Party, by: number): () => void {
    const key = from * PARTIES_MAX + to;
    table.set(key, (table.get(key) ?? 0) + by);
    let undone = false;
    return () => {
      if (undone) return;
      undone = true;
      table.set(key, (table.get(key) ?? 0) - by);
    };
  }
}
