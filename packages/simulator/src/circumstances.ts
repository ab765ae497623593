/** The setting of a run: a cluster, its machines, network and clients, and how often which faults happen. */

import type { ClusterParameters } from '@ringkeep/shared';
import type { TransferSizes } from '@ringkeep/dht-node/core';
import type { DiskOptions } from '@ringkeep/dht-node/storage';
import type { FaultKind } from './fault-kinds';
import type { DiskProfile } from './world/disk';
import type { NetworkProfile } from './world/network';

export interface Circumstances {
  readonly parameters: ClusterParameters;
  readonly placement: 'balanced' | 'hash';
  readonly forgetAfterMs: number;
  readonly returnWaitMs: number;
  /** Machines that are there from the beginning, and that may join later. */
  readonly machines: number;
  readonly machinesLater: number;
  readonly network: NetworkProfile;
  readonly disk: DiskProfile;
  /** So small that a log has several segments. */
  readonly storage: Partial<DiskOptions>;
  readonly checkpointEveryMs: number;
  /** So small that a handful of keys makes several chunks, buckets and pages. */
  readonly transferSizes: TransferSizes;
  /** What a node keeps for watchers: sometimes less than they are behind. */
  readonly historyBytes: number;
  readonly clients: number;
  readonly keys: number;
  /** Pause of a client between two operations, at most. */
  readonly thinkMs: number;
  /** Those who watch everything. */
  readonly watchers: number;
  /** Those who compete for a lock. */
  readonly lockHolders: number;
  /** How long a client waits for an answer. */
  readonly patienceMs: number;
  readonly safetyMs: number;
  /**
   * Disks are put back to an earlier state. `timely`: never in such a way that an operator would be needed. `late`: the
   * nodes that know better may come too late, and then the arc has to stop.
   */
  readonly oldDisks: 'never' | 'timely' | 'late';
  /**
   * The registry's data are put back to an earlier moment, by somebody who says so when the registry is started again or
   * by somebody who does not, or they are lost altogether; and saves of it fail.
   */
  readonly registryData: 'kept' | 'old' | 'restored' | 'lost';
  /** Clients go on, when all has been put right, until the arcs are where they should be. */
  readonly writesGoOn: boolean;
  /** Machines stand still, and clients write and get on all the same. */
  readonly silentFeeds: boolean;
  /** The registry is started with other parameters now and then. */
  readonly newParameters: boolean;
  readonly faults: readonly FaultKind[];
  /** Time between two faults, on average. */
  readonly faultEveryMs: number;
}
