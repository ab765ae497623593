/** What a transaction means, and what no node takes for one. */

import fc from 'fast-check';
import type { Bytes, RingKey } from '../../src/ring';
import {
  bufferOfBytes,
  checkOperation,
  decodeTransaction,
  decodeTransactionAnswer,
  encodeDelta,
  encodeExtras,
  encodeTransaction,
  encodeTransactionAnswer,
  evaluateTransaction,
  isOperationType,
  OperationType,
  ringKeyOf,
  rowOf,
  seal,
  transactionOf,
  valueIn,
  versionIn,
  type Condition,
  type EncodedOperation,
  type EncodedTransaction,
  type StoredValue,
} from '../../src/operations';
import { RingError } from '../../src/ring';

const LIMITS = { keyBytesMax: 100, valueBytesMax: 16, positionRule: 'tag' as const };
const A = '{t}a' as Bytes;
const B = '{t}b' as Bytes;
const VERSION = 9;

const operation = (type: EncodedOperation['type'], key: Bytes, ...operands: string[]): EncodedOperation => ({
  type,
  key,
  extras: undefined,
  operands: operands as Bytes[],
});
const get = (key: Bytes) => operation(OperationType.get, key);
const set = (key: Bytes, value: string) => operation(OperationType.set, key, value);
const remove = (key: Bytes) => operation(OperationType.delete, key);
const add = (key: Bytes, delta: bigint) => operation(OperationType.add, key, encodeDelta(delta));
const append = (key: Bytes, value: string) => operation(OperationType.append, key, value);

const NOTHING: EncodedTransaction = { conditions: [], then: [], else: [] };

function checked(transaction: EncodedTransaction, key = A) {
  return checkOperation(OperationType.transact, key, [encodeTransaction(transaction)], undefined, LIMITS);
}

/** What it makes of `{t}a` with the value `old` of version 7, and nothing under `{t}b`. */
function carriedOut(transaction: Partial<EncodedTransaction>, old = 'old') {
  const made = checked({ ...NOTHING, ...transaction });
  if (made instanceof RingError) throw made;
  if (made.type !== OperationType.transact) throw new Error('it is a transaction');
  const present = new Map<RingKey, StoredValue>([[ringKeyOf(A), seal(ringKeyOf(A), 7, old as Bytes)]]);
  const { effects, answer } = evaluateTransaction(transactionOf(made), (key) => present.get(key), VERSION, {
    wallMs: 0,
    limits: LIMITS,
  });
  const left = Object.fromEntries(
    effects.map(({ key, value }) => [key.slice(8), value && `${valueIn(value)}@${versionIn(value)}`]),
  );
  if (!answer.ok) return { left, failed: answer.code, text: answer.text };
  const { held, version, values } = decodeTransactionAnswer(bufferOfBytes(answer.value as Bytes));
  return { left, held, version, values: values.map((value) => value && Buffer.from(value).toString()) };
}

const ifVersion = (key: Bytes, version: number) => ({
  key,
  condition: { kind: 'version', version } as Condition,
});
const ifAbsent = (key: Bytes) => ({ key, condition: { kind: 'absent' } as Condition });

describe('a transaction', () => {
  test('whose conditions all hold carries out one branch', () => {
    const transaction = {
      conditions: [ifVersion(A, 7), ifAbsent(B)],
      then: [set(B, 'new'), get(A)],
      else: [remove(A)],
    };
    expect(carriedOut(transaction)).toEqual({
      left: { [B]: 'new@9' },
      held: true,
      version: VERSION,
      values: [undefined, 'old'],
    });
  });

  test('one of whose conditions does not hold carries out the other', () => {
    const transaction = {
      conditions: [ifVersion(A, 7), ifVersion(B, 7)],
      then: [set(B, 'new')],
      else: [remove(A)],
    };
    expect(carriedOut(transaction)).toEqual({
      left: { [A]: undefined },
      held: false,
      version: VERSION,
      values: ['old'],
    });
  });

  test('sees in each operation what those before it left, and leaves one entry a key', () => {
    const then = [append(A, '1'), get(A), add(B, 2n), add(B, 3n), get(B), set(A, 'last')];
    expect(carriedOut({ then })).toEqual({
      left: { [A]: 'last@9', [B]: '5@9' },
      held: true,
      version: VERSION,
      values: ['4', 'old1', '2', '5', '5', undefined],
    });
  });

  test('changes nothing of a key that was absent and is so again', () => {
    expect(carriedOut({ then: [set(B, 'x'), remove(B)] })).toMatchObject({
      left: {},
      values: [undefined, 'x'],
    });
  });

  test('changes nothing at all when one of its operations fails, and says which', () => {
    expect(carriedOut({ then: [set(B, 'x'), add(A, 1n)] })).toEqual({
      left: {},
      failed: 'FAILED_PRECONDITION',
      text: 'operation 2 of then (add): nothing was written: the value is not a number of 64 bits',
    });
  });

  test('tells operations with extras their versions', () => {
    const extras = encodeExtras({ condition: undefined, showsPresent: false });
    const { values } = carriedOut({
      then: [
        { ...get(A), extras },
        { ...set(A, 'x'), extras },
      ],
    }) as {
      values: string[];
    };
    expect(values).toEqual(['\x03\x07old', '\x01\x09']);
  });
});

const refusal = (transaction: Partial<EncodedTransaction>, key = A): unknown => {
  const made = checked({ ...NOTHING, ...transaction }, key);
  return made instanceof RingError ? made.message : made;
};

