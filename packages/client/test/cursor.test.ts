/** Cursors against the plain function from positions to numbers that they stand for. */

import fc from 'fast-check';
import { position, type Arc } from '@ringkeep/shared';
import { arcContains } from '@ringkeep/shared/ring/arc';
import { Cursor, parseCursor } from '../src/core';

/** A small ring: positions far enough apart to be told from each other. */
const PLACES = 16;
const STEP = 2n ** 60n;
const at = (place: number): ReturnType<typeof position> => position(BigInt(place) * STEP);
const arcs = fc
  .tuple(fc.nat(PLACES - 1), fc.nat(PLACES - 1))
  .map(([start, end]): Arc => ({ start: at(start), end: at(end) }));
const steps = fc.record({
  kind: fc.constantFrom('advance' as const, 'reset' as const),
  range: arcs,
  seq: fc.nat(9),
});

const numbersOf = (cursor: Cursor): (number | undefined)[] =>
  Array.from(
    { length: PLACES },
    (_, place) => cursor.parts.find(({ range }) => arcContains(range, at(place)))?.seq,
  );

test('a cursor is what the steps make of each position, and survives as text', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 20 }), (taken) => {
      const whole = { start: at(0), end: at(0) };
      const cursor = new Cursor([{ range: whole, seq: undefined }]);
      const plain = new Array<number | undefined>(PLACES).fill(undefined);
      for (const { kind, range, seq } of taken) {
        if (kind === 'advance') cursor.advance(range, seq);
        else cursor.reset(range, undefined);
        for (let place = 0; place < PLACES; place++) {
          if (!arcContains(range, at(place))) continue;
          plain[place] = kind === 'advance' ? Math.max(plain[place] ?? 0, seq) : undefined;
        }
      }
      expect(numbersOf(cursor)).toEqual(plain);
      const { clusterId, parts } = parseCursor(cursor.format('a/cluster'));
      expect(clusterId).toBe('a/cluster');
      expect(numbersOf(new Cursor(parts))).toEqual(plain);
      const changes = plain.filter((seq, place) => place > 0 && seq !== plain[place - 1]).length;
      expect(cursor.parts.length).toBeLessThanOrEqual(changes + 1);
    }),
  );
});

test('what is no cursor is refused', () => {
  const part = `c/${'0'.repeat(16)}-${'0'.repeat(16)}`;
  for (const text of ['', 'x', 'c/', 'c/1-2:3', `${part}:x`, `${part}:${'9'.repeat(400)}`])
    expect(() => parseCursor(text)).toThrow('not the cursor of a watch');
});
