/**
 * Changes of an arc, and what each would make of the arc. The primary proposes them, and the registry decides by
 * compare-and-set on the arc's epoch.
 *
 * The registry applies `configsAfter`; the primary asks it which configurations might be in force. Both must agree to
 * the bit, hence one function.
 */

import { arcContains } from './arc';
import type { NodeId, Position } from './position';
import { sameNodes, type ArcConfig, type Epoch, type Seq } from './ring';

interface OnArc {
  /** The arc, and the epoch that the proposer compares with. */
  readonly start: Position;
  readonly epoch: Epoch;
}

/** Which process opened the stream on which a node has shown what it has. */
interface OfProcess {
  readonly incarnation: number;
  /**
   * Drawn by the process: a copy of its data folder that runs beside it has the same incarnation. Unknown for an older
   * version's.
   */
  readonly process?: bigint | undefined;
}

export type Proposal =
  /** Take a follower that is level into the in-sync set: the process that opened the stream, and no later one. */
  | (OnArc & OfProcess & { readonly kind: 'admit'; readonly node: NodeId })
  /** Take replicas out of the in-sync set. */
  | (OnArc & { readonly kind: 'drop'; readonly nodes: readonly NodeId[] })
  /** Make an in-sync member primary whose log is newer, in a takeover. */
  | (OnArc & { readonly kind: 'yield'; readonly node: NodeId })
  /** Only raise the epoch: settles whatever else was proposed. */
  | (OnArc & { readonly kind: 'keep' })
  /** Make `node`, the process that opened the stream, primary of [at, end). */
  | (OnArc &
      OfProcess & {
        readonly kind: 'handover';
        readonly node: NodeId;
        readonly at: Position;
        readonly seq: Seq;
      })
  /** Join the arc with the one after it, of the same primary. */
  | (OnArc & {
      readonly kind: 'merge';
      readonly nextStart: Position;
      readonly nextEpoch: Epoch;
      readonly seq: Seq;
    });

/**
 * The configurations that stand where the arc (for a merge: both arcs) stood. `next` is the arc after
 * it, needed for a merge only. The caller has checked that the proposal applies.
 */
export function configsAfter(arc: ArcConfig, proposal: Proposal, next?: ArcConfig): ArcConfig[] {
  const epoch = arc.epoch + 1;
  switch (proposal.kind) {
    case 'admit':
      return [{ ...arc, epoch, inSync: withNode(arc.inSync, proposal.node) }];
    case 'drop':
      return [
        {
          ...arc,
          epoch,
          inSync: without(arc.inSync, proposal.nodes),
          withoutCopy: without(arc.withoutCopy, proposal.nodes),
        },
      ];
    case 'keep':
      return [{ ...arc, epoch }];
    case 'yield':
      return [{ ...arc, epoch, term: epoch, handover: false, primary: proposal.node }];
    case 'handover': {
      const role = { epoch, term: epoch, handover: true, seq: proposal.seq };
      const taken = {
        primary: proposal.node,
        inSync: withNode(arc.inSync, proposal.node),
        withoutCopy: without(arc.withoutCopy, [proposal.node]),
      };
      if (proposal.at === arc.start) return [{ ...arc, ...role, ...taken }];
      return [
        { ...arc, ...role, end: proposal.at },
        { ...arc, ...role, ...taken, start: proposal.at },
      ];
    }
    case 'merge': {
      if (!next) throw new Error('a merge needs the arc after it');
      const epochOfBoth = Math.max(arc.epoch, next.epoch) + 1;
      const role = { epoch: epochOfBoth, term: epochOfBoth, handover: true, seq: proposal.seq };
      const withoutCopy = next.withoutCopy.reduce(withNode, arc.withoutCopy);
      const copiesReached = Math.max(arc.copiesReached, next.copiesReached);
      return [{ ...arc, ...role, end: next.end, withoutCopy, copiesReached }];
    }
  }
}

/**
 * Why a proposal does not apply to the arc as it is, or undefined when it does. Checks the shape only;
 * that the proposer is the arc's primary, alive, and the epoch current is the registry's to check.
 */
export function proposalFault(arc: ArcConfig, proposal: Proposal, next?: ArcConfig): string | undefined {
  switch (proposal.kind) {
    case 'admit':
      return arc.inSync.includes(proposal.node) ? 'already in sync' : undefined;
    case 'drop':
      if (proposal.nodes.length === 0) return 'nobody is to be dropped';
      if (proposal.nodes.includes(arc.primary)) return 'a primary cannot drop itself';
      return proposal.nodes.every((id) => arc.inSync.includes(id)) ? undefined : 'not in sync';
    case 'keep':
      return undefined;
    case 'yield':
      if (proposal.node === arc.primary) return 'already the primary';
      if (arc.withoutCopy.includes(proposal.node)) return 'without a copy';
      return arc.inSync.includes(proposal.node) ? undefined : 'not in sync';
    case 'handover':
      if (proposal.node === arc.primary) return 'already the primary';
      return arcContains(arc, proposal.at) ? undefined : 'the boundary lies outside the arc';
    case 'merge': {
      if (!next || next.start !== proposal.nextStart) return 'the second arc is not there';
      if (arc.end !== next.start || arc.start === next.start) return 'the arcs are not adjacent';
      if (next.primary !== arc.primary) return 'the arcs have two primaries';
      if (next.epoch !== proposal.nextEpoch) return 'the second arc has another epoch';
      return sameNodes(arc.inSync, next.inSync) ? undefined : 'the arcs have other replicas in sync';
    }
  }
}

function without(nodes: readonly NodeId[], gone: readonly NodeId[]): readonly NodeId[] {
  return nodes.filter((id) => !gone.includes(id));
}

function withNode(nodes: readonly NodeId[], node: NodeId): readonly NodeId[] {
  return nodes.includes(node) ? nodes : [...nodes, node];
}
