/** What a node's core asks its host to do, in this order. */

import type {
  Arc,
  ArcConfig,
  KnownRing,
  Bytes,
  ErrorCode,
  Member,
  NodeId,
  Position,
  Proposal,
  Ring,
  Seq,
  Term,
} from '@ringkeep/shared';
import type { Operation, OperationResult } from '@ringkeep/shared/operations';
import type { Change } from './replica/change-history';
import type { Entry } from './replica/entry-store';
import type { FollowerMessage, PrimaryMessage } from './messages';
import type { LogRecord, ReplicaSnapshot } from './replica/records';

/** A complete copy, as this node names it to the registry. */
export interface HeldCopy extends Arc {
  /** The last term in which this node took part in it. */
  readonly term: Term;
  readonly committed: Seq;
  readonly lastPrepared: Seq;
}

/** The primary of this arc, in this term, is not heard. */
export interface Complaint {
  readonly start: Position;
  readonly term: Term;
}

export type RegistryCall =
  | {
      readonly kind: 'register';
      /** The complete copies on the disk. */
      readonly held: readonly HeldCopy[];
      readonly known: KnownRing;
    }
  | {
      readonly kind: 'renew';
      readonly known: KnownRing;
      /** Arcs whose primaries this node does not hear. */
      readonly complaints: readonly Complaint[];
    }
  | { readonly kind: 'leave'; readonly known: KnownRing }
  | { readonly kind: 'propose'; readonly known: KnownRing; readonly proposal: Proposal };

/** An operation that was prepared but is not known to be committed. */
export interface DiscardedOp {
  readonly seq: Seq;
  readonly term: Term;
  readonly op: Entry;
}

/** Facts for logs and metrics; the core does not depend on them. */
export type NodeEvent =
  | { readonly kind: 'joined'; readonly arc: Arc }
  | { readonly kind: 'ring-adopted'; readonly version: number }
  | { readonly kind: 'role-taken'; readonly arc: Arc; readonly term: number }
  | { readonly kind: 'role-open'; readonly arc: Arc; readonly term: number; readonly afterMs: number }
  | { readonly kind: 'role-lost'; readonly arc: Arc; readonly term: number }
  | { readonly kind: 'data-missing'; readonly arc: ArcConfig }
  | { readonly kind: 'following'; readonly range: Arc; readonly primary: NodeId }
  | { readonly kind: 'following-ended'; readonly range: Arc; readonly text: string }
  | { readonly kind: 'live'; readonly range: Arc; readonly keys: number; readonly received: number }
  | { readonly kind: 'erased'; readonly range: Arc }
  | { readonly kind: 'discarded'; readonly range: Arc; readonly operations: number }
  /** A member's disk is older than it should be: its copy is not used, or is made anew. */
  | { readonly kind: 'old-copy'; readonly range: Arc; readonly node: NodeId; readonly text: string }
  /** Another log has committed operations that this one lacks: a person has to decide. */
  | { readonly kind: 'arc-stopped'; readonly arc: Arc; readonly node: NodeId; readonly text: string }
  | { readonly kind: 'arc-resumed'; readonly arc: Arc }
  /** Logs that cannot be compared: nothing is erased. */
  | { readonly kind: 'incomparable'; readonly range: Arc; readonly node: NodeId }
  | { readonly kind: 'proposed'; readonly proposal: Proposal }
  | { readonly kind: 'proposal-refused'; readonly proposal: Proposal; readonly reason: string }
  /** A node does not answer at its address, or another one does: it is given no arc. */
  | { readonly kind: 'node-missed'; readonly node: NodeId; readonly addr: string; readonly other: boolean }
  | { readonly kind: 'node-reached'; readonly node: NodeId; readonly addr: string }
  | { readonly kind: 'paused'; readonly arc: Arc; readonly forMs: number }
  /** The disk takes no new entries any more, or takes them again. */
  | { readonly kind: 'room'; readonly lacking: string | undefined }
  | { readonly kind: 'registry-silent'; readonly text: string }
  | { readonly kind: 'registry-wrong'; readonly text: string }
  | { readonly kind: 'registry-back' }
  /** The registry answers but changes nothing at present, or does so again. */
  | { readonly kind: 'registry-undecided'; readonly because: string | undefined }
  /** A ring of another history was offered; it is not adopted. */
  | { readonly kind: 'foreign-ring'; readonly text: string }
  /** Entries on the disk are not what their primaries made: of stretches, how many were found and mended of late. */
  | {
      readonly kind: 'damage';
      readonly found: number;
      readonly mended: number;
      readonly left: number;
      /** Where one of them begins. */
      readonly at: Bytes;
    }
  | { readonly kind: 'protocol-violation'; readonly text: string };

