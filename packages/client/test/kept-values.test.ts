import { KeptValues } from '../src/adapters/kept-values';

/** Takes all values out of a reply that holds so many of one size. */
function valuesOf(count: number, size: number): Uint8Array[] {
  const blob = Buffer.allocUnsafeSlow(count * size);
  for (let i = 0; i < blob.length; i++) blob[i] = i % 251;
  const { take } = new KeptValues();
  const values = Array.from({ length: count }, (_, i) => take(blob, i * size, (i + 1) * size));
  expect(Buffer.concat(values).equals(blob)).toBe(true);
  return values;
}

test.each([
  [256, 1],
  [256, 64],
  [256, 100],
  [256, 1_000],
  [20, 50_000],
])('of %d values of %d bytes each keeps no more than two KiB, or sixteen of its like', (count, size) => {
  const kept = Math.max(...valuesOf(count, size).map(({ buffer }) => buffer.byteLength));
  expect(kept).toBeLessThanOrEqual(size <= 64 ? size : Math.max(2_048, 16 * size));
});

test('a value that is most of its reply is not copied', () => {
  const blob = Buffer.allocUnsafeSlow(1_000);
  expect(new KeptValues().take(blob, 100, 900).buffer).toBe(blob.buffer);
});

test('values of mixed sizes, in any order of sizes, come out whole', () => {
  const sizes = [0, 3_000, 1, 64, 65, 70_000, 10, 2_048, 100, 100, 0, 5_000];
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const blob = Buffer.from(Uint8Array.from({ length: total }, (_, i) => i % 253));
  const { take } = new KeptValues();
  let at = 0;
  const values = sizes.map((size) => take(blob, at, (at += size)));
  expect(values.map(({ length }) => length)).toEqual(sizes);
  expect(Buffer.concat(values).equals(blob)).toBe(true);
});
