/** Histories drawn by hand. */

import type { Action, HistoryOperation, RecordedOutcome, Value } from '../../src';

/** Starts at one time and ends at another; an end of undefined is an unknown outcome. */
export function operation(
  client: number,
  action: Action,
  callMs: number,
  returnMs: number | undefined,
  outcome: RecordedOutcome = returnMs === undefined ? 'unknown' : 'ok',
): HistoryOperation {
  return { ...action, client, key: 'k', callMs, returnMs: returnMs ?? null, outcome };
}

export const get = (value: Value): Action => ({ op: 'get', value });
export const set = (value: string, previous?: Value): Action => ({ op: 'set', value, previous });
export const remove = (previous?: Value): Action => ({ op: 'delete', previous });
export const cas = (expected: Value, value: Value, swapped: boolean, previous?: Value): Action => ({
  op: 'cas',
  expected,
  value,
  swapped,
  previous,
});
