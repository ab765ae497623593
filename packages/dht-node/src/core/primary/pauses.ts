/**
 * The pauses of an arc. It is quiesced before a handover or a merge is proposed, and accepts nothing until that is
 * settled or given up: the next primary would not have what it accepted meanwhile.
 */

import type { ArcConfig, NodeId } from '@ringkeep/shared';
import type { Reports, StepTime } from '../context';

/** Why the arc accepts nothing at present. */
export interface Quiesce {
  readonly since: number;
  /** The upper part of a handover begins here; of a merge, undefined. */
  readonly handover: { readonly at: NodeId; readonly to: NodeId } | undefined;
  proposed: boolean;
}

export class Pauses {
  private quiesce: Quiesce | undefined;

  constructor(private readonly context: StepTime & Reports) {}

  get present(): Quiesce | undefined {
    return this.quiesce;
  }

  begin(handover: Quiesce['handover']): void {
    this.quiesce = { since: this.context.now, handover, proposed: false };
  }

  /** Has no effect if there is none. */
  end(arc: ArcConfig): void {
    if (!this.quiesce) return;
    const forMs = this.context.now - this.quiesce.since;
    this.quiesce = undefined;
    this.context.report({ kind: 'paused', arc, forMs });
  }
}
