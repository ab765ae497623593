/** Versions of a key only grow, and each stands for one write. */

import { describeOperation, versionFault, type HistoryOperation } from '@ringkeep/checker/core';
import type { Failure } from './failure';

export function checkVersions(history: readonly HistoryOperation[]): Failure | undefined {
  const text = versionFault(history);
  return text === undefined ? undefined : { checker: 'versions', text };
}

/**
 * What is written last has a greater version than all that was told before: also of writes that were lost, since a
 * watcher may have seen them.
 */
export function checkLastVersion(
  key: string,
  version: number,
  history: readonly HistoryOperation[],
): Failure | undefined {
  const told = history.find(
    (each) => each.key === key && 'version' in each && (each.version ?? 0) >= version,
  );
  if (told === undefined) return undefined;
  const text = `${key} is written as version ${version}, and client ${told.client} was told of ${describeOperation(told)}`;
  return { checker: 'versions', text };
}
