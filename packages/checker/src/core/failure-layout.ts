/**
 * Where things go in the drawing of a failure, in columns and rows; no markup yet.
 *
 * A column is an event, not a millisecond: idle time takes no room and a burst is not a smear. Each client has a row,
 * and another one for each operation that it has in progress at the same time. An order is a walk from left
 * to right through the bars: each operation at the first moment after its call and after the one before.
 */

import type { KeyFailure } from './check-history';
import type { HistoryOperation } from './history';
import { placeOperations } from './places';

/** Operations drawn at most: the last ones called. */
export const DRAWN_OPERATIONS_MAX = 200;

export interface Bar {
  readonly operation: HistoryOperation;
  readonly row: number;
  readonly fromColumn: number;
  /** Infinity when it was still in progress, or of unknown outcome, when the culprit returned. */
  readonly toColumn: number;
  readonly isCulprit: boolean;
}

export interface Stop {
  /** Its number in the order, from 1. */
  readonly number: number;
  readonly bar: Bar;
  /** Between fromColumn and toColumn. */
  readonly column: number;
}

export interface FailureLayout {
  readonly bars: readonly Bar[];
  readonly omitted: number;
  readonly columns: number;
  /** The client of each row. */
  readonly rows: readonly number[];
  /** For each order of the failure. */
  readonly walks: readonly (readonly Stop[])[];
}

export function layOutFailure(failure: KeyFailure): FailureLayout {
  const drawn = failure.operations.slice(-DRAWN_OPERATIONS_MAX);
  if (!drawn.includes(failure.culprit)) drawn.unshift(failure.culprit);
  const placed = placeOperations(drawn);
  const end = placed.find(({ operation }) => operation === failure.culprit)?.returnAt ?? 0;

  const clients = [...new Set(drawn.map(({ client }) => client))].sort((a, b) => a - b);
  const bars: Bar[] = [];
  const rows: number[] = [];
  for (const client of clients) {
    const freeAfter: number[] = [];
    for (const { operation, callAt, returnAt } of placed) {
      if (operation.client !== client) continue;
      const toColumn = returnAt <= end ? returnAt : Infinity;
      const free = freeAfter.findIndex((column) => column < callAt);
      const lane = free === -1 ? freeAfter.length : free;
      freeAfter[lane] = toColumn;
      const isCulprit = operation === failure.culprit;
      bars.push({ operation, row: rows.length + lane, fromColumn: callAt, toColumn, isCulprit });
    }
    rows.push(...freeAfter.map(() => client));
  }
  const barOf = new Map(bars.map((bar) => [bar.operation, bar]));
  return {
    bars,
    omitted: failure.operations.length - drawn.length,
    columns: end + 1,
    rows,
    walks: failure.orders.map(({ order }) => walk(order, barOf)),
  };
}

function walk(order: readonly HistoryOperation[], barOf: ReadonlyMap<HistoryOperation, Bar>): Stop[] {
  const groups = new Map<number, { number: number; bar: Bar }[]>();
  let column = 0;
  for (const [index, operation] of order.entries()) {
    const bar = barOf.get(operation);
    if (bar === undefined) continue;
    column = Math.max(column, bar.fromColumn);
    const group = groups.get(column);
    if (group) group.push({ number: index + 1, bar });
    else groups.set(column, [{ number: index + 1, bar }]);
  }
  return [...groups].flatMap(([from, stops]) =>
    stops.map(({ number, bar }, index) => ({ number, bar, column: from + (index + 1) / (stops.length + 1) })),
  );
}
