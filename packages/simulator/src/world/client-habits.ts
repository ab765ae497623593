/** What simulated clients ask for: operations of the whole catalogue. */

import type { Bytes, Random, RingKey } from '@ringkeep/shared';
import { CATALOGUE, ringKeyOf, type Operation, type OperationRow } from '@ringkeep/shared/operations';

export interface ClientHabits {
  readonly keys: readonly Bytes[];
  readonly thinkMs: number;
  readonly patienceMs: number;
  /** Nothing is read. */
  readonly onlyWrites: boolean;
}

/** Some operation on some key; `nextValue` makes a value that no other operation has. */
export function drawOperation(
  random: Random,
  { keys, onlyWrites }: ClientHabits,
  nextValue: () => Bytes,
): Operation {
  const key = ringKeyOf(random.pick(keys));
  const dice = random.fraction();
  const rows = dice < 0.45 && !onlyWrites ? READS : dice < 0.55 ? BARE_WRITES : OTHER_WRITES;
  // Where there is nothing to choose nothing is drawn.
  const row = rows.length === 1 ? (rows[0] as OperationRow) : random.pick(rows);
  return operationOf(row, key, nextValue);
}

function operationOf({ code, brings }: OperationRow, key: RingKey, nextValue: () => Bytes): Operation {
  const operands = brings.map((name) => [name, nextValue()] as const);
  return { type: code, key, ...Object.fromEntries(operands) } as Operation;
}

const ROWS: readonly OperationRow[] = Object.values(CATALOGUE);
const READS = ROWS.filter(({ writes }) => !writes);
const BARE_WRITES = ROWS.filter(({ writes, brings }) => writes && brings.length === 0);
const OTHER_WRITES = ROWS.filter(({ writes, brings }) => writes && brings.length > 0);
