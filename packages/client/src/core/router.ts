/**
 * Decides where a call goes: to its owner if that can be reached, otherwise to a node that forwards, otherwise it waits
 * for one. A call that is not to be sent again is refused where too much waits already.
 */

import type { Random } from '@ringkeep/shared';
import type { Call } from './call';
import type { Connections } from './connections';
import type { Directory } from './directory';
import { STRAYS_MAX } from './limits';
import type { Link } from './link';
import type { Settlement } from './settlement';
import type { WaitingRoom } from './waiting-room';

export class Router {
  constructor(
    private readonly directory: Directory,
    private readonly connections: Connections,
    private readonly settlement: Settlement,
    private readonly waiting: WaitingRoom,
    private readonly random: Random,
  ) {}

  /** Gives each arrival its place. */
  route(nowMs: number): void {
    const { arrivals } = this.waiting;
    if (arrivals.isEmpty) return;
    const unreachable = new Map<Link | undefined, Call[]>();
    for (const call of arrivals.drain()) {
      const owner = this.directory.ownerOf(call.position);
      const direct = owner?.isOpen === true && !(owner.silent && this.goesRound(call, owner, nowMs));
      call.direct = direct && call.strays < STRAYS_MAX;
      if (direct) {
        if (!owner.enqueue(call)) this.refuse(owner, call);
        continue;
      }
      const calls = unreachable.get(owner);
      if (calls === undefined) unreachable.set(owner, [call]);
      else calls.push(call);
    }
    if (unreachable.size > 0) this.leaveToForwarder(unreachable, nowMs);
  }

  /**
   * The owner is silent. Another node may reach it, or know its successor, so reads go there. A write does not, because
   * its outcome is unknown once it has left: it waits here until the owner speaks, its connection breaks, or the key
   * has another owner. Now and then a read goes to the owner anyway, to see whether it speaks again.
   */
  private goesRound(call: Call, owner: Link, nowMs: number): boolean {
    if (call.isWrite || this.directory.forwarder(this.random) === undefined) return false;
    return !owner.isWorthAnotherTry(nowMs) || owner.hasQueued;
  }

  /** What waits for a node is routed again. */
  routeAnew(link: Link): void {
    this.waiting.arrive(link.drain());
  }

  private leaveToForwarder(unreachable: ReadonlyMap<Link | undefined, Call[]>, nowMs: number): void {
    const forwarder = this.directory.forwarder(this.random);
    for (const [owner, calls] of unreachable) {
      if (owner !== undefined) this.connections.want(owner, nowMs);
      if (forwarder === undefined) {
        for (const call of calls) this.waiting.strand(call);
        continue;
      }
      const refused =
        owner === undefined
          ? calls.filter((call) => !forwarder.enqueue(call))
          : forwarder.enqueueFor(owner, calls);
      for (const call of refused) this.refuse(forwarder, call);
    }
  }

  private refuse(link: Link, call: Call): void {
    const text = `more waits for ${link.address} than it answers in a moment`;
    this.settlement.settle(call, { ok: false, code: 'RESOURCE_EXHAUSTED', text });
  }
}
