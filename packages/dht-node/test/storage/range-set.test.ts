import type { Random } from '@ringkeep/shared';
import { type Bytes, type KeyRange } from '@ringkeep/shared';
import { RangeSet } from '../../src/storage/range-set';
import { forSeeds } from './conformance';

const POINTS = 40;

function point(index: number): Bytes {
  return (index === 0 ? '' : String.fromCharCode(index)) as Bytes;
}

function drawRange(random: Random): KeyRange {
  const from = random.below(POINTS);
  if (random.chance(0.1)) return { from: point(from), to: undefined };
  return { from: point(from), to: point(random.between(from, POINTS)) };
}

function has(range: KeyRange, key: Bytes): boolean {
  return key >= range.from && (range.to === undefined || key < range.to);
}

test('contains what was added, and its gaps are the rest of any range, as a naive set says', async () => {
  await forSeeds(300, (random) => {
    const set = new RangeSet();
    const added: KeyRange[] = [];
    for (let i = random.below(8); i >= 0; i--) {
      const range = drawRange(random);
      set.add(range);
      added.push(range);
    }
    const asked = drawRange(random);
    const gaps = set.gaps(asked);
    for (let index = 0; index <= POINTS; index++) {
      const key = point(index);
      const covered = added.some((range) => has(range, key));
      const inGaps = gaps.filter((gap) => has(gap, key)).length;
      if (set.contains(key) !== covered) throw new Error(`contains(${index}) is not ${covered}`);
      if (inGaps !== (has(asked, key) && !covered ? 1 : 0)) throw new Error(`${index} is in ${inGaps} gaps`);
    }
    for (const [index, range] of set.list().entries()) {
      const before = set.list()[index - 1];
      if (before !== undefined) expect((before.to as Bytes) < range.from).toBe(true);
    }
  });
});
