/** The inputs of a node's core. Times are the host's monotonic clock in ms; requests and connections are numbers. */

import type { KeyRange, NodeId, Position, Ring, RingUpdate } from '@ringkeep/shared';
import type { Operation, OperationResult } from '@ringkeep/shared/operations';
import type { FollowerMessage, PrimaryMessage } from './messages';
import type { WatchedRange, WatchFilter } from './watches/watch';

/** A batch of operations from a client or another node. */
export interface QueryInput {
  readonly kind: 'query';
  readonly request: number;
  readonly operations: readonly Operation[];
  /** Forwards so far. */
  readonly hops: number;
  readonly deadlineAtMs: number;
  /** The newest ring version that the sender knows. */
  readonly ringVersion: number;
  /** Answer NOT_OWNER rather than forward. */
  readonly direct: boolean;
}

/** A watch of some ranges, all of one arc as its caller knows the ring: what is of another one it is told. */
export interface WatchInput {
  readonly kind: 'watch';
  readonly watch: number;
  readonly filter: WatchFilter;
  readonly ranges: readonly WatchedRange[];
  /** End it where another node is the owner rather than go on there. */
  readonly direct: boolean;
}

export type NodeInput =
  | QueryInput
  | { readonly kind: 'cancel-query'; readonly request: number }
  | WatchInput
  /** The host has passed on that much of what a watch was told. */
  | { readonly kind: 'watch-taken'; readonly watch: number; readonly bytes: number }
  | { readonly kind: 'close-watch'; readonly watch: number }
  /** All batches up to this number are durable. */
  | { readonly kind: 'persisted'; readonly batch: number }
  /** Write a checkpoint: the answer is the effect of that name. */
  | { readonly kind: 'checkpoint' }
  | {
      readonly kind: 'forward-answer';
      readonly forward: number;
      readonly results: readonly OperationResult[];
      readonly hops: number;
      readonly ring: RingUpdate | undefined;
    }
  /** `sent` is false only when the operations certainly never left this node. */
  | {
      readonly kind: 'forward-failed';
      readonly forward: number;
      readonly sent: boolean;
      readonly text: string;
    }
  | {
      readonly kind: 'registered';
      readonly call: number;
      readonly id: NodeId;
      readonly ring: Ring;
      /** What the registry's clock showed; a registry of an older version does not say. */
      readonly ringTimeMs?: number | undefined;
    }
  | {
      readonly kind: 'member-answer';
      readonly call: number;
      readonly live: boolean;
      /** Why this process must stop: another one of this node has registered since. Empty if it need not. */
      readonly replaced: string;
      /** Why the registry changes nothing at present; empty if it does. */
      readonly undecided: string;
      /** Why its disk allows no new member, at least; empty if it does. */
      readonly roomLacking: string;
      /** What the registry's clock showed; a registry of an older version does not say. */
      readonly ringTimeMs?: number | undefined;
      readonly update: RingUpdate;
    }
  | {
      readonly kind: 'proposal-answer';
      readonly call: number;
      readonly accepted: boolean;
      readonly reason: string;
      readonly update: RingUpdate;
    }
  /** The registry did not answer; it is not known whether it acted. */
  | { readonly kind: 'registry-failed'; readonly call: number; readonly text: string }
  /** There is a connection to the registry, for the first time or again. */
  | { readonly kind: 'registry-reached' }
  /** The registry does not know the ring of this node as it is; it decided nothing. */
  | { readonly kind: 'registry-wrong'; readonly call: number; readonly text: string }
  /** The registry refuses for good. */
  | { readonly kind: 'registry-refused'; readonly call: number; readonly text: string }
  /** From the watch. */
  | { readonly kind: 'ring'; readonly update: RingUpdate }
  /** On a stream that somebody opened here, as a follower. */
  | { readonly kind: 'follower-message'; readonly connection: number; readonly message: FollowerMessage }
  | { readonly kind: 'follower-gone'; readonly connection: number }
  /** On a stream that this node opened, as a follower. */
  | { readonly kind: 'primary-message'; readonly connection: number; readonly message: PrimaryMessage }
  | { readonly kind: 'primary-gone'; readonly connection: number; readonly text: string }
  /** The time of a round trip to another member, for routing by proximity. */
  | { readonly kind: 'round-trip'; readonly peer: NodeId; readonly ms: number }
  /** Which process answers at a node's address; undefined: none. */
  | { readonly kind: 'dialled'; readonly node: NodeId; readonly process: bigint | undefined }
  /** A node that this one does not know introduced itself: the ring here is behind. */
  | { readonly kind: 'introduced' }
  /** A person has decided whose data a stopped arc goes on with. */
  | {
      readonly kind: 'recover';
      readonly request: number;
      readonly start: Position;
      readonly from: NodeId;
    }
  /** Hand everything over and leave. */
  | { readonly kind: 'leave' }
  /** Why the disk takes only what makes room; undefined if it has room. */
  | { readonly kind: 'room'; readonly lacking: string | undefined }
  /** The disk falls behind the writes, or keeps up with them again. */
  | { readonly kind: 'disk-overloaded'; readonly overloaded: boolean }
  /** The scrub has found something there that is not what its primary made. */
  | { readonly kind: 'damaged'; readonly ranges: readonly KeyRange[] }
  /** The machine slept: leases held may have run out without the clock having moved. */
  | { readonly kind: 'suspended' }
  | { readonly kind: 'tick' };

export type InputOf<Kind extends NodeInput['kind']> = Extract<NodeInput, { kind: Kind }>;

/** The handler of each kind of input: a kind without a row does not compile. */
export type InputHandlers = { readonly [Kind in NodeInput['kind']]: (input: InputOf<Kind>) => void };
