/**
 * What a session hears about the ring, from replies and from its watch, and what a newer ring means for calls under
 * way.
 */

import type { RingBeat, RingUpdate } from '@ringkeep/shared';
import type { Connections } from './connections';
import type { Directory } from './directory';
import type { Outbox } from './outbox';
import type { RingWatch } from './ring-watch';
import type { Router } from './router';
import type { Traffic } from './traffic';
import type { WaitingRoom } from './waiting-room';

/** The parts of a session that bring news of the ring, and those that a newer ring concerns. */
export interface SessionParts {
  readonly directory: Directory;
  readonly watch: RingWatch;
  readonly outbox: Outbox;
  readonly waiting: WaitingRoom;
  readonly router: Router;
  readonly traffic: Traffic;
  readonly connections: Connections;
}

export class RingNews {
  constructor(private readonly parts: SessionParts) {}

  /** Why there is no ring or no node, for people. */
  get obstacle(): string | undefined {
    return this.parts.directory.obstacle() ?? this.parts.watch.obstacle;
  }

  /** Why nobody will tell of the ring as things are, or undefined while one of the addresses given may still answer. */
  get refusal(): string | undefined {
    const { directory, watch } = this.parts;
    if (directory.ring.version > 0) return undefined;
    const nodes = directory.seedFailures();
    const registry = watch.registryFailure();
    if (nodes === undefined || registry === undefined) return undefined;
    return `nobody answers at the addresses given (${[...nodes, ...registry].join('; ')})`;
  }

  /** News of the ring that came with a reply. */
  learned(update: RingUpdate, nowMs: number): void {
    if (this.parts.directory.adopt(update) !== true) return;
    this.parts.watch.ringAdopted();
    this.ringAdopted(nowMs);
  }

  /** News of the ring from the watch of that number. */
  watched(number: number, update: RingUpdate, nowMs: number): void {
    if (!this.parts.watch.isCurrent(number)) return;
    const adopted = this.parts.directory.adopt(update);
    if (adopted === undefined) {
      this.parts.outbox.push({ kind: 'stop-watching' });
      this.parts.watch.broken(nowMs);
      return;
    }
    this.parts.watch.continued(adopted, nowMs);
    if (adopted) this.ringAdopted(nowMs);
  }

  /** The watch of that number is on: its source has said so. */
  accepted(number: number, nowMs: number): void {
    if (this.parts.watch.isCurrent(number)) this.parts.watch.accepted(nowMs);
  }

  /** A sign of life from the watch of that number. */
  beaten(number: number, beat: RingBeat, nowMs: number): void {
    if (this.parts.watch.isCurrent(number)) this.parts.watch.beaten(beat, nowMs);
  }

  ended(number: number, reason: string, nowMs: number): void {
    if (!this.parts.watch.isCurrent(number)) return;
    const source = this.parts.watch.end(reason, nowMs);
    if (source !== undefined) this.parts.outbox.report({ kind: 'watch-ended', source, reason });
  }

  private ringAdopted(nowMs: number): void {
    this.parts.outbox.push({ kind: 'ring', ring: this.parts.directory.ring });
    this.parts.waiting.rescue();
    for (const link of this.parts.directory.open) this.parts.router.routeAnew(link);
    for (const link of this.parts.directory.dead) this.parts.traffic.giveUpOnDead(link, nowMs);
    this.parts.connections.tidy(nowMs);
  }
}
