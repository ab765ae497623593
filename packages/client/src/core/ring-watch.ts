/**
 * Where the ring is watched, and when again after a watch has ended.
 *
 * A node is as good a source as the registry and spares it, so a reachable node comes first; the registry,
 * if its address is known, is where a client without any node begins and what it falls back on. Only one
 * watch is on at a time; news of an earlier one are told by their number.
 */

import type { Random, Ring } from '@ringkeep/shared';
import { pauseMs } from './back-off';
import type { Directory } from './directory';
import type { Effect, WatchSource } from './effects';
import { WATCH_PAUSE_MS } from './limits';

type WatchPhase =
  | { readonly kind: 'off'; readonly retryAtMs: number }
  | { readonly kind: 'on'; readonly number: number; readonly source: WatchSource };

export class RingWatch {
  private phase: WatchPhase = { kind: 'off', retryAtMs: 0 };
  private number = 0;
  private failures = 0;
  /** The ring of version 0 is asked for: what came last did not continue ours. */
  private fromStart = false;
  private lastReason: string | undefined;
  /** Why the registry, when it was last asked, did not tell. */
  private registryReason: string | undefined;

  constructor(
    private readonly directory: Directory,
    private readonly registry: string | undefined,
    private readonly random: Random,
  ) {}

  /** When it wants to be asked again; undefined while a watch is on or only a new link can help. */
  retryAtMs(): number | undefined {
    const hasSource = this.registry !== undefined || [...this.directory.open].some((link) => link.isOpen);
    return this.phase.kind === 'off' && hasSource ? this.phase.retryAtMs : undefined;
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
    return this.phase.kind === 'on' && this.phase.number === number;
  }

  /** Starts a watch when none is on and its time has come. */
  start(ring: Ring, nowMs: number): Effect | undefined {
    if (this.phase.kind === 'on' || nowMs < this.phase.retryAtMs) return undefined;
    const source = this.source();
    if (source === undefined) return undefined;
    const number = ++this.number;
    this.phase = { kind: 'on', number, source };
    const fromVersion = this.fromStart ? 0 : ring.version;
    return { kind: 'watch', number, source, fromVersion, clusterId: ring.clusterId };
  }

  /** News came in and fitted. */
  continued(): void {
    this.failures = 0;
    this.fromStart = false;
    this.lastReason = undefined;
    this.registryReason = undefined;
  }

  /** News came in that do not continue the ring we know: the whole ring is asked for. */
  broken(nowMs: number): void {
    this.fromStart = true;
    this.end('the news did not continue the ring', nowMs);
  }

  end(reason: string, nowMs: number): WatchSource | undefined {
    if (this.phase.kind === 'off') return undefined;
    const { source } = this.phase;
    this.failures++;
    this.lastReason = `${source.address}: ${reason}`;
    if (source.kind === 'registry') this.registryReason = reason;
    this.phase = { kind: 'off', retryAtMs: nowMs + pauseMs(WATCH_PAUSE_MS, this.failures, this.random) };
    return source;
  }

  private source(): WatchSource | undefined {
    const node = this.directory.informant(this.random);
    const { registry } = this;
    // Every other failure asks the registry, so that a node that cannot answer does not keep us from it.
    if (registry !== undefined && (node === undefined || this.failures % 2 === 1)) {
      return { kind: 'registry', address: registry };
    }
    return node && { kind: 'node', address: node.address };
  }
}
