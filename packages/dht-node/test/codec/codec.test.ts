/** What is written to disk or sent to a replica is read back the same. */

import fc from 'fast-check';
import {
  DEFAULT_PARAMETERS,
  position,
  ringKey,
  type Bytes,
  type LogExtent,
  type LogHistory,
  type RingKey,
} from '@ringkeep/shared';
import { seal } from '@ringkeep/shared/operations';
import { dht } from '@ringkeep/shared/wire';
import {
  decodeBatch,
  decodeSnapshot,
  encodeBatch,
  encodeSnapshot,
  followerMessageFromWire,
  followerMessageToWire,
  primaryMessageFromWire,
  primaryMessageToWire,
} from '../../src/codec';
import { columnsOf, entriesOf, opsOf } from '../../src/codec/entry-columns';
import type {
  Entry,
  EntryGroup,
  FollowerMessage,
  LogRecord,
  PrimaryBody,
  PrimaryMessage,
  ReplicaSnapshot,
} from '../../src/core';

const bytes = (least: number, most: number): fc.Arbitrary<Bytes> =>
  fc
    .uint8Array({ minLength: least, maxLength: most })
    .map((array) => Buffer.from(array).toString('latin1') as Bytes);
const positions = fc.bigInt(0n, 2n ** 64n - 1n).map(position);
const arcs = fc.record({ start: positions, end: positions });
const counters = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const keys = fc.tuple(bytes(8, 8), bytes(1, 40)).map(([at, key]) => ringKey(at, key));
const versions = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const expiries = fc.option(counters, { nil: undefined });
const entries: fc.Arbitrary<Entry> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(keys, versions, bytes(0, 100), expiries).map(sealedEntry) },
  { weight: 1, arbitrary: fc.record({ key: keys, value: fc.constant(undefined) }) },
  {
    weight: 1,
    arbitrary: fc.record({ key: keys, value: fc.constant(undefined), cause: fc.constant('expiry' as const) }),
  },
);

function sealedEntry([key, version, value, expiresAtMs]: [
  RingKey,
  number,
  Bytes,
  number | undefined,
]): Entry {
  return { key, value: seal(key, version, value, expiresAtMs) };
}
const bounds = fc.option(bytes(0, 20), { nil: undefined });
const ranges = fc.record({ from: bytes(0, 20), to: bounds });
/** Of one position, each key once. */
const groups: fc.Arbitrary<EntryGroup> = fc
  .tuple(bytes(8, 8), fc.array(fc.tuple(entries, versions), { minLength: 2, maxLength: 4 }))
  .map(([at, members]) => ({
    group: members.map(([{ value, ...rest }, version], index) => {
      const key = ringKey(at, `${index}${rest.key.slice(8)}`.slice(0, 40) as Bytes);
      return { ...rest, key, value: value && seal(key, version, 'v' as Bytes) };
    }),
  }));
const ops = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.option(entries, { nil: undefined }) },
    { weight: 1, arbitrary: groups },
  ),
  { maxLength: 5 },
);

const starts = fc
  .array(fc.tuple(counters, fc.integer({ min: 1, max: 9 })), { maxLength: 4 })
  .map((steps) => steps.map(([term], index) => ({ term, first: index * 10 + 1 })));
const histories: fc.Arbitrary<LogHistory> = fc.record({
  from: fc.integer({ min: 1, max: 1_000 }),
  pieces: fc.array(
    fc.record({
      range: arcs,
      from: counters,
      runs: starts.map((terms) =>
        terms.map(({ term }, index) => ({ term, first: index + 1, last: index + 1 })),
      ),
      committed: counters,
    }),
    { maxLength: 3 },
  ),
  starts: starts.map((terms) => terms.map(({ term, first }) => ({ term, first: first + 10 }))),
});
const logs: fc.Arbitrary<LogExtent> = fc.record({
  range: arcs,
  committed: fc.nat(100),
  lastPrepared: fc.integer({ min: 100, max: 200 }),
  history: histories,
});
const conflicts = fc.record({ node: positions, log: logs });

