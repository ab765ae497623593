/** Batches of operations through their column frames and real protobuf bytes. */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import {
  isWrite,
  OperationType,
  ringKeyOf,
  type KeyTerms,
  type Condition,
  type Operation,
  type OperationResult,
} from '../../src/operations';
import { RingError, type Bytes, REPLY_BYTES_TARGET } from '../../src/ring';
import { decodeReply, decodeRequest, dht, encodeReplies, encodeRequest } from '../../src/wire';

const LIMITS: KeyTerms = { keyBytesMax: 1_024, valueBytesMax: 1 << 20, positionRule: 'tag' };

const bytes = (least: number, most: number): fc.Arbitrary<Bytes> =>
  fc
    .uint8Array({ minLength: least, maxLength: most })
    .map((array) => Buffer.from(array).toString('latin1') as Bytes);

const conditions: fc.Arbitrary<Condition> = fc.oneof(
  fc.constantFrom({ kind: 'absent' as const }, { kind: 'present' as const }),
  fc.record({ kind: fc.constant('version' as const), version: fc.maxSafeNat() }),
  fc.record({ kind: fc.constant('value' as const), value: bytes(0, 200) }),
);

const plainOperations: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    type: fc.constantFrom(OperationType.exchange, OperationType.set),
    key: bytes(1, 40).map((key) => ringKeyOf(key)),
    value: fc.oneof({ weight: 9, arbitrary: bytes(0, 200) }, { weight: 1, arbitrary: bytes(1_000, 20_000) }),
  }),
  fc.record({
    type: fc.constantFrom(OperationType.get, OperationType.delete),
    key: bytes(1, 40).map((key) => ringKeyOf(key)),
  }),
);

const operations: fc.Arbitrary<Operation> = fc
  .tuple(plainOperations, fc.option(fc.option(conditions, { nil: undefined })), fc.boolean())
  .map(([operation, condition, showsPresent]) => {
    if (condition === null) return operation;
    return isWrite(operation)
      ? { ...operation, extras: { condition, showsPresent } }
      : { ...operation, extras: { condition: undefined, showsPresent } };
  });

const results: fc.Arbitrary<OperationResult> = fc.oneof(
  fc.record({
    ok: fc.constant(true as const),
    value: fc.option(fc.oneof(bytes(0, 200), bytes(1_000, 20_000)), { nil: undefined }),
  }),
  fc.record({
    ok: fc.constant(false as const),
    code: fc.constantFrom('NOT_OWNER' as const, 'UNAVAILABLE' as const, 'OUTCOME_UNKNOWN' as const),
    text: fc.string({ minLength: 1, maxLength: 20 }),
  }),
);

const header = (hops: number) => ({ frame: 7, deadlineMs: 500, hops, ringVersion: 3, direct: true });

test.each([0, 1])('a frame of %d hops is read back as it was written', (hops) => {
  fc.assert(
    fc.property(fc.array(operations, { maxLength: 20 }), (batch) => {
      const sent = dht.BatchRequest.encode(encodeRequest(header(hops), batch)).finish();
      const received = dht.BatchRequest.decode(sent);
      expect(received).toMatchObject(header(hops));
      expect(received.positions).toHaveLength(hops === 0 ? 0 : batch.length * 8);
      expect(decodeRequest(received, LIMITS)).toEqual(batch);
    }),
  );
});

test.each([
  ['all', ['k', 'key-1', '~ \x7f']],
  ['some', ['key-1', 'schl\xfcssel', 'key-2']],
  ['none', ['\x80', '\xff\xfe']],
])('keys are hashed as the bytes that they are, where %s of a frame are ASCII', (_, keys) => {
  const frame = encodeRequest(
    header(0),
    keys.map((key) => ({ type: OperationType.set, key: ringKeyOf(key as Bytes), value: '\xe9' as Bytes })),
  );
  const positions = keys.map((key) => createHash('sha256').update(key, 'latin1').digest().subarray(0, 8));
  const located = decodeRequest(frame, LIMITS).map((operation) =>
    operation instanceof RingError ? operation.message : operation.key,
  );
  expect(located).toEqual(keys.map((key, i) => positions[i]?.toString('latin1') + key));
});

