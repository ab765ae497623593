/** The running hash against hashing everything from the beginning. */

import fc from 'fast-check';
import { ringKey, type Bytes } from '@ringkeep/shared';
import { seal } from '@ringkeep/shared/operations';
import type { Entry, SequencedOp } from '../../src/core';
import { RunningHash } from '../../src/core/replica/running-hash';
import { entriesOfOp } from '../../src/core/replica/sequenced-op';

const bytes = (least: number, most: number): fc.Arbitrary<Bytes> =>
  fc
    .uint8Array({ minLength: least, maxLength: most })
    .map((array) => Buffer.from(array).toString('latin1') as Bytes);
const entries = fc
  .tuple(bytes(8, 8), bytes(1, 10), fc.nat(3), fc.option(bytes(0, 20), { nil: undefined }), fc.boolean())
  .map(([at, text, version, value, expired]): Entry => {
    const key = ringKey(at, text);
    if (value !== undefined) return { key, value: seal(key, version + 1, value) };
    return expired ? { key, value: undefined, cause: 'expiry' } : { key, value: undefined };
  });
const ops = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.option(entries, { nil: undefined }) },
    { weight: 1, arbitrary: fc.array(entries, { minLength: 2, maxLength: 3 }).map((group) => ({ group })) },
  ),
  { minLength: 1, maxLength: 12 },
);
const FIRST = 11;
const last = (all: readonly SequencedOp[]): number => FIRST + all.length - 1;

/** Some operations have left the window, in two batches. */
function hashOf(all: readonly SequencedOp[], left = 0): { value: number } | undefined {
  const hash = new RunningHash(3, FIRST - 1, 0);
  const half = left >> 1;
  hash.take(FIRST, all.slice(0, half));
  hash.take(FIRST + half, all.slice(half, left));
  return hash.at(last(all), FIRST + left, all.slice(left));
}

test('it is the same however many of the operations have left the window', () => {
  fc.assert(
    fc.property(ops, fc.nat(12), (all, left) => {
      expect(hashOf(all, Math.min(left, all.length))).toEqual(hashOf(all));
    }),
  );
});

test('another operation in one place is another hash, unless it deletes a key of the same position and length', () => {
  const counted = (op: SequencedOp): string =>
    JSON.stringify(
      entriesOfOp(op).map(({ key, value, cause }) => [key.slice(0, 8), key.length, value, cause]),
    );
  fc.assert(
    fc.property(ops, fc.nat(11), ops, (all, at, [other]) => {
      const index = at % all.length;
      const changed = all.with(index, other);
      expect(hashOf(changed)?.value === hashOf(all)?.value).toBe(counted(other) === counted(all[index]));
    }),
  );
});

test('it is not known before it began, nor what has left the window already', () => {
  const hash = new RunningHash(3, 10, 0);
  expect(hash.at(9, 10, [])).toBeUndefined();
  hash.take(11, [undefined, undefined]);
  expect(hash.at(11, 13, [])).toBeUndefined();
  expect(hash.at(12, 13, [])).toMatchObject({ term: 3 });
});

test('operations before its beginning leave the window without it', () => {
  const hash = new RunningHash(3, 10, 5);
  hash.take(8, [undefined, undefined, undefined]);
  expect(hash.at(10, 11, [])).toEqual({ term: 3, value: 5 });
});
