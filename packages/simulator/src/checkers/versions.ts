/** Versions of a key only grow, and each stands for one write. */

import { versionFault, type HistoryOperation } from '@ringkeep/checker/core';
import type { Failure } from './failure';

export function checkVersions(history: readonly HistoryOperation[]): Failure | undefined {
  const text = versionFault(history);
  return text === undefined ? undefined : { checker: 'versions', text };
}