test('the position that a client sends is not believed: the key is hashed again', () => {
  const [operation] = decodeRequest(
    {
      ...encodeRequest(header(0), [{ type: OperationType.get, key: ringKeyOf('key' as Bytes) }]),
      positions: Buffer.alloc(8),
    },
    LIMITS,
  );
  expect(operation).toEqual({ type: OperationType.get, key: ringKeyOf('key' as Bytes) });
});

test('results come back in order, in as many messages as their bytes need', () => {
  fc.assert(
    fc.property(fc.array(results, { maxLength: 20 }), (some) => {
      const replies = encodeReplies(7, 1, some).map((reply) =>
        dht.BatchReply.decode(dht.BatchReply.encode(reply).finish()),
      );
      expect(replies.flatMap(decodeReply)).toEqual(some);
    }),
  );
  const large = { ok: true as const, value: 'v'.repeat(REPLY_BYTES_TARGET / 2) as Bytes };
  expect(encodeReplies(7, 0, [large, large, large])).toHaveLength(2);
});

test('an operation that breaks a limit fails alone', () => {
  const frame = encodeRequest(header(0), [
    { type: OperationType.exchange, key: ringKeyOf('k' as Bytes), value: 'too long' as Bytes },
    { type: OperationType.get, key: ringKeyOf('longer' as Bytes) },
    { type: OperationType.get, key: ringKeyOf('k' as Bytes) },
  ]);
  frame.types[2] = 9;
  const [value, key, type] = decodeRequest(frame, { ...LIMITS, keyBytesMax: 5, valueBytesMax: 3 });
  expect(value).toEqual(new RingError('INVALID_ARGUMENT', 'the value has 8 bytes; 3 are allowed'));
  expect(key).toEqual(new RingError('INVALID_ARGUMENT', 'the key has 6 bytes; 5 are allowed'));
  expect(type).toEqual(
    new RingError(
      'INVALID_ARGUMENT',
      'unknown ty 9; there are Get = 0, Delete = 1, Set = 2, Put = 3, Add = 4, Append = 5, Expire = 6, Persist = 7, Transact = 8',
    ),
  );
});

test('a frame whose columns do not fit together is refused as a whole', () => {
  const whole = encodeRequest(header(1), [
    { type: OperationType.exchange, key: ringKeyOf('key' as Bytes), value: 'v' as Bytes },
  ]);
  const broken: Partial<dht.BatchRequest>[] = [
    { keyLengths: [] },
    { valueLengths: [] },
    { valueLengths: [1, 1] },
    { keyLengths: [2 ** 32 - 1] },
    { blob: Buffer.alloc(3) },
    { positions: Buffer.alloc(7) },
  ];
  for (const part of broken)
    expect(() => decodeRequest({ ...whole, ...part }, LIMITS)).toThrow('malformed frame');
});

test('extras that are none fail alone, and so does a flag on an operation that there is not', () => {
  const put = { type: OperationType.set, key: ringKeyOf('k' as Bytes), value: 'v' as Bytes };
  const told: Operation = { ...put, extras: { condition: undefined, showsPresent: false } };
  const frame = encodeRequest(header(0), [told, told, put, { ...put, type: OperationType.get }]);
  frame.blob[4] = 0xff;
  frame.types[3] = 0x89;
  const [spoiled, sound, plain, unknown] = decodeRequest(frame, LIMITS);
  expect(spoiled).toEqual(
    new RingError(
      'INVALID_ARGUMENT',
      'malformed extras of an operation: flags that this version does not know',
    ),
  );
  expect([sound, plain]).toEqual([told, put]);
  expect(unknown).toMatchObject({ code: 'INVALID_ARGUMENT' });
});

test('a condition is checked like the value that it stands for', () => {
  const condition = { kind: 'value', value: 'too long' as Bytes } as const;
  const put = { type: OperationType.set, key: ringKeyOf('k' as Bytes), value: 'v' as Bytes };
  const frame = encodeRequest(header(0), [{ ...put, extras: { condition, showsPresent: false } }]);
  expect(decodeRequest(frame, { ...LIMITS, keyBytesMax: 5, valueBytesMax: 3 })).toEqual([
    new RingError('INVALID_ARGUMENT', 'the expected value has 8 bytes; 3 are allowed'),
  ]);
});
