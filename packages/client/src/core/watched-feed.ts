/**
 * One watch of the ring while it is on: what was heard from it, and whether there is reason to ask another source
 * instead.
 *
 * A source that stands still and a ring that does not change look alike, so there are beats. A source that gave one and
 * then misses two is silent. A source may also be well and know nothing, so its beats say when it last heard from the
 * registry, which alone makes new versions. Older servers send their header at once and no beats; nothing more can be
 * said of them.
 */

import type { RingBeat } from '@ringkeep/shared';
import type { WatchSource } from './effects';
import { BEATS_MISSED_MAX, FIRST_WORD_LEASES, REGISTRY_FIRST_WORD_MS } from './limits';

export class WatchedFeed {
  /** It has sent its header, or anything. */
  private accepted = false;
  private heardAtMs: number;
  private beat: RingBeat | undefined;
  /** Another reason to leave it, see RingWatch. */
  suspicion: string | undefined;
  /** The complaint has been reported. */
  doubted = false;

  constructor(
    readonly number: number,
    readonly source: WatchSource,
    private startedAtMs: number,
    private readonly leaseMs: number,
  ) {
    this.heardAtMs = startedAtMs;
  }

  heard(nowMs: number): void {
    this.accepted = true;
    this.heardAtMs = nowMs;
  }

  beaten(beat: RingBeat, nowMs: number): void {
    this.heard(nowMs);
    this.beat = beat;
    // What it was suspected of is answered when it hears the registry.
    if (beat.registrySilentMs < beat.leaseMs / 2) this.suspicion = undefined;
  }

  /** This much of the time, this process itself stood still. */
  excuse(ms: number): void {
    this.heardAtMs += ms;
    this.startedAtMs += ms;
  }

  /** How old its news may be: when it last heard from the registry, as far as is known. */
  ageMs(nowMs: number): number {
    return this.beat === undefined ? Infinity : this.beat.registrySilentMs + (nowMs - this.heardAtMs);
  }

  /** Why another source should be asked; undefined when all is well. */
  complaint(nowMs: number): string | undefined {
    const silentMs = nowMs - this.heardAtMs;
    if (this.isSilent(nowMs)) return `nothing was heard for ${Math.round(silentMs)} ms`;
    const { beat } = this;
    if (beat !== undefined && beat.registrySilentMs >= beat.leaseMs)
      return `it has not heard the registry for ${beat.registrySilentMs} ms`;
    return this.suspicion;
  }

  isSilent(nowMs: number): boolean {
    return nowMs >= this.silentAtMs;
  }

  /** When it is taken for silent, if nothing is heard of it before. */
  get silentAtMs(): number {
    const { accepted, beat } = this;
    if (beat !== undefined) return this.heardAtMs + (BEATS_MISSED_MAX + 0.5) * beat.intervalMs;
    if (accepted) return Infinity;
    const firstWordMs =
      this.source.kind === 'registry' ? REGISTRY_FIRST_WORD_MS : FIRST_WORD_LEASES * this.leaseMs;
    return this.startedAtMs + firstWordMs;
  }
}
