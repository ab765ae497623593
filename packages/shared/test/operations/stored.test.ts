/** Envelopes: what is sealed is found again, and what was changed on the way is not believed. */

import fc from 'fast-check';
import { ringKey, type Bytes, type RingKey } from '../../src/ring';
import {
  ENVELOPE_BYTES_MIN,
  headOf,
  isSound,
  isSoundIn,
  seal,
  valueIn,
  type StoredValue,
} from '../../src/operations';

const bytes = (least: number, most: number): fc.Arbitrary<Bytes> =>
  fc
    .uint8Array({ minLength: least, maxLength: most })
    .map((array) => Buffer.from(array).toString('latin1') as Bytes);
const keys = fc.tuple(bytes(8, 8), bytes(1, 40)).map(([at, key]) => ringKey(at, key));
const versions = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const expiries = fc.option(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), { nil: undefined });
const key = ringKey('position' as Bytes, 'key' as Bytes);

test('value, version and expiry are found again, whatever they are', () => {
  fc.assert(
    fc.property(keys, versions, bytes(0, 200), expiries, (at, version, value, expiresAtMs) => {
      const stored = seal(at, version, value, expiresAtMs);
      expect(valueIn(stored)).toBe(value);
      expect(headOf(stored)).toMatchObject({ version, expiresAtMs });
      expect(isSound(at, stored)).toBe(true);
    }),
  );
});

test('a value of a megabyte is sealed as a small one is', () => {
  const value = 'v'.repeat(1 << 20) as Bytes;
  const stored = seal(key, 5, value);
  expect(valueIn(stored) === value).toBe(true);
  expect(isSound(key, stored)).toBe(true);
  expect(isSound(key, `${stored.slice(0, -1)}w` as StoredValue)).toBe(false);
});

test('it costs a small entry of an arc with 100 million operations nine bytes', () => {
  expect(seal(key, 1, '' as Bytes).length).toBe(ENVELOPE_BYTES_MIN);
  expect(seal(key, 100_000_000, '' as Bytes).length).toBe(9);
});

test('no bit of key or envelope can change unnoticed, nor can it be cut, or be found under another key', () => {
  fc.assert(
    fc.property(keys, versions, bytes(0, 60), expiries, bytes(0, 60), (at, version, value, expiry, other) => {
      const stored = seal(at, version, value, expiry);
      const all = Buffer.from(at + stored, 'latin1');
      for (let bit = 0; bit < all.length * 8; bit++) {
        const damaged = Buffer.from(all);
        damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
        const text = damaged.toString('latin1');
        const [changedKey, changed] = [text.slice(0, at.length), text.slice(at.length)];
        expect(isSound(changedKey as RingKey, changed as StoredValue)).toBe(false);
      }
      for (let length = 0; length < stored.length; length++)
        expect(isSound(at, stored.slice(0, length) as StoredValue)).toBe(false);
      expect(isSound(`${at}${other}k` as RingKey, stored)).toBe(false);
    }),
    { numRuns: 30 },
  );
});

test('bytes that are no envelope are not believed, and never read beyond', () => {
  fc.assert(
    fc.property(keys, bytes(0, 30), (at, anything) => {
      const sound = isSound(at, anything as string as StoredValue);
      const text = Buffer.from(`${at}${anything}`, 'latin1');
      expect(isSoundIn(text, 0, at.length, at.length, text.length)).toBe(sound);
      expect(sound).toBe(false);
      expect(() => [
        headOf(anything as string as StoredValue),
        valueIn(anything as string as StoredValue),
      ]).not.toThrow();
    }),
  );
});
