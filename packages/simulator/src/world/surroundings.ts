/**
 * What the parts of a simulated world find around them, each no more than it uses. Machines, and what runs on them, know
 * one another by their parties and by what is said here of each, so that none of them has to know all the others.
 */

import type { ArcConfig, ClusterParameters, KnownRing, NodeId, Position } from '@ringkeep/shared';
import type { DiscardedOp, NodeCore, NodeEvent, TransferSizes } from '@ringkeep/dht-node/core';
import type { DiskOptions } from '@ringkeep/dht-node/storage';
import type { OccasionName } from '../focus';
import type { Rules } from '../left-out';
import type { Disk } from './disk';
import type { Names } from './names';
import type { Network, Party } from './network';
import type { Server } from './remote-call';
import type { Stream } from './stream';
import type { Timeline } from './timeline';
import type { Trace } from './trace';

export const REGISTRY_PARTY: Party = 0;
export const FIRST_CLIENT_PARTY: Party = 500;
export const FIRST_WATCHER_PARTY: Party = 700;

/** What is there before any machine, and whom to tell that a rule was broken. */
export interface Surroundings {
  readonly timeline: Timeline;
  readonly network: Network;
  readonly trace: Trace;
  readonly names: Names;
  readonly parameters: ClusterParameters;
  readonly rules: Rules;
  readonly transferSizes: TransferSizes;
  /** What a node keeps for watchers. */
  readonly historyBytes: number;
  readonly storage: Partial<DiskOptions>;
  /** A rule was broken: the run ends. */
  fail(checker: string, text: string): void;
}

/** A machine as others meet it: what answers at its address at present, if anything does. */
export interface Neighbour {
  readonly name: string;
  readonly party: Party;
  readonly disk: Pick<Disk, 'lastFullAt'>;
  readonly process: NeighbourProcess | undefined;
}

export interface NeighbourProcess extends Server {
  readonly paused: boolean;
  readonly core: NodeCore | undefined;
  readonly streams: StreamsTaken | undefined;
}

/** Takes the streams that others open to it. */
export interface StreamsTaken {
  /** @returns the number under which it hears what comes on it */
  accept(stream: Stream): number;
  heard(connection: number, bytes: Uint8Array): void;
  lost(connection: number): void;
}

/** The machine that a process runs on, as its parts see it. */
export interface Home extends Neighbour {
  readonly addr: string;
  /** Of the node on its disk. */
  id: NodeId | undefined;
  /** Typical time that its processor takes for a step. */
  readonly stepMs: number;
  readonly disk: Pick<Disk, 'lastFullAt' | 'fullSince'>;
}

/** The registry as nodes reach it. */
export interface RegistryServer extends Server {
  watch(watcher: Pick<Neighbour, 'name' | 'party'>, from: KnownRing, send: (bytes: Uint8Array) => void): void;
}

/** What a machine, the registry's included, has around it. */
export interface Neighbourhood extends Surroundings {
  readonly registry: { readonly server: RegistryServer | undefined };
  readonly machines: readonly Neighbour[];
  readonly witness: Witness;
  machineAt(addr: string): Neighbour | undefined;
  machineOf(id: NodeId): Neighbour | undefined;
  /** A machine stays off until nobody needs what was on its disk, and gets another one. */
  diskIsOfNoUse(machine: Party): void;
  /** Something happened that a fault may have waited for. */
  occurred(occasion: Occasion): void;
  /** A process reported something. */
  eventSeen(machine: Party, event: NodeEvent): void;
}

export interface Occasion {
  readonly name: OccasionName;
  /** The machine that it happened to, and another one that it names. */
  readonly machine: Party;
  readonly other?: Party | undefined;
  /** A position of the arc that it is about. */
  readonly at?: Position | undefined;
  /** The stream on which the machine is about to send something, from which side. */
  readonly stream?: Stream;
  readonly side?: 0 | 1;
}

/** Is told what happens, and judges it. */
export interface Witness {
  /** A read at a position was answered: by a machine's process just now, or by whoever it was. */
  checkServers(point: Position, by?: Party): void;
  /** A process has answered a write that it was sent under one version of the ring, and answered under another. */
  writeAcknowledged(point: Position, after: number, upTo: number): void;
  /** Something that a primary has sent was delivered to a follower of its arc, which is that node by now. */
  primaryHeard(by: NodeId | undefined, arc: { readonly start: Position; readonly term: number }): void;
  /** The registry has given an arc of a living primary to another node. */
  primaryMissed(arc: ArcConfig, to: NodeId): void;
  /** A process keeps, for its operator, prepared operations that its ring has gone on without. */
  discarded(ops: readonly DiscardedOp[]): void;
}
