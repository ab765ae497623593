/** How applications describe a transaction, in the client and at a node of their own, and what they are told. */

import type { Bytes } from '../ring/bytes';
import { RingError } from '../ring/errors';
import {
  CATALOGUE,
  isOperationName,
  OperationType,
  type SingleOperandName,
  type OperationName,
} from './catalogue';
import { encodeExtras, type Extras } from './extras';
import { deltaBytes } from './integers';
import { encodeTransaction, type EncodedOperation } from './transaction';
import { decodeTransactionAnswer } from './transaction-answer';
import {
  expiryBytes,
  extrasOf,
  writeResult,
  type KeyConditionOption,
  type TtlOptions,
  type WriteResult,
} from './write-options';

/** A key or a value: text, which stands for its UTF-8 bytes, or bytes. */
type Operand = string | Uint8Array;

/** One condition on one key. */
export type TransactCondition = { readonly key: Operand } & KeyConditionOption;

/** One operation; with `withVersion` or a time to live, it is told as a `WriteResult`. */
export type TransactOperation = { readonly key: Operand; readonly withVersion?: boolean } & TtlOptions &
  (
    | { readonly op: 'get' | 'delete' }
    | { readonly op: 'set' | 'exchange' | 'append'; readonly value: Operand }
    | { readonly op: 'add'; /** 1 unless told. */ readonly delta?: number | bigint }
    | { readonly op: 'expire'; /** Milliseconds from now, or a moment. */ readonly end: number | Date }
    | { readonly op: 'persist' }
  );

/**
 * All keys have one tag: what stands between the first `{` and the next `}` is the same, as in `{order 7}status`.
 * Conditions and operations are 128 at most.
 */
export interface TransactOptions<
  Then extends readonly TransactOperation[] = readonly TransactOperation[],
  Else extends readonly TransactOperation[] = readonly TransactOperation[],
> {
  readonly if?: readonly TransactCondition[];
  /** Carried out when all conditions hold; each operation sees what those before it left. */
  readonly then: Then;
  /** Carried out when one of them does not. */
  readonly else?: Else;
}

/** What one operation is told. */
export type ToldOf<Operation> = Operation extends
  { readonly withVersion: true } | { readonly ttlMs: number } | { readonly ttl: 'keep' | 'none' }
  ? WriteResult
  : Operation extends { readonly op: 'add' }
    ? bigint
    : Operation extends { readonly op: 'append' }
      ? number
      : Operation extends { readonly op: 'expire' | 'persist' }
        ? boolean
        : Operation extends { readonly op: 'set' }
          ? undefined
          : Uint8Array | undefined;

type Told<Operations> = { readonly [Index in keyof Operations]: ToldOf<Operations[Index]> };

/** `version` is that of everything the transaction wrote; `results` are those of the branch, in its order. */
export type TransactResult<Then, Else> =
  | { readonly held: true; readonly version: number; readonly results: Told<Then> }
  | { readonly held: false; readonly version: number; readonly results: Told<Else> };

/** A transaction as one operation: with one of its keys, by which it finds its way, and its operand. */
export interface TransactionRequest {
  readonly key: Bytes;
  readonly transaction: Bytes;
}

type BytesOf = (operand: Operand, what: 'key' | 'value') => Bytes;

/** Throws INVALID_ARGUMENT naming the part that is wrong. */
export function transactionRequest(options: TransactOptions, bytesOf: BytesOf): TransactionRequest {
  const conditions = list(options.if, 'if').map((condition, index) =>
    within(`condition ${index + 1}`, () => {
      const wanted = extrasOf(condition, (value) => bytesOf(value, 'value'))?.condition;
      if (wanted === undefined) {
        throw new RingError('INVALID_ARGUMENT', 'needs ifAbsent, ifPresent, ifVersion or ifValue');
      }
      return { key: bytesOf(condition.key, 'key'), condition: wanted };
    }),
  );
  const [then, otherwise] = (['then', 'else'] as const).map((branch) =>
    list(options[branch], branch).map((operation, index) =>
      within(`operation ${index + 1} of ${branch}`, () => encodedOperation(operation, bytesOf)),
    ),
  ) as [EncodedOperation[], EncodedOperation[]];
  const first = conditions[0] ?? then[0] ?? otherwise[0];
  if (first === undefined) {
    throw new RingError('INVALID_ARGUMENT', 'the transaction has neither conditions nor operations');
  }
  return { key: first.key, transaction: encodeTransaction({ conditions, then, else: otherwise }) };
}

