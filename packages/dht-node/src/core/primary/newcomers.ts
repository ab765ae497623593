/**
 * Whose turn it is among several newcomers to one arc.
 *
 * The last one of the arc first: the range from its id to the arc's end is just what will be its own, so
 * that no key is copied twice, however many join at once. One that does not come while another waits
 * loses its turn after a while.
 */

import type { NodeId } from '@ringkeep/shared';
import { isNewcomer } from '../replica/wanted-copies';
import type { ArcPrimary } from './arc-primary';
import type { Reaching, RingKnowledge, RuleSettings, StepTime } from '../context';
import type { OpenStream } from '../messages';

type NewcomersContext = StepTime & RingKnowledge & Reaching & RuleSettings;

export class Newcomers {
  private readonly waitingSince = new Map<NodeId, number>();

  constructor(private readonly context: NewcomersContext) {}

  /** The newcomer may begin its transfer now; otherwise it is to ask again. */
  mayFollow(role: ArcPrimary, open: OpenStream): boolean {
    const { context } = this;
    const { config } = role;
    const { follower } = open;
    if (!role.open || open.range.start !== follower || open.range.end !== config.end) return false;
    if (!isNewcomer(context, config, follower)) return false;
    if (context.rules.isMissed(context.reachability, follower)) return false;
    const others = context.view.ring.members
      .map((member) => member.id)
      .filter((id) => id !== follower && isNewcomer(context, config, id));
    const busy = others.some((id) => role.followers.get(id)?.coversArc === false);
    const since = this.waitingSince.get(follower) ?? context.now;
    const mayOvertake = context.now - since > 2 * context.parameters.failureTimeoutMs;
    const last = others.every((id) => this.offset(config.start, id) < this.offset(config.start, follower));
    if (busy || !(last || mayOvertake)) {
      this.forgetStrangers();
      this.waitingSince.set(follower, since);
      return false;
    }
    this.waitingSince.delete(follower);
    return true;
  }

  private forgetStrangers(): void {
    for (const id of this.waitingSince.keys()) {
      if (!this.context.view.member(id)) this.waitingSince.delete(id);
    }
  }

  private offset(start: NodeId, id: NodeId): bigint {
    return BigInt.asUintN(64, id - start);
  }
}
