/** Pastry as a structure: the session that its users know, and its parts against naive versions. */

import fc from 'fast-check';
import { Random, type Bytes } from '@ringkeep/shared';
import { Pastry, type DigitBits } from '@ringkeep/routing';

const bytes = (text: string): Bytes => text as Bytes;
const filled = (byte: number, length = 16): Bytes => bytes(String.fromCharCode(byte).repeat(length));
const numberOf = (id: Bytes): bigint => [...id].reduce((sum, c) => (sum << 8n) | BigInt(c.charCodeAt(0)), 0n);

function randomId(random: Random, length: number): Bytes {
  return bytes(String.fromCharCode(...Array.from({ length }, () => random.below(256))));
}

/** Distance the shorter way round. */
function distance(a: Bytes, b: Bytes): bigint {
  const size = 1n << BigInt(8 * a.length);
  const clockwise = BigInt.asUintN(8 * a.length, numberOf(b) - numberOf(a));
  return clockwise * 2n <= size ? clockwise : size - clockwise;
}

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const widths = fc.constantFrom(1, 2, 8, 16, 20);
const digits = fc.constantFrom<DigitBits>(1, 2, 4, 8);

describe('the known session', () => {
  const google = ['8.8.8.8', 8080];
  const second = ['8.8.4.4', 5353];
  const onion = ['abcdabcdabcdabcd.onion', 12345];
  const newPastry = (): Pastry<(string | number)[]> =>
    new Pastry(bytes('myid1111myid2222'), [
      [filled(1), google],
      [filled(2), second],
    ]);

  test('is a dictionary of addresses by id', () => {
    const pastry = newPastry();
    expect(pastry.get(filled(1))).toEqual(google);
    expect(pastry.get(filled(9))).toBeUndefined();
    expect(pastry.has(filled(2))).toBe(true);
    expect(pastry.size).toBe(2);
    expect(new Map(pastry)).toEqual(
      new Map([
        [filled(1), google],
        [filled(2), second],
      ]),
    );
  });

  test('shows its routing table and its leaf set in the same order', () => {
    const pastry = newPastry();
    expect([...pastry.routingTable]).toEqual([
      [filled(2), second],
      [filled(1), google],
    ]);
    expect([...pastry.leafSet]).toEqual([
      [filled(1), google],
      [filled(2), second],
    ]);
  });

  test('routes to the same next hops in the same order', () => {
    const pastry = newPastry();
    expect(pastry.route(bytes('\x01'.repeat(15) + '\x00'))).toEqual([google, second]);
    expect(pastry.route(bytes('\x02'.repeat(15) + '\x00'))).toEqual([second, google]);
    expect(pastry.route(filled(0))).toEqual([google, second]);
    expect(pastry.route(bytes(''))).toEqual([google, second]);
    pastry.update([[filled(3), onion]]);
    expect(pastry.route(bytes('\x03'))).toEqual([onion, second, google]);
  });

  test('asks peer after peer and learns from them until the value is found', () => {
    const pastry = new Pastry<string>(bytes('myid'.repeat(4)), [
      [filled(0x41), '1.2.3.4'],
      [filled(0x42), '5.6.7.8'],
    ]);
    const find = (key: Bytes): string => {
      for (const peer of pastry.route(key, 5)) {
        if (peer.endsWith('.onion')) return peer;
        pastry.update([[filled(3), 'abcdabcdabcdabcd.onion']]);
      }
      throw new Error('not found');
    };
    expect(() => find(bytes('\x03'))).toThrow('not found');
    expect(find(bytes('\x03'))).toBe('abcdabcdabcdabcd.onion');
  });
});

test('routes to the numerically closest of what it knows, for ids of any length and keys of any other', () => {
  fc.assert(
    fc.property(seeds, widths, fc.integer({ min: 0, max: 40 }), digits, (seed, width, count, digitBits) => {
      const random = new Random(seed);
      const pastry = new Pastry<Bytes>(randomId(random, width), [], { digitBits });
      for (let i = 0; i < count; i++) {
        const id = randomId(random, width);
        pastry.set(id, id);
      }
      const key = randomId(random, random.below(2 * width));
      const padded = bytes((key + '\0'.repeat(width)).slice(0, width));
      const distances = pastry.route(key).map((id) => distance(id, padded));
      expect(distances).toEqual([...pastry.keys()].map((id) => distance(id, padded)).sort(ascending));
      expect(pastry.route(key, 3)).toEqual(pastry.route(key).slice(0, 3));
    }),
    { numRuns: 100 },
  );
});

