/**
 * The places of calls and returns in the order of all events: 0, 1, 2 …
 *
 * At equal times calls come before returns, so that operations that touch are concurrent.
 */

import type { HistoryOperation } from './history';
import type { TimedOperation } from './model';

/** In the order of the calls. Failed operations have no place. */
export function placeOperations(history: readonly HistoryOperation[]): TimedOperation<HistoryOperation>[] {
  const certain = history.filter(({ outcome }) => outcome !== 'fail');
  const events: { atMs: number; isReturn: boolean; index: number }[] = [];
  for (const [index, { callMs, returnMs, outcome }] of certain.entries()) {
    events.push({ atMs: callMs, isReturn: false, index });
    if (outcome === 'ok' && returnMs !== null) events.push({ atMs: returnMs, isReturn: true, index });
  }
  events.sort((a, b) => a.atMs - b.atMs || Number(a.isReturn) - Number(b.isReturn) || a.index - b.index);
  const callAt = new Array<number>(certain.length).fill(0);
  const returnAt = new Array<number>(certain.length).fill(Infinity);
  for (const [place, { isReturn, index }] of events.entries()) (isReturn ? returnAt : callAt)[index] = place;
  return certain
    .map((operation, index) => ({
      operation,
      callAt: callAt[index] as number,
      returnAt: returnAt[index] as number,
    }))
    .sort((a, b) => a.callAt - b.callAt);
}