export type NodeEffect =
  /** Append to the log. Batches are numbered from 1 without gaps since the process started. */
  | { readonly kind: 'append'; readonly batch: number; readonly records: readonly LogRecord[] }
  | {
      readonly kind: 'checkpoint';
      readonly replicas: readonly ReplicaSnapshot[];
      readonly known: KnownRing;
    }
  /** Prepared operations that are discarded: they must be kept beside the log for a while. */
  | { readonly kind: 'discard'; readonly range: Arc; readonly ops: readonly DiscardedOp[] }
  | {
      readonly kind: 'answer';
      readonly request: number;
      readonly results: readonly OperationResult[];
      readonly hops: number;
      /** For a caller whose ring is behind and led it here. */
      readonly ring: Ring | undefined;
    }
  | {
      readonly kind: 'forward';
      readonly forward: number;
      readonly to: Member;
      readonly operations: readonly Operation[];
      readonly hops: number;
      readonly deadlineAtMs: number;
      readonly ringVersion: number;
    }
  /** Nobody waits for a forward any more: the other node need not continue with it. */
  | { readonly kind: 'cancel-forward'; readonly forward: number; readonly to: NodeId }
  /** Of a range, everything up to a number has been told with this; perhaps nothing that concerns the watch. */
  | {
      readonly kind: 'watch-told';
      readonly watch: number;
      readonly range: Arc;
      readonly through: Seq;
      readonly changes: readonly Change[];
      /** What it counts for until the input `watch-taken`. */
      readonly bytes: number;
    }
  /** No more of a range is told: it has another owner, or what follows is not kept. */
  | {
      readonly kind: 'watch-range-ended';
      readonly watch: number;
      readonly range: Arc;
      /** Up to that number everything was told; 0 if nothing was. */
      readonly through: Seq;
      readonly because: 'moved' | 'lost';
    }
  /** Nothing is left to watch; or why it was refused. */
  | {
      readonly kind: 'watch-ended';
      readonly watch: number;
      readonly refusal: { readonly code: ErrorCode; readonly text: string } | undefined;
    }
  /** The watch is another node's: the host goes on with it there. */
  | { readonly kind: 'forward-watch'; readonly watch: number; readonly to: Member }
  /** A call that is not answered within `withinMs` counts as unanswered. */
  | {
      readonly kind: 'call-registry';
      readonly call: number;
      readonly request: RegistryCall;
      readonly withinMs: number;
    }
  /** Opens a TransferKeys stream; the first message is the opening. */
  | {
      readonly kind: 'open-stream';
      readonly connection: number;
      readonly to: Member;
      readonly message: FollowerMessage;
    }
  | { readonly kind: 'send-to-primary'; readonly connection: number; readonly message: FollowerMessage }
  | { readonly kind: 'close-stream'; readonly connection: number }
  | { readonly kind: 'send-to-follower'; readonly connection: number; readonly message: PrimaryMessage }
  | { readonly kind: 'close-follower'; readonly connection: number }
  /** Connects to a node that this one is about to forward to, so that nothing has to wait for it later. */
  | { readonly kind: 'connect'; readonly to: Member }
  /** Asks which process answers at a node's address: the answer is the input `dialled`. */
  | { readonly kind: 'dial'; readonly to: Member }
  /** Introduces this node to a neighbour (RegisterAsNeighbor). */
  | { readonly kind: 'introduce'; readonly to: Member; readonly as: 'previous' | 'next' }
  /** The outcome of a decision: undefined when it is durable, otherwise why it was not made. */
  | { readonly kind: 'recover-answer'; readonly request: number; readonly refusal: string | undefined }
  /** The node holds nothing any more and the registry has forgotten it. */
  | { readonly kind: 'left' }
  /** The registry refuses to let the node go; it stays. */
  | { readonly kind: 'leave-refused'; readonly text: string }
  /** The registry refuses this node; it cannot go on. */
  | { readonly kind: 'refused'; readonly text: string }
  | { readonly kind: 'event'; readonly event: NodeEvent };
