/**
 * What a transaction means. Like any write it is evaluated once, by the arc's primary, in the step in which it gets its
 * number; what it leaves are plain entries under that number.
 *
 * Each operation sees what those before it left. One key leaves one entry. If one operation fails, nothing is changed.
 */

import { TRANSACTION_BYTES_MAX } from '../ring/limits';
import type { RingKey } from '../ring/ring-key';
import { evaluate, type Circumstances } from './evaluate';
import { holds } from './extras';
import { doneWith, type OperationResult } from './operation';
import { seal, type StoredValue } from './stored';
import type { SingleOperation, Transaction } from './transaction';
import { encodeTransactionAnswer } from './transaction-answer';
import { nameOf } from './catalogue';
import type { Bytes } from '../ring/bytes';

/** What a key has afterwards; undefined if it is erased. */
export interface KeyEffect {
  readonly key: RingKey;
  readonly value: StoredValue | undefined;
}

export interface TransactionEvaluation {
  /** One for each key that is changed; none if the answer is an error. */
  readonly effects: readonly KeyEffect[];
  readonly answer: OperationResult;
}

/**
 * @param look the entry that a key has, undefined if it has none
 * @param version the number that the transaction gets
 */
export function evaluateTransaction(
  { conditions, then, else: otherwise }: Transaction,
  look: (key: RingKey) => StoredValue | undefined,
  version: number,
  circumstances: Circumstances,
): TransactionEvaluation {
  const keys = new ChangedKeys(look);
  const held = conditions.every(({ key, condition }) => holds(condition, keys.at(key)));
  const values: (Bytes | undefined)[] = [];
  for (const [index, operation] of (held ? then : otherwise).entries()) {
    const { effect, answer } = evaluate(operation, keys.at(operation.key), version, circumstances);
    if (!answer.ok) return refused({ ...answer, text: `${place(index, held, operation)}: ${answer.text}` });
    values.push(answer.value);
    if (effect)
      keys.set(
        operation.key,
        effect.value === undefined
          ? undefined
          : seal(operation.key, version, effect.value, effect.expiresAtMs),
      );
  }
  const effects = keys.changed();
  const value = encodeTransactionAnswer({ held, version, values });
  const changedBytes = effects.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
  if (changedBytes > TRANSACTION_BYTES_MAX) return tooLarge('what it writes', changedBytes);
  if (value.length > TRANSACTION_BYTES_MAX) return tooLarge('its answer', value.length);
  return { effects, answer: doneWith(value) };
}

/** The keys of a transaction as it goes on. */
class ChangedKeys {
  private readonly now = new Map<RingKey, StoredValue | undefined>();

  constructor(private readonly before: (key: RingKey) => StoredValue | undefined) {}

  at(key: RingKey): StoredValue | undefined {
    return this.now.has(key) ? this.now.get(key) : this.before(key);
  }

  set(key: RingKey, value: StoredValue | undefined): void {
    this.now.set(key, value);
  }

  /** A key that was absent and is so again is not changed. */
  changed(): KeyEffect[] {
    const effects: KeyEffect[] = [];
    for (const [key, value] of this.now)
      if (value !== undefined || this.before(key) !== undefined) effects.push({ key, value });
    return effects;
  }
}

function place(index: number, held: boolean, { type }: SingleOperation): string {
  return `operation ${index + 1} of ${held ? 'then' : 'else'} (${nameOf(type)})`;
}

function tooLarge(what: string, bytes: number): TransactionEvaluation {
  return refused({
    ok: false,
    code: 'INVALID_ARGUMENT',
    text: `nothing was written: ${what} has ${bytes} bytes; ${TRANSACTION_BYTES_MAX} are allowed`,
  });
}

function refused(answer: OperationResult): TransactionEvaluation {
  return { effects: [], answer };
}
