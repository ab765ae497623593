/** What the parts of a simulated world share, and how they reach each other. */

import type { ArcConfig, ClusterParameters, NodeId, Position } from '@ringkeep/shared';
import type { DiscardedOp, NodeEvent, TransferSizes } from '@ringkeep/dht-node/core';
import type { DiskOptions } from '@ringkeep/dht-node/storage';
import type { Rules } from '../left-out';
import type { Names } from './names';
import type { Network, Party } from './network';
import type { Occasion } from './opportunist';
import type { RegistryMachine } from './registry-machine';
import type { Machine } from './machine';
import type { Timeline } from './timeline';
import type { Trace } from './trace';

export const REGISTRY_PARTY: Party = 0;
export const FIRST_CLIENT_PARTY: Party = 500;

export interface World {
  readonly timeline: Timeline;
  readonly network: Network;
  readonly trace: Trace;
  readonly names: Names;
  readonly parameters: ClusterParameters;
  readonly rules: Rules;
  readonly transferSizes: TransferSizes;
  readonly storage: Partial<DiskOptions>;
  readonly registry: RegistryMachine;
  readonly machines: readonly Machine[];
  readonly witness: Witness;
  /** A rule was broken: the run ends. */
  fail(checker: string, text: string): void;
  /** Its machine stays off until nobody needs what was on it, and gets another one. */
  diskIsOfNoUse(machine: Machine): void;
  /** Something happened that a fault may have waited for. */
  occurred(occasion: Occasion): void;
  /** A process reported something. */
  eventSeen(machine: Machine, event: NodeEvent): void;
  machineAt(addr: string): Machine | undefined;
  machineOf(id: NodeId): Machine | undefined;
}

/** Is told what happens, and judges it. */
export interface Witness {
  /** A read at a position was answered: by a machine's process just now, or by whoever it was. */
  checkServers(point: Position, by?: Machine): void;
  /** A process has answered a write that it was sent under one version of the ring, and answered under another. */
  writeAcknowledged(point: Position, after: number, upTo: number): void;
  /** Something that a primary has sent was delivered to a follower of its arc. */
  primaryHeard(by: Machine, arc: { readonly start: Position; readonly term: number }): void;
  /** The registry has given an arc of a living primary to another node. */
  primaryMissed(arc: ArcConfig, to: NodeId): void;
  /** A process keeps, for its operator, prepared operations that its ring has gone on without. */
  discarded(ops: readonly DiscardedOp[]): void;
}

/** A world that runs, as the phases of its run see it. */
export interface Run extends World {
  /** Runs on until then, or until there is enough. @returns false when a rule was broken on the way */
  runUntil(time: number, enough?: () => boolean): Promise<boolean>;
}
