/**
 * The messages of a follower and a primary on one TransferKeys stream.
 *
 * The follower opens it in the present term of the arc, for a range of it: the whole arc, or, for a new node, the part
 * from its id on. Every message carries the name of the stream. Both sides drop messages that carry another name than
 * their present one.
 */

import type {
  Arc,
  KeyRange,
  LogExtent,
  LogHistory,
  NodeId,
  Position,
  Ring,
  Seq,
  Term,
  TermStart,
} from '@ringkeep/shared';
import type { Bucket, Chunk, Entry } from './replica/entry-store';
import { opBytes, type HashPoint, type SequencedOp } from './replica/sequenced-op';

/** (start, term) names the log, the number the stream; the follower counts it up. */
export interface StreamName {
  readonly start: Position;
  readonly term: Term;
  readonly number: number;
}

/** A copy whose committed operations a primary's log does not have. */
export interface ConflictingLog {
  readonly node: NodeId;
  readonly log: LogExtent;
}

export interface OpenStream {
  readonly kind: 'open';
  readonly follower: NodeId;
  readonly incarnation: number;
  readonly process: bigint;
  readonly range: Arc;
  readonly lastPrepared: Seq;
  readonly committed: Seq;
  readonly complete: boolean;
  /**
   * It has entries of the range. If it is told to start over, it names digests of them, from the beginning of the range
   * on.
   */
  readonly sendsDigests: boolean;
  /** The logs of the complete copies that it has of the range, or of parts of it. */
  readonly logs: readonly LogExtent[];
  /** Why it stopped the arc when it was its primary, if nobody has decided about that. */
  readonly conflict: ConflictingLog | undefined;
  readonly ring: Ring;
}

/** What the follower has from where it last left off, within one of the range's key ranges. */
export interface Digests {
  readonly kind: 'digests';
  readonly buckets: readonly Bucket[];
}

export interface Acknowledge {
  readonly kind: 'acknowledge';
  /** Everything up to here is durable. */
  readonly prepared: Seq;
  /** Everything up to here is applied, durably. */
  readonly applied: Seq;
  readonly live: boolean;
  /** The primary's time in the newest message that this answers. */
  readonly sentAtMs: number;
  /** Bytes of chunks taken since the stream was opened. */
  readonly takenBytes: number;
  /** Its disk takes only what makes room. */
  readonly full: boolean;
}

/** These ranges of the sender's copy are damaged: what does the receiver hold of them? */
export interface Damaged {
  readonly kind: 'damaged';
  readonly ranges: readonly KeyRange[];
  /** The primary's commit point, as of which it asks; a follower says nothing by it. */
  readonly committed: Seq;
}

/** What the sender holds of ranges that are damaged at the receiver. */
export type Repair = {
  readonly kind: 'repair';
  /** The state is as of this commit point; 0 from a copy that counts as nothing. */
  readonly committed: Seq;
} & Chunk;

export type FollowerBody = OpenStream | Acknowledge | Digests | Damaged | Repair;

export interface FollowerMessage {
  readonly stream: StreamName;
  readonly body: FollowerBody;
}

export type PrimaryBody =
  /** The receiver is behind. */
  | { readonly kind: 'adopt'; readonly ring: Ring }
  /** Continue from here: what the follower has from firstSeq on is void, and ops replace it. */
  | {
      readonly kind: 'align';
      readonly lastPrepared: Seq;
      readonly committed: Seq;
      readonly firstSeq: Seq;
      readonly ops: readonly SequencedOp[];
      /** In which ops got their numbers, the first one at firstSeq. */
      readonly terms: readonly TermStart[];
      readonly overrules: Term;
      /** Just before firstSeq. */
      readonly hash: HashPoint | undefined;
    }
  /** The copy counts as nothing; chunks follow. `shared`: up to where the primary has what each log named has. */
  | { readonly kind: 'start-over'; readonly shared?: readonly Seq[] }
  | ({ readonly kind: 'chunk' } & Chunk)
  /** All digests so far are compared: name those that come next. */
  | { readonly kind: 'compared' }
  /** Operations that were committed during the transfer, on keys that earlier chunks have covered. */
  | { readonly kind: 'committed-ops'; readonly entries: readonly Entry[] }
  /** The copy is whole up to `committed`; the window follows it. */
  | {
      readonly kind: 'live';
      readonly committed: Seq;
      readonly window: readonly SequencedOp[];
      /** Of the range, up to the end of the window. */
      readonly history: LogHistory;
      readonly overrules: Term;
      /** After the window; unknown to a follower of a part of the arc. */
      readonly hash: HashPoint | undefined;
    }
  | {
      readonly kind: 'prepare';
      readonly firstSeq: Seq;
      readonly ops: readonly SequencedOp[];
      readonly committed: Seq;
      /** In which they got their numbers, the first one at firstSeq; absent: the stream's. */
      readonly terms?: readonly TermStart[];
    }
  | { readonly kind: 'heartbeat'; readonly committed: Seq }
  | Damaged
  | Repair
  /** The copy is no longer needed: erase it. `shared` as in start-over. */
  | { readonly kind: 'release'; readonly shared?: readonly Seq[] }
  /** Not now: ask again. */
  | { readonly kind: 'wait' };

export type PrimaryBodyOf<Kind extends PrimaryBody['kind']> = Extract<PrimaryBody, { kind: Kind }>;

export interface PrimaryMessage {
  readonly stream: StreamName;
  /** The primary's clock; comes back with the acknowledgement, and the lease is counted from it. */
  readonly sentAtMs: number;
  readonly body: PrimaryBody;
}

export function sameStream(a: StreamName, b: StreamName): boolean {
  return a.start === b.start && a.term === b.term && a.number === b.number;
}

/**
 * Operations cut into what one message may have: those of many large values at once are beyond gRPC's limit. What stands
 * under one number stays together.
 */
export function inMessages<Op extends SequencedOp>(
  ops: readonly Op[],
  messageBytes: number,
): readonly (readonly Op[])[] {
  const parts: (readonly Op[])[] = [];
  let from = 0;
  let bytes = 0;
  for (let at = 0; at < ops.length; at++) {
    const size = opBytes(ops[at]);
    if (at > from && bytes + size > messageBytes) {
      parts.push(ops.slice(from, at));
      from = at;
      bytes = 0;
    }
    bytes += size;
  }
  // The array itself when it is all: its encoding is kept beside it.
  return from === 0 ? [ops] : [...parts, ops.slice(from)];
}
