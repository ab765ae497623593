/** Where a key goes whose position depends on the ring's rule for tags. */

import { positionBytes, position, ringKey, type Bytes } from '@ringkeep/shared';
import { keyTermsOf, OperationType, type Operation } from '@ringkeep/shared/operations';
import { arc, OTHER, ring, SELF, SteppedNode } from './stepped-node';

const read: Operation = {
  type: OperationType.get,
  key: ringKey(positionBytes(position(OTHER + 1n)), 'key' as Bytes),
};

test('a node says nothing of the rule before it knows the ring', () => {
  const node = new SteppedNode();
  expect(keyTermsOf(node.core.view.ring)).toMatchObject({ keyBytesMax: 1_024, positionRule: undefined });
  const member = SteppedNode.registered(ring(1, [arc()]));
  expect(keyTermsOf(member.core.view.ring).positionRule).toBe('tag');
});

test.each([
  ['an older ring is told of this one', 1, 'answer'],
  ['the same ring reckons positions otherwise: its operation is passed on', 2, 'forward'],
] as const)('a client that asks the wrong node by %s', (_, ringVersion, effect) => {
  const node = SteppedNode.registered(
    ring(2, [arc({ end: OTHER }), arc({ start: OTHER, end: SELF, primary: OTHER, inSync: [OTHER] })]),
  );
  node.forget();
  const asked = { request: 1, operations: [read], hops: 0, deadlineAtMs: node.now + 5_000 };
  node.step({ kind: 'query', ...asked, ringVersion, direct: true });
  const kinds = node.effects
    .map(({ kind }) => kind)
    .filter((kind) => kind === 'answer' || kind === 'forward');
  expect(kinds).toEqual([effect]);
});
