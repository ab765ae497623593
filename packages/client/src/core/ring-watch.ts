/**
 * Decides where the ring is watched, and where next when a watch has ended or is no good.
 *
 * A node is as good a source as the registry and spares it, so a reachable node comes first. A client without any node
 * begins at the registry, if its address is known, and falls back on it. Only one watch is on at a time, and news of an
 * earlier one is recognised by its number.
 *
 * A watch is left for another source when it gives reason for complaint (watched-feed.ts), when its node is no longer a
 * live member, or when it is suspected. It stays on until there is another source, because it may be the only one. A
 * source is suspected when an operation was not answered or was refused and the source cannot show that it hears the
 * registry: the ring may then have changed without it. Versions of the ring only grow, so no source leads back to an
 * older one.
 */

import { NOTHING_KNOWN, knownOf, type Random, type Ring, type RingBeat } from '@ringkeep/shared';
import { pauseMs } from './back-off';
import type { Directory } from './directory';
import { Doubts } from './doubts';
import type { Effect, WatchSource } from './effects';
import { LEASE_MS_ASSUMED, SUSPICION_PAUSE_MS, WATCH_PAUSE_MS } from './limits';
import type { Outbox } from './outbox';
import type { ClientRules } from './rules';
import { WatchedFeed } from './watched-feed';

type WatchPhase =
  { readonly kind: 'off'; readonly retryAtMs: number } | { readonly kind: 'on'; readonly feed: WatchedFeed };

export class RingWatch {
  /** As the ring's beats say. */
  leaseMs = LEASE_MS_ASSUMED;
  private phase: WatchPhase = { kind: 'off', retryAtMs: 0 };
  private number = 0;
  private failures = 0;
  private readonly doubts = new Doubts();
  /** Suspicions in a row without a newer ring, and before when the next one counts for nothing. */
  private suspicions = 0;
  private nextSuspicionAtMs = -Infinity;
  /** Ask for the ring from version 0: the last update did not continue ours. */
  private fromStart = false;
  private lastReason: string | undefined;
  /** Why the registry did not tell us the ring when it was last asked. */
  private registryReason: string | undefined;

  constructor(
    private readonly directory: Directory,
    private readonly registry: string | undefined,
    private readonly random: Random,
    private readonly outbox: Outbox,
    private readonly rules: ClientRules,
  ) {}

  /** When it wants to be asked again; undefined while only a new link can help. */
  dueAtMs(nowMs: number): number | undefined {
    if (this.phase.kind === 'off') {
      const hasSource = this.registry !== undefined || this.directory.informants().length > 0;
      return hasSource ? this.phase.retryAtMs : undefined;
    }
    const { silentAtMs } = this.phase.feed;
    const due = this.wantsAnother(nowMs) ? this.doubts.nextEndMs(nowMs) : silentAtMs;
    return due === Infinity ? undefined : due;
  }

  /** Why the last watch ended, until news come again. */
  get obstacle(): string | undefined {
    return this.lastReason;
  }

  /** What went wrong with the registry, nothing if there is none to ask; undefined unless something did. */
  registryFailure(): string[] | undefined {
    if (this.registry === undefined) return [];
    return this.registryReason === undefined ? undefined : [`${this.registry}: ${this.registryReason}`];
  }

  isCurrent(number: number): boolean {
    return this.phase.kind === 'on' && this.phase.feed.number === number;
  }

  /** The present source is no good: nodes that are not reached yet are worth a try. */
  wantsAnother(nowMs: number): boolean {
    return this.phase.kind === 'on' && this.complaint(this.phase.feed, nowMs) !== undefined;
  }

  /** Whether a node that is not reached yet might be a better source than the present one. */
  isHopeful(address: string, nowMs: number): boolean {
    return !this.doubts.holds(address, nowMs);
  }

  /** Starts a watch when none is on and its time has come, or another one when the present one is no good. */
  start(ring: Ring, nowMs: number): void {
    if (this.phase.kind === 'off') {
      if (nowMs >= this.phase.retryAtMs) this.watch(this.better(nowMs) ?? this.any(), ring, nowMs);
      return;
    }
    const { feed } = this.phase;
    const reason = this.complaint(feed, nowMs);
    if (reason === undefined) return;
    if (!feed.doubted) this.doubts.raise(feed.source.address, nowMs, this.leaseMs);
    feed.doubted = true;
    const source = this.better(nowMs) ?? (feed.isSilent(nowMs) ? this.any(feed.source) : undefined);
    if (source === undefined) return;
    this.lastReason = `${feed.source.address}: ${reason}`;
    if (feed.source.kind === 'registry') this.registryReason = reason;
    this.outbox.report({ kind: 'watch-ended', source: feed.source, reason });
    this.watch(source, ring, nowMs);
  }

