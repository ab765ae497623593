/** The objects that the registry asks, one for each question, and the one that it tells what has happened. */

import type { Position } from '@ringkeep/shared';
import { Complaints } from './complaints';
import type { RegistryConfig, RegistryTools } from './config';
import { Deadlines } from './deadlines';
import type { RegistryFact } from './effects';
import { Eviction } from './eviction';
import { LostData } from './lost-data';
import { Membership } from './membership';
import { Publication } from './publication';
import { RollCall } from './roll-call';
import { RoomRule } from './room-rule';
import { REGISTRY_RULES, type RegistryRules } from './rules';
import type { RegistryState } from './state';

/** Nodes of another ring that have been silent for this many membership leases have stopped calling. */
const FOREIGN_QUIET_LEASES = 4;

export class Collaborators {
  readonly rules: RegistryRules;
  readonly membership: Membership;
  readonly complaints: Complaints;
  readonly eviction: Eviction;
  readonly publication: Publication;
  readonly lostData: LostData;
  readonly rollCall: RollCall;
  readonly room = new RoomRule();
  /** Arcs that wait for their members. */
  readonly returnWaits: Deadlines<Position>;

  /** `report` is told of facts. */
  constructor(
    config: RegistryConfig,
    tools: RegistryTools,
    state: RegistryState,
    now: number,
    readonly report: (fact: RegistryFact) => void,
  ) {
    const { parameters, historyChangesMax, returnWaitMs } = config;
    this.rules = tools.rules ?? REGISTRY_RULES;
    const heardBy = tools.restored ? Infinity : now + parameters.membershipLeaseMs;
    this.rollCall = new RollCall(this.rules.decidesFrom(heardBy, now));
    this.membership = new Membership(config, tools, state, now);
    this.complaints = new Complaints(parameters, this.rules);
    this.eviction = new Eviction(state.returns, this.rules, this.complaints);
    this.publication = new Publication(historyChangesMax, state.ring);
    this.returnWaits = new Deadlines(returnWaitMs);
    for (const start of state.returns) this.returnWaits.set(start, now);
    this.lostData = new LostData(FOREIGN_QUIET_LEASES * parameters.membershipLeaseMs, report);
  }
}
