/** Transactions at a primary: one number, prepared, committed, discarded and answered as one. */

import type { Bytes } from '@ringkeep/shared';
import {
  bufferOfBytes,
  decodeTransactionAnswer,
  encodeTransaction,
  OperationType,
  ringKeyOf,
  valueIn,
  type EncodedOperation,
  type EncodedTransaction,
  type Operation,
  type OperationResult,
} from '@ringkeep/shared/operations';
import { isGroup, type SequencedOp } from '../../src/core';
import { entriesOfOp } from '../../src/core/replica/sequenced-op';
import { arc, get, OTHER, put, ring, SELF, SteppedNode, type Follower } from './stepped-node';

const A = '{t}a';
const B = '{t}b';

const operation = (type: EncodedOperation['type'], key: string, ...operands: string[]): EncodedOperation => ({
  type,
  key: key as Bytes,
  extras: undefined,
  operands: operands as Bytes[],
});
const reads = (key: string) => operation(OperationType.get, key);
const sets = (key: string, value: string) => operation(OperationType.set, key, value);
const removes = (key: string) => operation(OperationType.delete, key);
const appends = (key: string, value: string) => operation(OperationType.append, key, value);

function transact(transaction: Partial<EncodedTransaction>): Operation {
  const whole = { conditions: [], then: [], else: [], ...transaction };
  return {
    type: OperationType.transact,
    key: ringKeyOf(A as Bytes),
    transaction: encodeTransaction(whole),
  };
}
const ifValue = (key: string, value: string) => ({
  key: key as Bytes,
  condition: { kind: 'value' as const, value: value as Bytes },
});

/** Primary of the whole ring, alone, with a value under `{t}a`. */
function withValue(): SteppedNode {
  const node = SteppedNode.registered(ring(1, [arc()], [SELF, OTHER]));
  node.sync();
  node.query(put(A, 'old'));
  node.sync();
  node.forget();
  return node;
}

function withFollower(): { node: SteppedNode; follower: Follower } {
  const node = withValue();
  node.adopt(ring(2, [arc({ epoch: 2, inSync: [SELF, OTHER] })], [SELF, OTHER]));
  const follower = node.openedBy(OTHER, SELF, 1, { complete: true, lastPrepared: 1, committed: 1 });
  follower.acknowledge(1);
  node.forget();
  return { node, follower };
}

function told(results: readonly OperationResult[] | undefined): unknown {
  const result = results?.[0];
  if (result === undefined) return undefined;
  if (!result.ok) return result.code;
  const { held, version, values } = decodeTransactionAnswer(bufferOfBytes(result.value as Bytes));
  return { held, version, values: values.map((value) => value && Buffer.from(value).toString()) };
}

const preparedOps = (node: SteppedNode): readonly SequencedOp[] =>
  node
    .of('append')
    .flatMap(({ records }) => records)
    .flatMap((record) => (record.kind === 'prepare' ? record.ops : []));

const textOf = (op: SequencedOp): string[] =>
  entriesOfOp(op).map(({ key, value }) => `${key.slice(8)}=${value && valueIn(value)}`);

const valuesOf = (node: SteppedNode, ...keys: string[]): unknown[] | undefined =>
  node.answer(node.query(...keys.map(get)))?.map((result) => result.ok && result.value);

test('its entries are one operation of the log, and nothing of it is read before all of it is committed', () => {
  const { node, follower } = withFollower();
  const request = node.query(transact({ then: [sets(A, 'new'), sets(B, 'too')] }));
  const ops = preparedOps(node);
  expect(ops).toHaveLength(1);
  expect(ops[0] && isGroup(ops[0])).toBe(true);
  expect(textOf(ops[0])).toEqual([`${A}=new`, `${B}=too`]);
  expect(follower.heard).toContainEqual(expect.objectContaining({ kind: 'prepare', firstSeq: 2, ops }));
  node.sync();
  expect(node.answer(request)).toBeUndefined();
  expect(valuesOf(node, A, B)).toEqual(['old', undefined]);
  follower.acknowledge(2);
  expect(told(node.answer(request))).toEqual({ held: true, version: 2, values: [undefined, undefined] });
  expect(valuesOf(node, A, B)).toEqual(['new', 'too']);
});

