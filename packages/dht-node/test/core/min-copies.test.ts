/** Writes on few copies: an arc that has lost some takes none until enough are in sync; one that grows takes all. */

import { checkParameters, type ArcConfig } from '@ringkeep/shared';
import { OTHER, SELF, SteppedNode, THIRD, arc, get, ring, set } from './stepped-node';

/** Three copies are wanted, two of them asked for. */
const PARAMETERS = checkParameters({});

function alone(part: Partial<ArcConfig>): SteppedNode {
  return SteppedNode.registered(ring(1, [arc(part)]), PARAMETERS);
}

test('with three copies two of them are asked for, with fewer one', () => {
  const asked = [1, 2, 3, 7].map((replicationFactor) => checkParameters({ replicationFactor }).minCopies);
  expect(asked).toEqual([1, 1, 2, 2]);
});

test('an arc that never had more than one copy takes writes, however many members the ring has', () => {
  const node = alone({ copiesReached: 1 });
  const request = node.query(set('k', 'v'));
  node.sync();
  expect(node.answer(request)).toEqual([{ ok: true, value: undefined }]);
});

test('an arc that had two and has one refuses writes as not started, says what to do, and answers reads', () => {
  const node = alone({ copiesReached: 2 });
  const [write, read] = [node.query(set('k', 'v')), node.query(get('k'))];
  expect(node.answer(write)).toEqual([
    expect.objectContaining({
      ok: false,
      code: 'UNAVAILABLE',
      text: expect.stringMatching(/nothing was written: 1 of 2 copies needed.*reads go on/) as string,
    }),
  ]);
  expect(node.answer(read)).toEqual([{ ok: true, value: undefined }]);
  expect(node.core.inspection.status().replicas).toMatchObject([
    { primary: true, serving: true, enoughCopies: false },
  ]);
});

test('who is away is named in the refusal', () => {
  const lost = ring(1, [arc({ copiesReached: 2 })], [SELF, OTHER, THIRD], [OTHER]);
  const node = SteppedNode.registered(lost, PARAMETERS);
  const request = node.query(set('k', 'v'));
  expect(node.answer(request)).toMatchObject([{ text: expect.stringContaining('127.0.0.1:1001 is back') }]);
});

test('writes go on when the ring does not expect the copies any more', () => {
  const node = alone({ copiesReached: 3 });
  node.adopt({ ...ring(2, [arc({ copiesReached: 1 })], [SELF]), parameters: PARAMETERS });
  const request = node.query(set('k', 'v'));
  node.sync();
  expect(node.answer(request)).toEqual([{ ok: true, value: undefined }]);
});
