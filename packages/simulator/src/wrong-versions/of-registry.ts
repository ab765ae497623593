/** What the registry decides where a rule of it is left out (packages/registry/src/core/rules.ts has the right ones). */

import type { RegistryRules } from '@ringkeep/registry/core';
import type { RuleNames } from './wrong-version';

/** By which name each decision is left out. */
export const RULES_OF_REGISTRY = {
  restartEndsRoles: 'newTermAtRestart',
  isRefusedAsOlder: 'olderIncarnationsRefused',
  mayHaveRole: 'holdersOnly',

  isReplaced: 'evictionIsLevelTriggered',
  membersAfterEviction: 'inSyncOutlivesMembers',
  countsInTerm: 'complaintsOfTheTerm',
  complaintsNeeded: 'majorityComplains',
  heardOfMembers: 'complainersInSync',

  mayBeGivenArc: 'targetsAreLive',
  faultOfProcess: 'targetsByIncarnation',
  lowerHalf: 'splitStartsTerms',
  copiesReached: 'copiesReachedKept',

  comparedAs: 'versionsNameRuns',
  decidesFrom: 'membersHeardFirst',
} as const satisfies RuleNames<RegistryRules>;

export const WRONG_OF_REGISTRY: RegistryRules = {
  restartEndsRoles: () => false,
  isRefusedAsOlder: () => false,
  mayHaveRole: () => true,

  isReplaced: (justDied) => justDied,
  membersAfterEviction: (_arc, holders) => ({ inSync: holders, withoutCopy: [] }),
  countsInTerm: () => true,
  complaintsNeeded: () => 1,
  heardOfMembers: (_holders, everybody) => everybody,

  mayBeGivenArc: () => true,
  faultOfProcess: () => undefined,
  lowerHalf: (after, { term, handover }) => ({ ...after, term, handover }),
  copiesReached: (_everReached, inSync) => inSync,

  comparedAs: (known) => ({ ...known, run: 0n }),
  decidesFrom: (_allHeardBy, startedAt) => startedAt,
};