test('it is decided by the newest numbered writes, those of its own step included', () => {
  const node = withValue();
  const first = node.query(
    put(B, 'b'),
    transact({ conditions: [ifValue(A, 'old'), ifValue(B, 'b')], then: [appends(A, '1'), removes(B)] }),
  );
  const second = node.query(
    transact({
      conditions: [ifValue(A, 'old1'), ifValue(B, 'b')],
      then: [sets(A, 'never')],
      else: [reads(A), reads(B)],
    }),
  );
  expect(node.answer(second)).toBeUndefined();
  node.sync();
  node.sync();
  expect(told(node.answer(first)?.slice(1))).toEqual({ held: true, version: 3, values: ['4', 'b'] });
  expect(told(node.answer(second))).toEqual({ held: false, version: 4, values: ['old1', undefined] });
});

test('one that fails in the middle, or changes nothing, takes a number without an entry', () => {
  const { node, follower } = withFollower();
  const failing = node.query(
    transact({ then: [sets(B, 'x'), operation(OperationType.add, A, '\0'.repeat(8))] }),
  );
  const idle = node.query(transact({ then: [sets(B, 'x'), removes(B), reads(A)] }));
  node.sync();
  expect(preparedOps(node)).toEqual([undefined, undefined]);
  expect(node.answer(failing)).toBeUndefined();
  follower.acknowledge(3);
  expect(told(node.answer(failing))).toBe('FAILED_PRECONDITION');
  expect(told(node.answer(idle))).toEqual({ held: true, version: 3, values: [undefined, 'x', 'old'] });
  expect(valuesOf(node, A, B)).toEqual(['old', undefined]);
});

test('one that leaves one entry is an operation like any other', () => {
  const node = withValue();
  node.query(transact({ then: [sets(A, 'new'), reads(B)] }));
  expect(preparedOps(node)).toEqual([{ key: ringKeyOf(A as Bytes), value: expect.anything() }]);
});

test('what it would write beyond a message is refused, and nothing is written', () => {
  const node = withValue();
  const large = 'x'.repeat(node.parameters.valueBytesMax);
  node.query(put(A, large), put(B, large), put('{t}c', large));
  node.sync();
  const keys = [A, B, '{t}c'];
  const request = node.query(transact({ then: keys.flatMap((key) => [sets(key, ''), appends(key, 'y')]) }));
  const read = node.query(transact({ then: keys.map(reads) }));
  node.sync();
  node.sync();
  expect(told(node.answer(request))).toMatchObject({ held: true });
  expect(told(node.answer(read))).toMatchObject({ held: true, values: ['y', 'y', 'y'] });
  node.query(put(A, large.slice(1)), put(B, large.slice(1)), put('{t}c', large.slice(1)));
  node.sync();
  const tooMuch = node.query(transact({ then: keys.map((key) => appends(key, 'z')) }));
  const tooLong = node.query(transact({ then: keys.map(reads) }));
  node.sync();
  node.sync();
  expect(told(node.answer(tooMuch))).toBe('INVALID_ARGUMENT');
  expect(told(node.answer(tooLong))).toBe('INVALID_ARGUMENT');
  expect(valuesOf(node, A)).toEqual([large.slice(1)]);
});

test('a damaged entry that it looks at is asked of another member first, whichever of its keys has it', () => {
  const { node, follower } = withFollower();
  node.damage(ringKeyOf(A as Bytes));
  const request = node.query(transact({ then: [sets(B, 'b'), reads(A)] }));
  expect(node.answer(request)).toBeUndefined();
  expect(preparedOps(node)).toEqual([]);
  expect(follower.kinds).toContain('damaged');
});

test('its entries go to a follower whose copy is being made one by one, as far as the copy has come', () => {
  const node = withValue();
  const newcomer = node.openedBy(OTHER, SELF, 1);
  node.query(transact({ then: [sets(A, 'new'), sets(B, 'too')] }));
  node.sync();
  node.step({ kind: 'tick' });
  const sent = newcomer.heard.flatMap((body) =>
    body.kind === 'chunk' || body.kind === 'committed-ops' ? body.entries : [],
  );
  expect(sent.map(({ key, value }) => `${key.slice(8)}=${value && valueIn(value)}`).sort()).toEqual(
    expect.arrayContaining([`${A}=new`, `${B}=too`]),
  );
});
