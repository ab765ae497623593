/** What a client decides where a rule of it is left out (packages/client/src/core/rules.ts has the right ones). */

import type { ClientRules } from '@ringkeep/client/core';
import type { RuleNames } from './wrong-version';

/** By which name each decision is left out. */
export const RULES_OF_CLIENTS = {
  isDoubtfulOnBreak: 'brokenWritesNotResent',
  isDoubtfulOnReplacement: 'replacedWritesNotResent',
  reasonToLeave: 'standingSourcesLeft',
  notedThrough: 'notedWithChanges',
  goesOnFrom: 'goesOnWhereItWas',
  renewedIf: 'renewedByHolderOnly',
} as const satisfies RuleNames<ClientRules>;

export const WRONG_OF_CLIENTS: ClientRules = {
  isDoubtfulOnBreak: () => false,
  isDoubtfulOnReplacement: () => false,
  reasonToLeave: () => undefined,
  notedThrough: (through, changes) => (changes > 0 ? 0 : through),
  goesOnFrom: () => undefined,
  renewedIf: () => undefined,
};