test.each<[string, Partial<EncodedTransaction>, string]>([
  ['nothing in it', {}, 'the transaction has neither conditions nor operations'],
  [
    'keys of two tags',
    { then: [set(A, 'x'), set('{u}a' as Bytes, 'x')] },
    "the transaction's operation 2 of then: its key has another position",
  ],
  [
    'a condition on another tag',
    { conditions: [ifAbsent('b' as Bytes)] },
    "the transaction's condition 1: its key has another position",
  ],
  [
    'a key too long',
    { then: [get(`{t}${'k'.repeat(98)}` as Bytes)] },
    'operation 1 of then: the key has 101 bytes; 100 are allowed',
  ],
  [
    'a value too long',
    { else: [set(A, 'x'.repeat(17))] },
    "the transaction's operation 1 of else: the value has 17 bytes; 16 are allowed",
  ],
  ['an empty key', { then: [get('' as Bytes)] }, 'operation 1 of then: the key is empty'],
  [
    'an operation with a condition',
    {
      then: [
        { ...set(A, 'x'), extras: encodeExtras({ condition: { kind: 'absent' }, showsPresent: false }) },
      ],
    },
    'an operation in a transaction has no condition of its own',
  ],
  ['a delta too short', { then: [operation(OperationType.add, A, '1')] }, 'the delta has 1 bytes; it has 8'],
  [
    'too many operations',
    { then: Array.from({ length: 129 }, () => get(A)) },
    'the transaction has 129 conditions and operations, or more; 128 are allowed',
  ],
])('a transaction with %s is refused', (_, transaction, text) => {
  expect(refusal(transaction)).toContain(text);
});

test('128 operations are taken', () => {
  expect(checked({ ...NOTHING, then: Array.from({ length: 128 }, () => get(A)) })).not.toBeInstanceOf(
    RingError,
  );
});

test.each([OperationType.transact, OperationType.scan])(
  'operation %d within a transaction is refused',
  (type) => {
    const bytes = `\x00\x01${String.fromCharCode(type)}\x01k\x00\x00` as Bytes;
    const made = checkOperation(OperationType.transact, A, [bytes], undefined, LIMITS);
    expect(made).toMatchObject({
      message: expect.stringMatching(/malformed transaction: .* within a transaction/) as string,
    });
  },
);

const bytes = (most: number) =>
  fc.uint8Array({ maxLength: most }).map((array) => Buffer.from(array).toString('latin1') as Bytes);
const singles = Object.values(OperationType)
  .filter((type) => isOperationType(type) && type !== OperationType.transact && type !== OperationType.scan)
  .map((type) => type as EncodedOperation['type']);
const operations = fc.constantFrom(...singles).chain((type) =>
  fc.record({
    type: fc.constant(type),
    key: bytes(9),
    extras: fc.option(fc.constant(encodeExtras({ condition: undefined, showsPresent: true })), {
      nil: undefined,
    }),
    operands: fc.tuple(...brought(type).map(() => bytes(200))),
  }),
);
const conditions = fc.oneof(
  fc.record({ kind: fc.constantFrom('absent' as const, 'present' as const) }),
  fc.record({ kind: fc.constant('version' as const), version: fc.maxSafeNat() }),
  fc.record({ kind: fc.constant('value' as const), value: bytes(9) }),
);
const transactions = fc.record({
  conditions: fc.array(fc.record({ key: bytes(9), condition: conditions }), { maxLength: 4 }),
  then: fc.array(operations, { maxLength: 5 }),
  else: fc.array(operations, { maxLength: 5 }),
});

function brought(type: EncodedOperation['type']): readonly string[] {
  return rowOf(type).brings;
}

test('a transaction is read as it was written, and no part of one is', () => {
  fc.assert(
    fc.property(transactions, fc.nat(), (transaction, cut) => {
      const encoded = encodeTransaction(transaction);
      expect(decodeTransaction(encoded)).toEqual(transaction);
      const part = encoded.slice(0, cut % encoded.length) as Bytes;
      expect(() => decodeTransaction(part)).toThrow(RingError);
      expect(() => decodeTransaction(`${encoded}x` as Bytes)).toThrow('1 bytes too many');
    }),
  );
});

test('bytes that nobody encoded are refused, or are a transaction', () => {
  fc.assert(
    fc.property(bytes(40), (noise) => {
      try {
        decodeTransaction(noise);
      } catch (error) {
        expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
      }
    }),
    { numRuns: 1_000 },
  );
});

test('an answer is read as it was written, and no part of one that ends within a value', () => {
  const answer = { held: true, version: 300, values: [undefined, '' as Bytes, 'x'.repeat(200) as Bytes] };
  const encoded = bufferOfBytes(encodeTransactionAnswer(answer));
  const { held, version, values } = decodeTransactionAnswer(encoded);
  expect({ held, version }).toEqual({ held: true, version: 300 });
  expect(values.map((value) => value && Buffer.from(value).toString())).toEqual(answer.values);
  for (const end of [0, 1, 2, encoded.length - 1])
    expect(() => decodeTransactionAnswer(encoded.subarray(0, end))).toThrow('cannot be read');
});

test('a condition beside a transaction is refused: nobody would look at it', () => {
  const operand = encodeTransaction({ ...NOTHING, conditions: [{ key: A, condition: { kind: 'absent' } }] });
  const extras = { condition: { kind: 'present' as const }, showsPresent: false };
  const made = checkOperation(OperationType.transact, A, [operand], undefined, LIMITS, undefined, extras);
  expect(made).toMatchObject({ code: 'INVALID_ARGUMENT' });
});
