/**
 * Up to where an arc's operations may be committed: those that are durably prepared here and at every member of every
 * configuration that might be in force (docs/PROTOCOL.md, section 3.3).
 *
 * It is computed anew from what each follower has acknowledged on its present stream, and never kept: members come and
 * go, and a stream that breaks takes its acknowledgements with it.
 */

import type { NodeId, Seq } from '@ringkeep/shared';
import type { RuleSettings, StepTime } from '../context';
import type { PossibleMembers } from '../rules';
import { LevelHold, type PresentStreams } from './level-hold';

export class CommitPoint {
  /** Prepared by this node itself, durably. */
  private ownDurable: Seq = -1;
  readonly levelHold: LevelHold;

  constructor(
    private readonly context: StepTime & RuleSettings,
    private readonly configurations: PossibleMembers,
    private readonly followers: PresentStreams,
  ) {
    this.levelHold = new LevelHold(context, followers);
  }

  preparedHere(seq: Seq): void {
    this.ownDurable = Math.max(this.ownDurable, seq);
  }

  /** In an open term. */
  reached(): Seq {
    const members = this.members();
    return this.levelHold.limit(this.preparedBy(members), members);
  }

  /** In a takeover, which is complete when this is the whole window. */
  aligned(): Seq {
    return this.context.rules.alignedUpTo(this.preparedBy(this.members()), this.ownDurable);
  }

  private members(): ReadonlySet<NodeId> {
    return this.context.rules.committedBy(this.configurations);
  }

  private preparedBy(members: ReadonlySet<NodeId>): Seq {
    let seq = this.ownDurable;
    for (const member of members) seq = Math.min(seq, this.followers.get(member)?.acked ?? -1);
    return seq;
  }
}
