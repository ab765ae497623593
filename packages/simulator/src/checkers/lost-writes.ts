/**
 * What was acknowledged is there at the end: a last read of a key, when all is quiet, finds the value of a write that
 * no acknowledged write came after.
 *
 * Linearizability implies this; here the failure names the lost write.
 */

import {
  describeOperation,
  mayHaveChanged,
  mayHaveLeft,
  withExpiries,
  type HistoryOperation,
  type Value,
} from '@ringkeep/checker/core';
import type { Failure } from './failure';

/** `last`: what was read of each key after every operation had ended. */
export function checkLostWrites(
  history: readonly HistoryOperation[],
  last: ReadonlyMap<string, Value>,
): Failure | undefined {
  for (const [key, found] of last) {
    const writes = withExpiries(history.filter((operation) => operation.key === key)).filter(mayHaveChanged);
    const acknowledged = writes.filter(({ outcome }) => outcome === 'ok');
    const sources = writes.filter((write) => mayHaveLeft(write, found));
    const firstState = found === null && acknowledged.length === 0;
    const explained = sources.some(
      (source) => !acknowledged.some((later) => later !== source && cameAfter(later, source)),
    );
    if (firstState || explained) continue;
    const lost = acknowledged.at(-1);
    const what = lost ? `${describeOperation(lost)} of client ${lost.client}` : 'nothing';
    return {
      checker: 'lost writes',
      text: `the last read of ${key} found ${found ?? 'none'}; acknowledged last: ${what} at ${lost?.returnMs?.toFixed(2)} ms`,
    };
  }
  return undefined;
}

function cameAfter(later: HistoryOperation, earlier: HistoryOperation): boolean {
  return earlier.outcome === 'ok' && earlier.returnMs !== null && later.callMs > earlier.returnMs;
}
