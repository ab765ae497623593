/** All of a simulated world, for whoever makes faults in it, uses it or judges it. Its machines see less of it. */

import type { NodeId } from '@ringkeep/shared';
import type { Machine } from './machine';
import type { Party } from './network';
import type { RegistryMachine } from './registry-machine';
import type { Neighbourhood } from './surroundings';

export interface World extends Neighbourhood {
  readonly registry: RegistryMachine;
  readonly machines: readonly Machine[];
  machine(party: Party): Machine | undefined;
  machineAt(addr: string): Machine | undefined;
  machineOf(id: NodeId): Machine | undefined;
}

/** A world that runs, as the phases of its run see it. */
export interface Run extends World {
  /** Runs on until then, or until there is enough. @returns false when a rule was broken on the way */
  runUntil(time: number, enough?: () => boolean): Promise<boolean>;
}
