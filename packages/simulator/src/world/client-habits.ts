/** What simulated clients ask for: operations of the whole catalogue. */

import type { Bytes, Random, RingKey } from '@ringkeep/shared';
import {
  CATALOGUE,
  evaluate,
  OPERANDS,
  ringKeyOf,
  type Operation,
  type OperandName,
  type OperationRow,
} from '@ringkeep/shared/operations';

export interface ClientHabits {
  readonly keys: readonly Bytes[];
  readonly thinkMs: number;
  readonly patienceMs: number;
  /** Nothing is read. */
  readonly onlyWrites: boolean;
}

/** What one client brings with its operations: values that no other operation keeps, and those that it has met. */
export class ClientValues {
  private made = 0;
  /** What each key was left with by the last operation of this client that was answered. */
  private readonly met = new Map<RingKey, Bytes>();

  constructor(private readonly client: string | number) {}

  next(): Bytes {
    return `${this.client}.${++this.made}` as Bytes;
  }

  /** An operation was done, and its answer says what it found. */
  answered(operation: Operation, answer: Bytes | undefined): void {
    const { effect } = evaluate(operation, answer);
    const left = effect ? effect.value : answer;
    if (left === undefined) this.met.delete(operation.key);
    else this.met.set(operation.key, left);
  }

  operand(name: OperandName, key: RingKey): Bytes {
    const met = OPERANDS[name].role === 'compared' ? this.met.get(key) : undefined;
    return met ?? this.next();
  }
}

/** Some operation on some key. */
export function drawOperation(
  random: Random,
  { keys, onlyWrites }: ClientHabits,
  values: ClientValues,
): Operation {
  const key = ringKeyOf(random.pick(keys));
  const dice = random.fraction();
  const rows = dice < 0.45 && !onlyWrites ? READS : dice < 0.55 ? BARE_WRITES : OTHER_WRITES;
  // Where there is nothing to choose nothing is drawn.
  const row = rows.length === 1 ? (rows[0] as OperationRow) : random.pick(rows);
  return operationOf(row, key, values);
}

function operationOf({ code, brings }: OperationRow, key: RingKey, values: ClientValues): Operation {
  const operands = brings.map((name) => [name, values.operand(name, key)] as const);
  return { type: code, key, ...Object.fromEntries(operands) } as Operation;
}

const ROWS: readonly OperationRow[] = Object.values(CATALOGUE);
const READS = ROWS.filter(({ writes }) => !writes);
const BARE_WRITES = ROWS.filter(({ writes, brings }) => writes && brings.length === 0);
const OTHER_WRITES = ROWS.filter(({ writes, brings }) => writes && brings.length > 0);
