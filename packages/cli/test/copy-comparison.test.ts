import fc from 'fast-check';
import type { RingKey } from '@ringkeep/shared';
import { compareCopies, type CopyKey } from '../src/copy-comparison';

async function* yielding(keys: readonly CopyKey[]): AsyncGenerator<CopyKey> {
  yield* keys;
}

const copyOf = (contents: Readonly<Record<string, number>>): CopyKey[] =>
  Object.keys(contents)
    .sort()
    .map((key) => ({ key: key as RingKey, version: contents[key] as number, checksum: 7 }));

const never = (): boolean => false;

test('each key that is not the same in all copies is told at those that have it, as one looks them up one by one', async () => {
  const keys = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
  const contents = fc.array(fc.dictionary(keys, fc.integer({ min: 1, max: 2 })), {
    minLength: 1,
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(contents, async (copies) => {
      const all = [...new Set(copies.flatMap((copy) => Object.keys(copy)))].sort();
      const naive = copies.map((copy) => {
        const differing = all.filter(
          (key) => copy[key] !== undefined && copies.some((other) => other[key] !== copy[key]),
        );
        const alone = (key: string): boolean =>
          copies.filter((other) => other[key] !== undefined).length === 1;
        const found = (which: string[]): object => ({ count: which.length, keys: which.slice(0, 5) });
        return {
          onlyHere: found(differing.filter(alone)),
          unlike: found(differing.filter((key) => !alone(key))),
        };
      });
      const compared = await compareCopies(
        copies.map((copy) => yielding(copyOf(copy))),
        never,
      );
      expect(compared).toEqual({ copies: naive, keysCompared: all.length, complete: true });
    }),
  );
});

test('the same write with another content is another one', async () => {
  const [one] = copyOf({ a: 1 }) as [CopyKey];
  const compared = await compareCopies([yielding([one]), yielding([{ ...one, checksum: 8 }])], never);
  expect(compared.copies.map(({ unlike }) => unlike.count)).toEqual([1, 1]);
});

test('a comparison that takes too long says how far it came', async () => {
  let left = 2;
  const copies = [yielding(copyOf({ a: 1, b: 1, c: 1 })), yielding(copyOf({ a: 2 }))];
  const compared = await compareCopies(copies, () => left-- === 0);
  expect(compared).toMatchObject({ keysCompared: 2, complete: false });
});
