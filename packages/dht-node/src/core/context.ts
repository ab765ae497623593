/**
 * What the parts of a node's core share within a step: the time, the newest ring, the disk, and a way to emit effects.
 */

import type { ClusterParameters, KnownRing, NodeId, Proposal, Ring, RingView } from '@ringkeep/shared';
import type { TransferSizes } from './limits';
import type { NodeEffect, NodeEvent } from './effects';
import type { GrantLedger } from './follower/grant-ledger';
import type { Journal } from './replica/journal';
import type { Mending } from './replica/mending';
import type { Reachability } from './membership/reachability';
import type { ReplicaStore } from './replica/replica-store';
import type { ProtocolRules } from './rules';

export interface NodeContext {
  /** Time of this step, ms. */
  readonly now: number;
  readonly self: NodeId;
  readonly incarnation: number;
  /** Drawn when this process started. */
  readonly process: bigint;
  /** The parameters of the ring that this node acts on. */
  readonly parameters: ClusterParameters;
  /** The ring that this node acts on: the newest one that it knows durably; whole versions only. */
  readonly view: RingView;
  /** The ring that it names to others. */
  readonly known: KnownRing;
  /** A newer ring is on its way to the disk. */
  readonly adopting: boolean;
  readonly replicas: ReplicaStore;
  readonly journal: Journal;
  readonly grants: GrantLedger;
  readonly mending: Mending;
  readonly reachability: Reachability;
  readonly rules: ProtocolRules;
  readonly transferSizes: TransferSizes;
  /** When the registry last took this process in, ms. */
  readonly registeredAt: number;
  /** Why the disk takes only what makes room; undefined if it has room. */
  readonly roomLacking: string | undefined;
  /** Writes come faster than the disk takes them. */
  readonly diskOverloaded: boolean;
  /** When the registry last answered, ms. */
  readonly registryAnsweredAt: number;
  /** It changes the ring, by its last answer: it may also say that it cannot at present. */
  readonly registryDecides: boolean;
  emit(effect: NodeEffect): void;
  report(event: NodeEvent): void;
  /** Asks for a tick no later than this. */
  wakeAt(time: number): void;
  /** Sends a proposal; the answer comes to the role that is primary of its arc then. */
  propose(proposal: Proposal): void;
  /** A ring came with a message, and is adopted if it is newer. @returns whether a newer one is under way */
  adopt(ring: Ring): boolean;
  /** Neither ring is of the other's past. */
  isForeign(ring: Ring): boolean;
  /** Runs the action when every ring that has come is acted on, or at once if it is. */
  whenAdopted(action: () => void): void;
}
