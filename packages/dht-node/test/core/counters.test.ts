/** Writes that are worked out from what is there: on which entry they build, and what is left when they cannot. */

import {
  fullAnswers,
  get,
  add,
  append,
  arc,
  onCondition,
  OTHER,
  put,
  ring,
  SELF,
  SteppedNode,
} from './stepped-node';

/** Primary of the whole ring, alone. */
function alone(): SteppedNode {
  const node = SteppedNode.registered(ring(1, [arc()], [SELF, OTHER]));
  node.sync();
  node.forget();
  return node;
}

const INTEGER_MAX = 2n ** 63n - 1n;

const values = (node: SteppedNode, request: number): unknown[] | undefined =>
  node.answer(request)?.map((result) => (result.ok ? result.value : result.code));

test('add and append build on the newest numbered write, committed or not', () => {
  const node = alone();
  const first = node.query(put('n', '40'), add('n', 1n));
  const second = node.query(
    add('n', 1n),
    append('n', '0'),
    add('n', -400n),
    add('new', -7n),
    append('text', 'a'),
  );
  expect(node.answer(second)).toBeUndefined();
  node.sync();
  node.sync();
  expect(values(node, first)).toEqual([undefined, '41']);
  expect(values(node, second)).toEqual(['42', '3', '20', '-7', '1']);
  expect(values(node, node.query(get('n'), get('new'), get('text')))).toEqual(['20', '-7', 'a']);
});

test('what overflows, is no number, or gets too long changes nothing, and is told so when what it saw is committed', () => {
  const node = alone();
  const { valueBytesMax } = node.parameters;
  const full = 'x'.repeat(valueBytesMax);
  const written = node.query(put('most', INTEGER_MAX.toString()), put('word', 'one'), put('full', full));
  const request = node.query(add('most', 1n), add('word', 1n), append('full', 'x'));
  expect(node.answer(request)).toBeUndefined();
  node.sync();
  node.sync();
  expect(node.answer(written)).toHaveLength(3);
  expect(values(node, request)).toEqual(['FAILED_PRECONDITION', 'FAILED_PRECONDITION', 'INVALID_ARGUMENT']);
  expect(values(node, node.query(get('most'), get('word'), get('full')))).toEqual([
    INTEGER_MAX.toString(),
    'one',
    full,
  ]);
  expect(node.core.replicas.get(SELF)).toMatchObject({ committed: 6, lastPrepared: 6 });
});

test('a condition decides whether they are carried out', () => {
  const node = alone();
  const request = node.query(
    onCondition(add('n', 5n), { kind: 'present' }),
    onCondition(add('n', 5n), { kind: 'absent' }),
    onCondition(append('n', '1'), { kind: 'version', version: 2 }),
  );
  node.sync();
  expect(fullAnswers(node.answer(request))).toEqual([
    { held: false, version: 0, value: undefined },
    { held: true, version: 2, value: '5' },
    { held: true, version: 3, value: '2' },
  ]);
});