test('the leaf set holds the closest ids on each side, whatever the order of updates', () => {
  fc.assert(
    fc.property(seeds, widths, fc.integer({ min: 1, max: 60 }), (seed, width, count) => {
      const random = new Random(seed);
      const own = randomId(random, width);
      const ids = [...new Set(Array.from({ length: count }, () => randomId(random, width)))].filter(
        (id) => id !== own,
      );
      const pastry = new Pastry<number>(
        own,
        ids.map((id, i) => [id, i]),
        { leafSetSize: 8 },
      );
      const clockwise = (id: Bytes): bigint => BigInt.asUintN(8 * width, numberOf(id) - numberOf(own));
      const sorted = [...ids].sort((a, b) => ascending(clockwise(a), clockwise(b)));
      const expected = new Set([...sorted.slice(0, 4), ...sorted.slice(-4)]);
      expect([...pastry.leafSet.keys()]).toEqual(sorted.filter((id) => expected.has(id)));
    }),
    { numRuns: 100 },
  );
});

test('the routing table has one peer for each next digit that any known peer has, the closest by proximity', () => {
  fc.assert(
    fc.property(seeds, widths, digits, (seed, width, digitBits) => {
      const random = new Random(seed);
      const own = randomId(random, width);
      const ids = [...new Set(Array.from({ length: 60 }, () => randomId(random, width)))].filter(
        (id) => id !== own,
      );
      const far = new Map(ids.map((id) => [id, random.fraction()]));
      const pastry = new Pastry<number>(
        own,
        ids.map((id, i) => [id, i]),
        {
          digitBits,
          neighbourhoodSize: 5,
          distance: (id) => far.get(id) as number,
        },
      );
      const binary = (id: Bytes): string =>
        numberOf(id)
          .toString(2)
          .padStart(8 * width, '0');
      const places = new Map<string, Bytes>();
      for (const id of ids) {
        const [a, b] = [binary(own), binary(id)];
        let row = 0;
        while (a.slice(0, (row + 1) * digitBits) === b.slice(0, (row + 1) * digitBits)) row++;
        const place = b.slice(0, (row + 1) * digitBits);
        const holder = places.get(place);
        if (holder === undefined || (far.get(id) as number) < (far.get(holder) as number))
          places.set(place, id);
      }
      expect([...pastry.routingTable.keys()].sort()).toEqual([...places.values()].sort());
      const nearest = [...ids].sort((a, b) => (far.get(a) as number) - (far.get(b) as number));
      expect([...pastry.neighbourhoodSet.keys()]).toEqual(nearest.slice(0, 5));
    }),
    { numRuns: 100 },
  );
});

test('what is removed is in no structure any more, and others take its places', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const random = new Random(seed);
      const pastry = new Pastry<number>(randomId(random, 8), [], { leafSetSize: 4, digitBits: 4 });
      const ids = Array.from({ length: 50 }, () => randomId(random, 8));
      pastry.update(ids.map((id, i) => [id, i]));
      const gone = random.pick([...pastry.keys()]);
      expect(pastry.delete(gone)).toBe(true);
      expect(pastry.delete(gone)).toBe(false);
      expect(pastry.has(gone)).toBe(false);
      expect(pastry.leafSet.has(gone) || pastry.routingTable.has(gone)).toBe(false);
      const rebuilt = new Pastry<number>(pastry.id, pastry, { leafSetSize: 4, digitBits: 4 });
      expect(new Map(rebuilt)).toEqual(new Map(pastry));
      expect([...rebuilt.leafSet]).toEqual([...pastry.leafSet]);
    }),
    { numRuns: 100 },
  );
});

test('the views are live and read-only, the own id is skipped, another length is refused', () => {
  const pastry = new Pastry<string>(filled(5, 8));
  const { leafSet, routingTable } = pastry;
  pastry.update([
    [filled(5, 8), 'me'],
    [filled(6, 8), 'six'],
  ]);
  expect(leafSet.size).toBe(1);
  expect(leafSet.get(filled(6, 8))).toBe('six');
  expect([...routingTable.values()]).toEqual(['six']);
  pastry.set(filled(6, 8), 'moved');
  expect(leafSet.get(filled(6, 8))).toBe('moved');
  expect('set' in leafSet).toBe(false);
  expect(() => pastry.set(filled(6, 16), 'long')).toThrow('an id here has 8 bytes, got one of 16');
});

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
