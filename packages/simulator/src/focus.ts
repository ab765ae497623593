/**
 * A focus makes one kind of rare story common, by the faults that it always has and by faults that follow an event of
 * the protocol closely. The focuses themselves are in focuses.ts.
 *
 * Faults that strike at random seldom hit a window of a few milliseconds. But what opens the window can be seen, so a
 * fault may wait for that.
 */

import type { ClusterParameters } from '@ringkeep/shared';
import type { NodeEvent } from '@ringkeep/dht-node/core';
import type { Circumstances } from './circumstances';
import type { FaultKind, PassingKind } from './fault-kinds';
import type { NetworkProfile } from './world/network';

/** What a trigger may wait for: something that a node reports, sends to a follower or proposes, or a death. */
export type OccasionName =
  | NodeEvent['kind']
  | 'opening'
  | `sent ${'align' | 'start-over' | 'live' | 'release'}`
  | `proposed ${'admit' | 'drop' | 'keep' | 'yield' | 'handover' | 'merge'}`
  | 'declared dead';

export interface Trigger {
  readonly on: OccasionName;
  readonly chance: number;
  /**
   * `start` switches a machine on, or wakes its process; `break` strikes the stream of which the occasion speaks,
   * `lag` what the machine sends on it, and `lag-back` what it is sent.
   */
  readonly deed: PassingKind | 'start' | 'lag' | 'lag-back' | 'break';
  /** The machine that the occasion is about, the other one that it names, or somebody else of the same arc. */
  readonly to: 'itself' | 'the other' | 'a neighbour';
  readonly withinMs: number;
  /** It lasts longer than a membership lease. */
  readonly long?: boolean;
}

export interface Focus {
  readonly text: string;
  readonly always: readonly FaultKind[];
  /** No other kinds of faults: what they would do together is promised to nobody. */
  readonly alone?: boolean;
  readonly parameters?: Partial<ClusterParameters>;
  readonly network?: Partial<NetworkProfile>;
  readonly scenario?: Partial<Circumstances>;
  readonly triggers: readonly Trigger[];
}
