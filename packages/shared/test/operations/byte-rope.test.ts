import { Random, type Bytes } from '../../src/ring';
import { ByteRope, joinRopes } from '../../src/operations';

const bytes = (random: Random, length: number): Bytes =>
  Buffer.from(Array.from({ length }, () => random.below(256))).toString('latin1') as Bytes;

test.each([0, 1, 40, 3_000, 20_000])('pieces of up to %d bytes come out in their order', (most) => {
  const random = new Random(most);
  const pieces = Array.from({ length: 30 }, () => bytes(random, random.between(0, most)));
  const [first, second, all] = [new ByteRope(), new ByteRope(), new ByteRope()];
  for (const [index, piece] of pieces.entries()) {
    (index < 10 ? first : second).add(piece);
    all.add(piece);
  }
  const expected = Buffer.from(pieces.join(''), 'latin1');
  expect(all).toHaveLength(expected.length);
  expect(all.toBuffer().equals(expected)).toBe(true);
  expect(joinRopes(first, second).equals(expected)).toBe(true);
});
