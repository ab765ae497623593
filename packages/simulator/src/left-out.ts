/** Rules that a run may leave out: those of the nodes, the registry, the disk and the clients. One at a time. */

import { CLIENT_RULES, type ClientRules } from '@ringkeep/client/core';
import { PROTOCOL_RULES, type ProtocolRules } from '@ringkeep/dht-node/core';
import { REGISTRY_RULES, type RegistryRules } from '@ringkeep/registry/core';
import { RULES_OF_CLIENTS, WRONG_OF_CLIENTS } from './wrong-versions/of-clients';
import { RULES_OF_NODES, WRONG_OF_NODES } from './wrong-versions/of-nodes';
import { RULES_OF_REGISTRY, WRONG_OF_REGISTRY } from './wrong-versions/of-registry';
import { decisionsWithout } from './wrong-versions/wrong-version';

/** What the storage asks of its disk is done. A disk that leaves one out is a storage that has not asked. */
export interface DiskRules {
  /** A write of a file that was opened for it is durable when it is done. */
  readonly writesSyncWhereAsked: boolean;
  readonly foldersSync: boolean;
  /** What is not known to be on the disk is written anew before it counts. */
  readonly tailWrittenAnew: boolean;
  readonly tableSyncedAtRecovery: boolean;
  readonly tableSyncedBeforeLogIsDropped: boolean;
  /** A folder that lacks a part of what its node wrote is not taken up. */
  readonly partsBelongTogether: boolean;
  /** Incarnation, place and lease are on the disk before they are used. */
  readonly identityDurableBeforeUse: boolean;
}

const ALL_DISK_RULES: DiskRules = {
  writesSyncWhereAsked: true,
  foldersSync: true,
  tailWrittenAnew: true,
  tableSyncedAtRecovery: true,
  tableSyncedBeforeLogIsDropped: true,
  partsBelongTogether: true,
  identityDurableBeforeUse: true,
};

export interface Rules {
  readonly nodes: ProtocolRules;
  readonly registry: RegistryRules;
  readonly disks: DiskRules;
  readonly clients: ClientRules;
  /** None, as a rule. */
  readonly leftOut: readonly Rule[];
}

export type Rule =
  | (typeof RULES_OF_NODES)[keyof ProtocolRules]
  | (typeof RULES_OF_REGISTRY)[keyof RegistryRules]
  | keyof DiskRules
  | (typeof RULES_OF_CLIENTS)[keyof ClientRules];

/** One that several keep has one name and is left out by all of them. */
export const RULES = [
  ...new Set([
    ...Object.values(RULES_OF_NODES),
    ...Object.values(RULES_OF_REGISTRY),
    ...Object.keys(ALL_DISK_RULES),
    ...Object.values(RULES_OF_CLIENTS),
  ]),
] as Rule[];

/**
 * Rules that guard the same thing. A run that leaves one of them out leaves out the others as well, or it would have no
 * effect. docs/PROTOCOL.md, section 12, says how each second guard works.
 */
const TOGETHER: Partial<Record<Rule, readonly Rule[]>> = {
  logsComparedByTerms: ['strayOpsDiscarded'],
  newTermAtRestart: ['termTakenOnce', 'olderIncarnationsRefused'],
  splitStartsTerms: ['termTakenOnce', 'streamsEndWithRole'],
  evictionIsLevelTriggered: ['targetsAreLive'],
  openBeforeChanges: ['windowEndsTransfer'],
  erasedOnOrderOnly: ['wholeCopiesErasedOnOrder'],
};

export function rulesWithout(rule: Rule | undefined): Rules {
  const leftOut = rule === undefined ? [] : [rule, ...(TOGETHER[rule] ?? [])];
  const disks = Object.keys(ALL_DISK_RULES).map((name) => [name, !leftOut.includes(name as Rule)]);
  return {
    nodes: decisionsWithout(leftOut, PROTOCOL_RULES, WRONG_OF_NODES, RULES_OF_NODES),
    registry: decisionsWithout(leftOut, REGISTRY_RULES, WRONG_OF_REGISTRY, RULES_OF_REGISTRY),
    disks: Object.fromEntries(disks) as DiskRules,
    clients: decisionsWithout(leftOut, CLIENT_RULES, WRONG_OF_CLIENTS, RULES_OF_CLIENTS),
    leftOut,
  };
}