function encodedOperation(asked: TransactOperation, bytesOf: BytesOf): EncodedOperation {
  const name: unknown = asked.op;
  if (typeof name !== 'string' || !isOperationName(name) || name === 'transact' || name === 'scan') {
    throw new RingError('INVALID_ARGUMENT', `op must be one of ${NAMES.join(', ')}, got ${String(name)}`);
  }
  const extras = extrasIn(asked, bytesOf);
  const operands = CATALOGUE[name].brings.map((operand) => OPERANDS[operand](asked as Brought, bytesOf));
  return {
    type: OperationType[name],
    key: bytesOf(asked.key, 'key'),
    extras: extras && encodeExtras(extras),
    operands,
  };
}

function extrasIn(asked: TransactOperation, bytesOf: BytesOf): Extras | undefined {
  const extras = extrasOf(asked, (value) => bytesOf(value, 'value'));
  if (extras?.condition === undefined) return extras;
  throw new RingError(
    'INVALID_ARGUMENT',
    'has no condition of its own; the conditions of a transaction are in `if`',
  );
}

type Brought = {
  readonly value?: Operand;
  readonly delta?: number | bigint;
  readonly end?: number | Date;
};

/** What an operation brings, by the name of the operand. */
const OPERANDS: Record<SingleOperandName, (asked: Brought, bytesOf: BytesOf) => Bytes> = {
  value: ({ value }, bytesOf) => bytesOf(value as Operand, 'value'),
  expiry: ({ end }, bytesOf) => bytesOf(expiryBytes(end as number | Date, undefined), 'value'),
  delta: ({ delta }, bytesOf) => bytesOf(deltaBytes(delta ?? 1), 'value'),
};

const NAMES = (Object.keys(CATALOGUE) as OperationName[]).filter(
  (name) => name !== 'transact' && name !== 'scan',
);

function list<Item>(items: readonly Item[] | undefined, name: string): readonly Item[] {
  if (items === undefined || Array.isArray(items)) return items ?? [];
  throw new RingError('INVALID_ARGUMENT', `the transaction's \`${name}\` must be a list`);
}

function within<Made>(part: string, make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    if (error instanceof RingError)
      throw new RingError(error.code, `the transaction's ${part}: ${error.message}`);
    throw error;
  }
}

/** What the answer to a transaction says. */
export function transactResult<
  Then extends readonly TransactOperation[],
  Else extends readonly TransactOperation[],
>(options: TransactOptions<Then, Else>, answer: Uint8Array | undefined): TransactResult<Then, Else> {
  const { held, version, values } = decodeTransactionAnswer(answer ?? new Uint8Array());
  const operations: readonly TransactOperation[] = (held ? options.then : options.else) ?? [];
  const results = operations.map((operation, index) => toldOf(operation, values[index]));
  return { held, version, results } as unknown as TransactResult<Then, Else>;
}

function toldOf(operation: TransactOperation, value: Uint8Array | undefined): unknown {
  if (extrasOf(operation, () => '' as Bytes) !== undefined) return writeResult(value);
  switch (operation.op) {
    case 'add':
      return BigInt(textOf(value));
    case 'append':
      return Number(textOf(value));
    case 'expire':
    case 'persist':
      return value !== undefined && textOf(value) === '1';
    default:
      return value;
  }
}

function textOf(value: Uint8Array | undefined): string {
  return Buffer.from(value ?? []).toString('latin1');
}
