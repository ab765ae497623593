/**
 * Which nodes a session is connected to: it opens what routing asks for, keeps trying while nothing can be
 * reached, and lets go of nodes that stop or have left the ring.
 */

import type { Random } from '@ringkeep/shared';
import type { Directory } from './directory';
import { CONNECTING_MAX, DIRECT_PAUSE_MS, RECONNECT_PAUSE_MS } from './limits';
import type { Link } from './link';
import type { Outbox } from './outbox';

const CLOSING = 'the node is about to stop';

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
    link.phase = { kind: 'connecting' };
    this.outbox.push({ kind: 'connect', address: link.address });
  }

  /** While no node can be reached, tries some. */
  seek(nowMs: number): void {
    if (this.directory.usable().length > 0) return;
    let connecting = 0;
    for (const link of this.directory.links.values()) if (link.phase.kind === 'connecting') connecting++;
    for (const link of this.directory.candidates(nowMs)) {
      if (connecting++ >= CONNECTING_MAX) return;
      this.want(link, nowMs);
    }
  }

  /**
   * When `seek` has something to do that it had not before; undefined while a node can be reached, and while as
   * many attempts are under way as may be: what becomes of one of them is the next to happen.
   */
  seekAtMs(): number | undefined {
    if (this.directory.usable().length > 0) return undefined;
    let next: number | undefined;
    let connecting = 0;
    for (const { phase } of this.directory.links.values()) {
      if (phase.kind === 'connecting') connecting++;
      if (phase.kind === 'broken' && phase.retryAtMs < (next ?? Infinity)) next = phase.retryAtMs;
    }
    return connecting < CONNECTING_MAX ? next : undefined;
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

  /** What time, or another ring, makes superfluous. */
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
