import { RING_SIZE, clockwiseDistance, position, type NodeId } from '@ringkeep/shared';
import { positionOfText } from '@ringkeep/shared/operations';
import { SALTS_TRIED, place, type Placement } from '../../src/core';

const everywhere = (): boolean => true;

/** Largest arc over the mean, after `count` nodes were placed one after another. */
function largestOverMean(placement: Placement, count: number, seed: number): number {
  const ids: NodeId[] = [];
  for (let i = 0; i < count; i++) {
    const { id } = place(
      placement,
      `http://10.${seed}.${i >> 8}.${i & 255}:50001`,
      ids,
      positionOfText,
      everywhere,
    );
    const at = ids.findIndex((other) => other > id);
    ids.splice(at === -1 ? ids.length : at, 0, id);
  }
  const arcs = ids.map((id, index) => Number(clockwiseDistance(id, ids[(index + 1) % count] as NodeId)));
  return (Math.max(...arcs) / Number(RING_SIZE)) * count;
}

function mean(placement: Placement, count: number, seeds: number): number {
  const values = Array.from({ length: seeds }, (_, seed) => largestOverMean(placement, count, seed + 1));
  return values.reduce((sum, value) => sum + value, 0) / seeds;
}

describe('placement', () => {
  test.each([
    { count: 10, seeds: 20, balanced: 1.5, hashed: 2.3 },
    { count: 100, seeds: 10, balanced: 1.8, hashed: 4 },
    { count: 1_000, seeds: 3, balanced: 2, hashed: 5.5 },
    { count: 5_000, seeds: 1, balanced: 2.1, hashed: 6.5 },
  ])('at $count nodes the largest balanced arc is under $balanced times the mean', (size) => {
    expect(mean('balanced', size.count, size.seeds)).toBeLessThan(size.balanced);
    expect(mean('hash', size.count, size.seeds)).toBeGreaterThan(size.hashed);
  });

  test('the id is the position of the address and the salt', () => {
    const { id, salt } = place('balanced', 'http://h:1', [position(5n)], positionOfText, everywhere);
    expect(id).toBe(positionOfText(`http://h:1_${salt}`));
    expect(place('hash', 'http://h:1', [], positionOfText, everywhere)).toEqual({
      id: positionOfText('http://h:1_0'),
      salt: 0,
    });
  });

  test('an id that a member has is not taken', () => {
    const taken = position(7n);
    const tried: string[] = [];
    const colliding = (text: string) => {
      tried.push(text);
      return text === 'a_3' ? position(9n) : taken;
    };
    expect(place('balanced', 'a', [taken], colliding, everywhere)).toEqual({ id: 9n, salt: 3 });
  });

  test('when all salts collide, the next ones are tried', () => {
    const taken = position(7n);
    const colliding = (text: string) => (text === `a_${SALTS_TRIED + 2}` ? position(9n) : taken);
    expect(place('balanced', 'a', [taken], colliding, everywhere)).toEqual({ id: 9n, salt: SALTS_TRIED + 2 });
    expect(() => place('balanced', 'a', [taken], () => taken, everywhere)).toThrow('no free place');
  });

  test('of all places that are tried, the best one where somebody answers is taken, or the best of all', () => {
    const half = position(1n << 63n);
    const ids = [position(0n), half];
    const upper = place('balanced', 'http://h:1', ids, positionOfText, (point) => point >= half);
    const lower = place('balanced', 'http://h:1', ids, positionOfText, (point) => point < half);
    expect(upper.id).toBeGreaterThan(half);
    expect(lower.id).toBeLessThan(half);
    const anywhere = place('balanced', 'http://h:1', ids, positionOfText, everywhere);
    expect([upper, lower]).toContainEqual(anywhere);
    expect(place('balanced', 'http://h:1', ids, positionOfText, () => false)).toEqual(anywhere);
    expect(place('hash', 'http://h:1', ids, positionOfText, () => false).salt).toBe(0);
  });
});
