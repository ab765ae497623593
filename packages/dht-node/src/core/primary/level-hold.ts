/**
 * Lets a follower that keeps pace be level at some instant.
 *
 * A follower is level if it has everything up to the commit point. Under writes that never pause, a follower whose
 * acknowledgements take longer than the members' never is: the commit point is always ahead by what is on its way to
 * it. So the primary holds the commit point back for a moment, until such a follower has come up to it, and then
 * proposes what the follower had to be level for. It waits only for a follower whose whole lag is in flight, at most
 * HOLD_MS_MAX, and after waiting in vain not again for long. So a follower that is slower than it looked costs little.
 */

import type { NodeId, Seq } from '@ringkeep/shared';
import { HOLD_AGAIN_MS, HOLD_MS_MAX } from '../limits';
import type { StepTime } from '../context';

/** A follower's stream, as far as commits wait for it. */
export interface PacedStream {
  readonly follower: NodeId;
  /** Durable at the follower; undefined until it has acknowledged on this stream. */
  readonly acked: Seq | undefined;
}

/** The stream that each follower has open. */
export interface PresentStreams {
  get(follower: NodeId): PacedStream | undefined;
}

export class LevelHold {
  private held: { readonly session: PacedStream; readonly until: number } | undefined;
  private notBefore = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly context: StepTime,
    private readonly followers: PresentStreams,
  ) {}

  begin(session: PacedStream): void {
    const { context } = this;
    if (this.held || context.now < this.notBefore) return;
    this.held = { session, until: context.now + HOLD_MS_MAX };
    context.wakeAt(this.held.until);
  }

  /** Up to where may be committed, of what the members have. */
  limit(seq: Seq, members: ReadonlySet<NodeId>): Seq {
    if (!this.held) return seq;
    const { session, until } = this.held;
    const { now } = this.context;
    if (now < until && this.isStillToBeLevel(session, members)) return Math.min(seq, session.acked ?? seq);
    this.held = undefined;
    if (now >= until) this.notBefore = now + HOLD_AGAIN_MS;
    return seq;
  }

  /** Its stream is the present one, and it is no member yet. */
  private isStillToBeLevel(session: PacedStream, members: ReadonlySet<NodeId>): boolean {
    return this.followers.get(session.follower) === session && !members.has(session.follower);
  }
}