const records: fc.Arbitrary<LogRecord> = fc.oneof(
  fc.record({ kind: fc.constant('create' as const), range: arcs, complete: fc.boolean() }),
  fc.record({ kind: fc.constant('prepare' as const), start: positions, firstSeq: counters, ops }),
  fc.record({ kind: fc.constant('commit' as const), start: positions, seq: counters }),
  fc.record({ kind: fc.constant('truncate' as const), start: positions, lastPrepared: counters }),
  fc.record({ kind: fc.constant('live-term' as const), start: positions, term: counters }),
  fc.record({ kind: fc.constant('transfer' as const), range: arcs }),
  fc.record({ kind: fc.constant('forget' as const), start: positions }),
  fc.record({
    kind: fc.constant('install' as const),
    start: positions,
    entries: fc.array(entries, { maxLength: 5 }),
  }),
  fc.record({
    kind: fc.constant('mend' as const),
    start: positions,
    ranges: fc.array(ranges, { maxLength: 3 }),
    entries: fc.array(entries, { maxLength: 5 }),
  }),
  fc.record({
    kind: fc.constant('complete' as const),
    start: positions,
    committed: counters,
    window: ops,
    term: counters,
    history: histories,
  }),
  fc.record({
    kind: fc.constant('prepare' as const),
    start: positions,
    firstSeq: counters,
    ops,
    term: counters,
  }),
  fc.record({ kind: fc.constant('stop' as const), start: positions, conflict: conflicts }),
  fc.record({ kind: fc.constant('resume' as const), start: positions }),
  fc.record({ kind: fc.constant('overrule' as const), start: positions, term: counters }),
  fc.record({ kind: fc.constant('skip' as const), start: positions, seq: counters, term: counters }),
  fc.record({ kind: fc.constant('split' as const), start: positions, at: positions }),
  fc.record({ kind: fc.constant('merge' as const), start: positions, nextStart: positions }),
  fc.record({
    kind: fc.constant('known-ring' as const),
    known: fc.record({ version: counters, run: positions }),
  }),
);

const knownRings = fc.record({ version: counters, run: positions });

const snapshots: fc.Arbitrary<ReplicaSnapshot> = fc.record({
  range: arcs,
  complete: fc.boolean(),
  liveTerm: counters,
  committed: counters,
  window: ops,
  history: histories,
  overrules: counters,
  conflict: fc.option(conflicts, { nil: undefined }),
});

const streams = fc.record({ start: positions, term: counters, number: counters });

const ring = {
  clusterId: 'cluster',
  version: 3,
  runs: [
    { id: 2n ** 64n - 1n, firstVersion: 1 },
    { id: 7n, firstVersion: 3 },
  ],
  parameters: DEFAULT_PARAMETERS,
  members: [
    {
      id: position(9n),
      addr: 'http://127.0.0.1:1',
      salt: 1,
      incarnation: 2,
      process: 2n ** 63n,
      state: 'active' as const,
      coordinates: [0.5],
    },
  ],
  arcs: [
    {
      start: position(9n),
      end: position(9n),
      epoch: 4,
      term: 2,
      handover: true,
      primary: position(9n),
      inSync: [position(9n)],
      withoutCopy: [],
      copiesReached: 1,
      seq: 7,
    },
  ],
};

const hashes = fc.option(fc.record({ term: counters, value: fc.integer({ min: 0, max: 2 ** 32 - 1 }) }), {
  nil: undefined,
});

