/** Conditions of a ring as a history has them. */

import type { Condition } from '@ringkeep/shared/operations';
import type { HistoryCondition } from './history-values';

export function conditionOf(condition: Condition): HistoryCondition {
  switch (condition.kind) {
    case 'absent':
    case 'present':
      return { is: condition.kind };
    case 'version':
      return { is: 'version', version: condition.version };
    case 'value':
      return { is: 'value', value: condition.value };
  }
}
