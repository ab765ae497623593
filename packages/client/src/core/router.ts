/** Where a call goes: its owner if that can be reached, else a node that forwards, else it waits for one. */

import type { Random } from '@ringkeep/shared';
import type { Connections } from './connections';
import type { Directory } from './directory';
import { STRAYS_MAX } from './limits';
import type { Link } from './link';
import type { WaitingRoom } from './waiting-room';

export class Router {
  constructor(
    private readonly directory: Directory,
    private readonly connections: Connections,
    private readonly waiting: WaitingRoom,
    private readonly random: Random,
  ) {}

  /** All that has arrived gets its place. */
  route(nowMs: number): void {
    const { arrivals } = this.waiting;
    if (arrivals.isEmpty) return;
    let forwarder: Link | undefined;
    let chosen = false;
    for (const call of arrivals.drain()) {
      const owner = this.directory.ownerOf(call.position);
      if (owner?.isOpen === true) {
        call.direct = call.strays < STRAYS_MAX;
        owner.enqueue(call, owner);
        continue;
      }
      if (owner !== undefined) this.connections.want(owner, nowMs);
      if (!chosen) forwarder = this.directory.forwarder(this.random);
      chosen = true;
      call.direct = false;
      if (forwarder === undefined) this.waiting.strand(call);
      else forwarder.enqueue(call, owner);
    }
  }

  /** What waits for a node is routed again. */
  routeAnew(link: Link): void {
    this.waiting.arrive(link.drain());
  }
}
