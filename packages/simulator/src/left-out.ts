/** Rules that a run may leave out: the nodes', the registry's, and the disk's. One at a time. */

import { ALL_RULES, type ProtocolRules } from '@ringkeep/dht-node/core';
import { ALL_REGISTRY_RULES, type RegistryRules } from '@ringkeep/registry/core';

export interface DiskRules {
  /** A batch that was torn by a crash counts as absent. */
  readonly tornBatchIsAbsent: boolean;
}

const ALL_DISK_RULES: DiskRules = { tornBatchIsAbsent: true };

export interface Rules {
  readonly nodes: ProtocolRules;
  readonly registry: RegistryRules;
  readonly disks: DiskRules;
}

export type Rule = keyof ProtocolRules | keyof RegistryRules | keyof DiskRules;

export const RULES = [
  ...Object.keys(ALL_RULES),
  ...Object.keys(ALL_REGISTRY_RULES),
  ...Object.keys(ALL_DISK_RULES),
] as Rule[];

/** A restarted primary takes its old role up again only if neither side minds. */
const TOGETHER: Partial<Record<Rule, Rule>> = {
  newTermAtRestart: 'termTakenOnce',
  splitStartsTerms: 'termTakenOnce',
};

export function rulesWithout(rule: Rule | undefined): Rules {
  const left = rule === undefined ? [] : [rule, TOGETHER[rule]];
  const kept = <T extends object>(rules: T): T =>
    Object.fromEntries(Object.keys(rules).map((name) => [name, !left.includes(name as Rule)])) as T;
  return { nodes: kept(ALL_RULES), registry: kept(ALL_REGISTRY_RULES), disks: kept(ALL_DISK_RULES) };
}
