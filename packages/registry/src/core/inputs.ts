/** The inputs of a registry core. The host numbers requests and watchers, and effects name the number. */

import type { KnownRing, NodeId, Position, Proposal, Seq, Term } from '@ringkeep/shared';

/** What a node remembers about itself, on its disk. */
export interface Identity {
  readonly id: NodeId;
  readonly salt: number;
  readonly clusterId: string;
}

/** The caller: a member, by its process, the newest version of the ring that it knows, and the ring's cluster. */
export interface Caller {
  readonly id: NodeId;
  readonly incarnation: number;
  /** Drawn by the process when it started. */
  readonly process: bigint;
  readonly known: KnownRing;
  /** The ring that it means; empty when it does not say. */
  readonly clusterId: string;
}

/** A complete copy of a range, on the disk of a node. */
export interface HeldRange {
  readonly start: Position;
  /** Undefined from a node of an older version: the arc that starts there. */
  readonly end: Position | undefined;
  /** The last term in which the node took part in it. */
  readonly term: Term;
  readonly committed: Seq;
  readonly lastPrepared: Seq;
}

export interface RegisterInput {
  readonly kind: 'register';
  readonly request: number;
  /** The address in its normal form. */
  readonly addr: string;
  /** Absent for a newcomer. */
  readonly identity: Identity | undefined;
  readonly incarnation: number;
  /** Drawn by the process when it started: tells a node from a copy of its data folder that runs beside it. */
  readonly process: bigint;
  /** The newest version of the ring that the node has acted on, by its disk. */
  readonly known: KnownRing;
  readonly coordinates: readonly number[];
  /**
   * A random text that a new node keeps on its disk from before it first registers. When it asks again, because the
   * answer was lost or the process died before it noted it, it gets the same place. May be empty.
   */
  readonly claim: string;
  readonly held: readonly HeldRange[];
}

/** The primary of an arc is silent towards a member of it, in that term. */
export interface Complaint {
  readonly start: Position;
  readonly term: Term;
}

export interface RenewInput {
  readonly kind: 'renew';
  readonly request: number;
  readonly caller: Caller;
  /** All of its complaints. */
  readonly complaints: readonly Complaint[];
}

export interface LeaveInput {
  readonly kind: 'leave';
  readonly request: number;
  readonly caller: Caller;
}

export interface ProposeInput {
  readonly kind: 'propose';
  readonly request: number;
  readonly caller: Caller;
  readonly proposal: Proposal;
}

/** Which members own a part of the ring. */
export interface OwnersInput {
  readonly kind: 'owners';
  readonly request: number;
}

/** Starts to watch. A known watcher resumes from the version that it has reached. */
export interface WatchInput {
  readonly kind: 'watch';
  readonly watcher: number;
  /** Version 0 asks for the whole ring. */
  readonly from: KnownRing;
  /** Empty: any cluster. */
  readonly clusterId: string;
}

export interface UnwatchInput {
  readonly kind: 'unwatch';
  readonly watcher: number;
}

/** What the disk has room for (everything, everything that does not make the ring larger, or no change), and why. */
export type DiskRoom =
  | { readonly allows: 'everything' }
  | { readonly allows: 'no growth' | 'no change'; readonly lacking: string };

/** The host has measured the disk, or could not save. */
export interface RoomInput {
  readonly kind: 'room';
  readonly room: DiskRoom;
}

export interface TickInput {
  readonly kind: 'tick';
}

export type RegistryInput =
  | RegisterInput
  | RenewInput
  | LeaveInput
  | ProposeInput
  | OwnersInput
  | WatchInput
  | UnwatchInput
  | RoomInput
  | TickInput;