  /** This much of the time, this process itself stood still. */
  excuse(ms: number): void {
    if (this.phase.kind === 'on') this.phase.feed.excuse(ms);
  }

  /** The source has sent its header. */
  accepted(nowMs: number): void {
    if (this.phase.kind === 'on') this.phase.feed.heard(nowMs);
  }

  beaten(beat: RingBeat, nowMs: number): void {
    if (this.phase.kind === 'off') return;
    const { feed } = this.phase;
    feed.beaten(beat, nowMs);
    this.leaseMs = beat.leaseMs;
    if (feed.complaint(nowMs) !== undefined) return;
    feed.doubted = false;
    this.doubts.dispel(feed.source.address);
  }

  /** News came in and fitted our ring; `newer` if it was new. */
  continued(newer: boolean, nowMs: number): void {
    if (this.phase.kind === 'on') this.phase.feed.heard(nowMs);
    this.failures = 0;
    this.fromStart = false;
    this.lastReason = undefined;
    this.registryReason = undefined;
    if (newer) this.ringAdopted();
  }

  /** A newer ring has come, from any source. */
  ringAdopted(): void {
    this.suspicions = 0;
    this.nextSuspicionAtMs = -Infinity;
    this.doubts.retain((address) => address === this.registry || this.directory.links.has(address));
  }

  /** A node has not answered, or has refused what it should answer: the ring may have changed. */
  suspect(address: string, nowMs: number): void {
    if (this.phase.kind === 'off' || nowMs < this.nextSuspicionAtMs) return;
    const { feed } = this.phase;
    if (feed.ageMs(nowMs) < this.leaseMs / 2) return;
    this.suspicions++;
    this.nextSuspicionAtMs = nowMs + pauseMs(SUSPICION_PAUSE_MS, this.suspicions, this.random);
    feed.suspicion = `${address} does not answer, and this source may not know why`;
  }

  /** News came in that does not continue our ring, so the whole ring is asked for. */
  broken(nowMs: number): void {
    this.fromStart = true;
    this.end('the news did not continue the ring', nowMs);
  }

  end(reason: string, nowMs: number): WatchSource | undefined {
    if (this.phase.kind === 'off') return undefined;
    const { source } = this.phase.feed;
    this.failures++;
    this.lastReason = `${source.address}: ${reason}`;
    if (source.kind === 'registry') this.registryReason = reason;
    this.phase = { kind: 'off', retryAtMs: nowMs + pauseMs(WATCH_PAUSE_MS, this.failures, this.random) };
    return source;
  }

  private watch(source: WatchSource | undefined, ring: Ring, nowMs: number): void {
    if (source === undefined) return;
    const number = ++this.number;
    this.phase = { kind: 'on', feed: new WatchedFeed(number, source, nowMs, this.leaseMs) };
    const from = this.fromStart ? NOTHING_KNOWN : knownOf(ring);
    const effect: Effect = { kind: 'watch', number, source, from, clusterId: ring.clusterId };
    this.outbox.push(effect);
  }

  private complaint(feed: WatchedFeed, nowMs: number): string | undefined {
    const { source } = feed;
    const outside = source.kind === 'node' && this.directory.isOutside(source.address);
    return this.rules.reasonToLeave(outside ? 'the ring does without this node' : feed.complaint(nowMs));
  }

  /** A source of which nothing bad is known, beside the present one. */
  private better(nowMs: number): WatchSource | undefined {
    const present = this.phase.kind === 'on' ? this.phase.feed.source.address : undefined;
    const isGood = (address: string): boolean => address !== present && !this.doubts.holds(address, nowMs);
    const node = this.directory.informant(this.random, (link) => !link.silent && isGood(link.address));
    const { registry } = this;
    // Every other failure asks the registry, so that a node that cannot answer does not keep us from it.
    if (registry !== undefined && isGood(registry) && (node === undefined || this.failures % 2 === 1)) {
      return { kind: 'registry', address: registry };
    }
    return node && { kind: 'node', address: node.address };
  }

  /**
   * Any source but one, for when something bad is known of all. A source may have recovered, and one that hears nothing
   * is still better than one that says nothing.
   */
  private any(but?: WatchSource): WatchSource | undefined {
    const nodes = this.directory.informants().filter(({ address }) => address !== but?.address);
    const registry = this.registry === but?.address ? undefined : this.registry;
    if (registry !== undefined && (nodes.length === 0 || this.failures % 2 === 1)) {
      return { kind: 'registry', address: registry };
    }
    return nodes.length === 0 ? undefined : { kind: 'node', address: this.random.pick(nodes).address };
  }
}
