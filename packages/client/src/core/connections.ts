/**
 * Decides which nodes a session is connected to. It opens what routing asks for, keeps trying while no node can be
 * reached, and lets go of nodes that stop or have left the ring.
 */

import type { Random } from '@ringkeep/shared';
import type { Directory } from './directory';
import { CONNECTING_MAX, CONNECT_SLOW_MS, DIRECT_PAUSE_MS, RECONNECT_PAUSE_MS } from './limits';
import type { Link } from './link';
import type { Outbox } from './outbox';

const CLOSING = 'the node is about to stop';

/** Whether news of the ring is wanted from another node than the present one, and from which. */
export interface SourceWanted {
  wantsAnother(nowMs: number): boolean;
  isHopeful(address: string, nowMs: number): boolean;
}

export class Connections {
  constructor(
    private readonly directory: Directory,
    private readonly outbox: Outbox,
    private readonly random: Random,
  ) {}

  opened(link: Link): void {
    link.openUp();
    this.directory.open.add(link);
    this.outbox.report({ kind: 'reached', address: link.address });
  }

  /** Opens a stream, unless there is one or its last failure was just now. */
  want(link: Link, nowMs: number): void {
    if (!link.mayConnect(nowMs)) return;
    link.phase = { kind: 'connecting', sinceMs: nowMs };
    this.outbox.push({ kind: 'connect', address: link.address });
  }

  /**
   * While no node can be reached, tries some. While another source of news is wanted, tries nodes that may be one. A
   * slow attempt does not keep others from starting, because all of the named nodes but one may stand still.
   */
  seek(nowMs: number, watch: SourceWanted): void {
    if (!this.isSought(nowMs, watch)) return;
    let connecting = this.underWay(nowMs).length;
    for (const link of this.directory.candidates(nowMs)) {
      if (!this.isCandidate(link, nowMs, watch)) continue;
      if (connecting++ >= CONNECTING_MAX) return;
      this.want(link, nowMs);
    }
  }

  /**
   * When `seek` next has something new to do. Undefined while nothing is sought, and while everything that can be tried
   * is under way.
   */
  seekAtMs(nowMs: number, watch: SourceWanted): number | undefined {
    if (!this.isSought(nowMs, watch)) return undefined;
    let next = Infinity;
    for (const link of this.directory.links.values()) {
      if (!this.isCandidate(link, nowMs, watch)) continue;
      const { phase } = link;
      if (phase.kind === 'idle') next = Math.min(next, nowMs);
      if (phase.kind === 'broken') next = Math.min(next, phase.retryAtMs);
    }
    if (next === Infinity) return undefined;
    const underWay = this.underWay(nowMs);
    return underWay.length < CONNECTING_MAX ? next : Math.max(next, Math.min(...underWay) + CONNECT_SLOW_MS);
  }

  private isSought(nowMs: number, watch: SourceWanted): boolean {
    return this.directory.usable().length === 0 || watch.wantsAnother(nowMs);
  }

  private isCandidate(link: Link, nowMs: number, watch: SourceWanted): boolean {
    return this.directory.usable().length === 0 || watch.isHopeful(link.address, nowMs);
  }

  /** When the attempts began that are not slow yet. */
  private underWay(nowMs: number): number[] {
    const since: number[] = [];
    for (const { phase } of this.directory.links.values()) {
      if (phase.kind === 'connecting' && nowMs < phase.sinceMs + CONNECT_SLOW_MS) since.push(phase.sinceMs);
    }
    return since;
  }

  /** The stream, or the attempt at one, is over. */
  broken(link: Link, reason: string, nowMs: number): void {
    this.directory.open.delete(link);
    const pauses = this.directory.open.size > 0 ? DIRECT_PAUSE_MS : RECONNECT_PAUSE_MS;
    link.break(reason, pauses, nowMs, this.random);
  }

  /** Lets a node stop that wants to, once it owes nothing. */
  letGo(link: Link, nowMs: number): void {
    if (link.phase.kind !== 'closing' || link.frames.size > 0) return;
    this.disconnect(link);
    this.broken(link, CLOSING, nowMs);
    this.outbox.report({ kind: 'broken', address: link.address, reason: CLOSING, unknown: 0 });
  }

  /** Closes what time, or another ring, has made superfluous. */
  tidy(nowMs: number): void {
    for (const link of [...this.directory.open]) this.letGo(link, nowMs);
    for (const link of this.directory.retire()) this.disconnect(link);
  }

  closeAll(): void {
    for (const link of this.directory.links.values()) this.disconnect(link);
  }

  private disconnect(link: Link): void {
    if (link.phase.kind !== 'idle' && link.phase.kind !== 'broken') {
      this.outbox.push({ kind: 'disconnect', address: link.address });
    }
  }
}
