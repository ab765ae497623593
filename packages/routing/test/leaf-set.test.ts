/** What a leaf set takes in after members have failed: nobody may be missing between its ends. */

import { position } from '@ringkeep/shared';
import { IdSpace } from '../src/pastry/id-space';
import { LeafSet } from '../src/pastry/leaf-set';

function leafSet(...ids: bigint[]): LeafSet<string> {
  const set = new LeafSet<string>(new IdSpace(8, 4), 1000n, 4);
  for (const id of ids) set.add(id, `peer ${id}`);
  return set;
}

const idsOf = (set: LeafSet<string>): bigint[] => set.leaves().map((leaf) => leaf.id);

test('a short side takes nobody from beyond its former end, but whoever is nearer', () => {
  const set = leafSet(980n, 990n, 1010n, 1020n);
  set.remove(1020n);
  expect(set.add(1500n, 'far')).toBe(false);
  expect(set.covers(20n)).toBe(true);
  expect(set.covers(21n)).toBe(false);
  expect(set.add(1015n, 'near')).toBe(true);
  expect(idsOf(set)).toEqual([1010n, 1015n, 980n, 990n]);
});

test('a short side goes on with the leaf set of a member, in that member’s direction only', () => {
  const set = leafSet(980n, 990n, 1010n, 1020n);
  set.remove(1020n);
  set.remove(980n);
  const origin = { kind: 'around', id: position(1010n) } as const;
  expect(set.add(1030n, 'behind it', origin)).toBe(true);
  expect(set.add(970n, 'not its side', origin)).toBe(false);
  expect(set.add(970n, 'its side', { kind: 'around', id: position(990n) })).toBe(true);
  expect(idsOf(set)).toEqual([1010n, 1030n, 970n, 990n]);
});

test('with nobody left behind it takes the predecessor that was found, and never its successor for one', () => {
  const set = leafSet(980n, 990n, 1010n, 1020n);
  set.remove(980n);
  set.remove(990n);
  set.add(1010n, 'next', { kind: 'successor' });
  expect(set.ends().before).toBeUndefined();
  expect(set.covers((1n << 64n) - 5n)).toBe(false);
  expect(set.add(700n, 'found', { kind: 'predecessor' })).toBe(true);
  expect(set.ends().before?.id).toBe(700n);
  expect(set.covers((1n << 64n) - 5n)).toBe(true);
});

test('a wrong end gives way to whoever is nearer', () => {
  const set = leafSet(980n, 990n, 1010n, 1020n);
  set.remove(980n);
  set.remove(990n);
  set.add(300n, 'too early', { kind: 'predecessor' });
  expect(set.add(700n, 'nearer')).toBe(true);
  expect(set.add(200n, 'farther')).toBe(false);
});
