/** Until when a primary may count on each of its followers not to serve the arc, by its own clock. */

import type { NodeId } from '@ringkeep/shared';

export class HeldLeases {
  private readonly until = new Map<NodeId, number>();
  private voidUntil = Number.NEGATIVE_INFINITY;

  /**
   * A follower has granted one in answer to a message.
   *
   * @param sentAt when that message was sent: before it the follower cannot have granted
   * @param until when the lease ends
   */
  granted(follower: NodeId, sentAt: number, until: number): void {
    if (sentAt <= this.voidUntil) return;
    this.until.set(follower, Math.max(this.until.get(follower) ?? 0, until));
  }

  /** The machine slept: no lease held can be relied on, nor one granted on a message from before. */
  void(now: number): void {
    this.until.clear();
    this.voidUntil = now;
  }

  heldOfAll(members: Iterable<NodeId>, now: number): boolean {
    for (const member of members) {
      if ((this.until.get(member) ?? 0) <= now) return false;
    }
    return true;
  }
}
