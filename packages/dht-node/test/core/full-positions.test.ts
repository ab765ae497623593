/** A tag with more keys or bytes than a ring takes: no division of the ring would help its owner. */

import { checkParameters } from '@ringkeep/shared';
import { arc, put, remove, ring, SELF, SteppedNode } from './stepped-node';

function alone(limits: {
  readonly positionKeysMax?: number;
  readonly positionBytesMax?: number;
}): SteppedNode {
  const node = SteppedNode.registered(
    ring(1, [arc()], [SELF]),
    checkParameters({ replicationFactor: 1, ...limits }),
  );
  node.sync();
  return node;
}

function outcome(node: SteppedNode, ...operations: Parameters<SteppedNode['query']>): unknown[] {
  const request = node.query(...operations);
  node.sync();
  return (node.answer(request) ?? []).map((result) => (result.ok ? 'done' : result.code));
}

test('a tag takes so many keys and no more; what has a place keeps it, and a deletion makes room', () => {
  const node = alone({ positionKeysMax: 3 });
  for (const key of ['{t}1', '{t}2', '{t}3']) expect(outcome(node, put(key, 'v'))).toEqual(['done']);
  expect(outcome(node, put('{t}4', 'v'))).toEqual(['RESOURCE_EXHAUSTED']);
  expect(outcome(node, put('{t}1', 'new'), put('{u}1', 'v'), put('free', 'v'))).toEqual([
    'done',
    'done',
    'done',
  ]);
  expect(outcome(node, remove('{t}2'))).toEqual(['done']);
  expect(outcome(node, put('{t}4', 'v'))).toEqual(['done']);
});

test('a tag takes so many bytes and no more, and says what can be done', () => {
  const node = alone({ positionBytesMax: 1_000 });
  expect(outcome(node, put('{t}1', 'v'.repeat(990)))).toEqual(['done']);
  const request = node.query(put('{t}1', 'v'), put('{u}1', 'v'));
  node.sync();
  expect(node.answer(request)).toMatchObject([
    {
      code: 'RESOURCE_EXHAUSTED',
      text: expect.stringMatching(
        /^nothing was written: its tag has 1 keys of 1000 bytes, .* use more tags$/,
      ) as string,
    },
    { ok: true },
  ]);
});
