/**
 * What the parts of a node's core may ask of the node within a step, and do through it.
 *
 * Each interface is one subject. A part names those that it uses, so that its constructor says what can change what it
 * answers, and a test of it makes these alone. Only the node is all of them, and only what connects parts passes on more
 * than it uses itself.
 */

import type { Arc, ClusterParameters, KeyRange, KnownRing, NodeId } from '@ringkeep/shared';
import type { Proposal, Ring, RingView } from '@ringkeep/shared';
import type { NodeEffect, NodeEvent } from './effects';
import type { GrantLedger } from './follower/grant-ledger';
import type { TransferSizes } from './limits';
import type { Journal } from './replica/journal';
import type { ReplicaStore } from './replica/replica-store';
import type { ProtocolRules } from './rules';

export interface StepTime {
  /** Time of this step, ms. */
  readonly now: number;
  /** Asks for a tick no later than this. */
  wakeAt(time: number): void;
}

/** The ring's time (membership/ring-clock.ts). */
export interface WallClock {
  /** Ms since 1970. */
  readonly wallMs: number;
  /** It is known well enough to end keys by it. */
  readonly isSure: boolean;
  /** The registry has answered what was sent then; one of an older version tells no time. */
  heard(ringTimeMs: number | undefined, sentAt: number): void;
  /** The machine slept. */
  forget(): void;
}

/** By which time keys end. */
export interface Clocked {
  readonly clock: WallClock;
}

/** The way out of a step. */
export interface Outbox {
  emit(effect: NodeEffect): void;
}

/** Facts for logs and metrics. */
export interface Reports {
  report(event: NodeEvent): void;
}

/** The ring that this node acts on, and its place there. */
export interface RingKnowledge {
  readonly self: NodeId;
  /** The newest one that it knows durably; whole versions only. */
  readonly view: RingView;
  /** The parameters of that ring. */
  readonly parameters: ClusterParameters;
}

/** Rings that come with messages, until this node acts on them. */
export interface RingArrivals {
  /** The ring that this node names to others. */
  readonly known: KnownRing;
  /** A newer ring is on its way to the disk. */
  readonly adopting: boolean;
  /** A ring came with a message, and is adopted if it is newer. @returns whether a newer one is under way */
  adopt(ring: Ring): boolean;
  /** Neither ring is of the other's past. */
  isForeign(ring: Ring): boolean;
  /** Runs the action when every ring that has come is acted on, or at once if it is. */
  whenAdopted(action: () => void): void;
}

/** Which process of this node it is that speaks. */
export interface ProcessIdentity {
  readonly incarnation: number;
  /** Drawn when this process started. */
  readonly process: bigint;
}

export interface StoredCopies {
  readonly replicas: ReplicaStore;
}

export interface DiskLog {
  readonly journal: Journal;
}

/** What the disk cannot take at present. */
export interface DiskLimits {
  /** Why it takes only what makes room; undefined if it has room. */
  readonly roomLacking: string | undefined;
  /** Writes come faster than it takes them. */
  readonly diskOverloaded: boolean;
}

export interface RegistryStanding {
  /** When the registry last took this process in, ms. */
  readonly registeredAt: number;
  /** When the registry last answered, ms. */
  readonly registryAnsweredAt: number;
  /** It changes the ring, by its last answer: it may also say that it cannot at present. */
  readonly registryDecides: boolean;
}

export interface Proposing {
  /** Sends a proposal; the answer comes to the role that is primary of its arc then. */
  propose(proposal: Proposal): void;
}

export interface Granting {
  readonly grants: GrantLedger;
}

/** Damaged stretches of this node's copies, which are asked for elsewhere. */
export interface Repairing {
  readonly mending: {
    isDamagedWithin(arc: Arc): boolean;
    /** Each entry, as far as it is known and still damaged. */
    damagedWithin(arc: Arc): readonly KeyRange[];
    found(range: KeyRange): void;
    /** Something has come that may have mended them. */
    checkNow(): void;
  };
}

/** Which nodes can be reached at their addresses. */
export interface Reaching {
  readonly reachability: {
    isReached(node: NodeId): boolean;
    isMissed(node: NodeId): boolean;
    /** This node does not hear it as a primary, and has said so. */
    complainedOf(node: NodeId): void;
  };
}

export interface RuleSettings {
  readonly rules: ProtocolRules;
}

export interface TransferSettings {
  readonly transferSizes: TransferSizes;
}

export interface NodeContext
  extends
    StepTime,
    Clocked,
    Outbox,
    Reports,
    RingKnowledge,
    RingArrivals,
    ProcessIdentity,
    StoredCopies,
    DiskLog,
    DiskLimits,
    RegistryStanding,
    Proposing,
    Granting,
    Repairing,
    Reaching,
    RuleSettings,
    TransferSettings {}