const primaryBodies: fc.Arbitrary<PrimaryBody> = fc.oneof(
  fc.constant({ kind: 'adopt' as const, ring }),
  fc.record({
    kind: fc.constant('align' as const),
    lastPrepared: counters,
    committed: counters,
    firstSeq: counters,
    ops,
    terms: starts,
    overrules: counters,
    hash: hashes,
  }),
  fc.record({
    kind: fc.constant('chunk' as const),
    entries: fc.array(entries, { maxLength: 5 }),
    ranges: fc.array(fc.record({ from: bytes(0, 20), to: bounds }), { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constant('committed-ops' as const), entries: fc.array(entries, { maxLength: 5 }) }),
  fc.record({
    kind: fc.constant('live' as const),
    committed: counters,
    window: ops,
    history: histories,
    overrules: counters,
    hash: hashes,
  }),
  fc.record({ kind: fc.constant('prepare' as const), firstSeq: counters, ops, committed: counters }),
  fc.record({
    kind: fc.constant('prepare' as const),
    firstSeq: counters,
    ops,
    committed: counters,
    terms: starts.filter((terms) => terms.length > 0),
  }),
  fc.record({ kind: fc.constant('heartbeat' as const), committed: counters }),
  fc.record({ kind: fc.constant('damaged' as const), ranges: fc.array(ranges), committed: counters }),
  fc.record({
    kind: fc.constant('repair' as const),
    ranges: fc.array(ranges),
    committed: counters,
    entries: fc.array(entries, { maxLength: 5 }),
  }),
  fc.record({
    kind: fc.constantFrom('start-over' as const, 'release' as const),
    shared: fc.array(counters, { maxLength: 3 }),
  }),
  fc.record({ kind: fc.constantFrom('compared' as const, 'wait' as const) }),
);

const followerMessages: fc.Arbitrary<FollowerMessage> = fc.record({
  stream: streams,
  body: fc.oneof(
    fc.record({
      kind: fc.constant('acknowledge' as const),
      prepared: counters,
      applied: counters,
      live: fc.boolean(),
      sentAtMs: fc.double({ min: 0, max: 1e12, noNaN: true }),
      takenBytes: counters,
      full: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant('open' as const),
      follower: positions,
      incarnation: counters,
      process: positions,
      range: arcs,
      lastPrepared: counters,
      committed: counters,
      complete: fc.boolean(),
      sendsDigests: fc.boolean(),
      logs: fc.array(logs, { maxLength: 3 }),
      conflict: fc.option(conflicts, { nil: undefined }),
      ring: fc.constant(ring),
    }),
    fc.record({
      kind: fc.constant('digests' as const),
      buckets: fc.array(fc.record({ to: bounds, digest: bytes(16, 16) }), { maxLength: 5 }),
    }),
  ),
});

test('a log batch is read back as it was written', () => {
  fc.assert(
    fc.property(fc.array(records, { maxLength: 6 }), (batch) => {
      expect(decodeBatch(encodeBatch(batch))).toEqual(batch);
    }),
  );
});

test('a snapshot is read back as it was written', () => {
  fc.assert(
    fc.property(fc.array(snapshots, { maxLength: 4 }), knownRings, (replicas, known) => {
      expect(decodeSnapshot(encodeSnapshot({ replicas, known }))).toEqual({ replicas, known });
    }),
  );
});

test('a batch that ends early, or of a later format, is an error and never something else', () => {
  const whole = encodeBatch([{ kind: 'commit', start: position(5n), seq: 6 }]);
  for (let length = 2; length < whole.length; length++) {
    expect(() => decodeBatch(whole.subarray(0, length))).toThrow('ends before its last field');
  }
  expect(() => decodeBatch(Uint8Array.of(9))).toThrow('was written in format 9');
  expect(() => decodeBatch(Uint8Array.of(2, 200))).toThrow('unknown type 200');
});

test('what a primary says arrives at its follower through the wire as it was said', () => {
  fc.assert(
    fc.property(streams, primaryBodies, (stream, body) => {
      const message: PrimaryMessage = { stream, sentAtMs: 12.5, body };
      const sent = dht.PrimaryMessage.encode(primaryMessageToWire(message)).finish();
      expect(primaryMessageFromWire(dht.PrimaryMessage.decode(sent))).toEqual(message);
    }),
  );
});

test('what a follower says arrives at its primary through the wire as it was said', () => {
  fc.assert(
    fc.property(followerMessages, (message) => {
      const sent = dht.FollowerMessage.encode(followerMessageToWire(message)).finish();
      expect(followerMessageFromWire(dht.FollowerMessage.decode(sent))).toEqual(message);
    }),
  );
});

test('columns that do not fit each other are refused, with what is wrong', () => {
  const key = ringKey('12345678' as Bytes, 'key' as Bytes);
  const whole = columnsOf([
    undefined,
    { key, value: seal(key, 7, 'value' as Bytes) },
    { key: ringKey('12345678' as Bytes, 'other' as Bytes), value: undefined },
  ]);
  const refused = (change: Partial<dht.EntryColumns>): unknown => {
    try {
      return opsOf({ ...whole, ...change });
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(refused({})).toHaveLength(3);
  expect(refused({ kinds: Buffer.of(0, 2, 4) })).toBe('malformed columns: an operation of kind 4');
  expect(refused({ keyLengths: [8, 16] })).toBe('malformed columns: a key of 8 bytes with its position');
  const long = { keyLengths: [1_033, 13], blob: Buffer.concat([Buffer.alloc(1_022), whole.blob]) };
  expect(refused(long)).toBe('malformed columns: a key of 1033 bytes with its position');
  const lengths = 'malformed columns: 3 operations with';
  expect(refused({ keyLengths: [11] })).toBe(`${lengths} 1 key lengths and 1 value lengths for 35 bytes`);
  expect(refused({ valueLengths: [] })).toContain(`${lengths} 2 key lengths and 0 value lengths`);
  expect(refused({ valueLengths: [10] })).toContain(`${lengths} 2 key lengths and 1 value lengths`);
  expect(refused({ valueLengths: [11, 0] })).toContain(`${lengths} 2 key lengths and 2 value lengths`);
  expect(refused({ blob: whole.blob.subarray(1) })).toContain('for 34 bytes');
  const damaged = Buffer.from(whole.blob);
  damaged[damaged.length - 1] = 0;
  expect(refused({ blob: damaged })).toContain('the entry of a key of 11 bytes is damaged');
  expect(() => entriesOf(whole)).toThrow('a sequence number among entries');
});

test('columns in which numbers stand for several entries are refused when those do not belong together', () => {
  const entry = (at: string, key: string): Entry => ({
    key: ringKey(at as Bytes, key as Bytes),
    value: undefined,
  });
  const refused = (...entries: Entry[]) => {
    const kinds = Buffer.from(entries.map((_, index) => (index + 1 < entries.length ? 5 : 1)));
    return expect(() => opsOf({ ...columnsOf(entries), kinds }));
  };
  refused(entry('12345678', 'a'), entry('12345678', 'b')).not.toThrow();
  refused(entry('12345678', 'a'), entry('12345679', 'b')).toThrow(
    'malformed columns: a number of two positions',
  );
  refused(entry('12345678', 'a'), entry('12345678', 'a')).toThrow('a number that stands twice for one key');
  const cut = { ...columnsOf([entry('12345678', 'a')]), kinds: Buffer.of(5) };
  expect(() => opsOf(cut)).toThrow('a number that goes on behind the last entry');
  const withBare = { ...columnsOf([entry('12345678', 'a'), undefined]), kinds: Buffer.of(5, 0) };
  expect(() => opsOf(withBare)).toThrow('an operation of kind 0');
  expect(() => entriesOf(columnsOf([{ group: [entry('12345678', 'a'), entry('12345678', 'b')] }]))).toThrow(
    'a sequence number among entries',
  );
});

test('operations that were received are written without being encoded again', () => {
  const key = ringKey('12345678' as Bytes, 'key' as Bytes);
  const received = columnsOf([{ key, value: seal(key, 1, 'v' as Bytes) }]);
  expect(columnsOf(opsOf(received))).toBe(received);
});

test('an empty message, or one without the name of its stream, is refused', () => {
  expect(() => primaryMessageFromWire(dht.PrimaryMessage.decode(new Uint8Array()))).toThrow(
    'without the name of its stream',
  );
  const stream = { start: 1n, term: 1, number: 1 };
  expect(() => primaryMessageFromWire(dht.PrimaryMessage.fromPartial({ stream }))).toThrow(
    'received an empty message from a primary',
  );
  expect(() => followerMessageFromWire(dht.FollowerMessage.fromPartial({ stream }))).toThrow(
    'received an empty message from a follower',
  );
});
