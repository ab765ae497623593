/** A newer ring is acted on when it is on the disk that this node knows it; one of another history never. */

import type { ArcConfig, Ring } from '@ringkeep/shared';
import { arc, OTHER, ring, SELF, set, SteppedNode, THIRD } from './stepped-node';

const FIRST_RUN = [{ id: 7n, firstVersion: 1 }];

function version(number: number, part: Partial<ArcConfig>, runs = FIRST_RUN): Ring {
  return { ...ring(number, [arc({ epoch: number, ...part })]), runs };
}

test('a write that waits for a member is not answered by a ring without it before that ring is noted', () => {
  const node = SteppedNode.registered(version(1, {}));
  node.adopt(version(2, { inSync: [SELF, OTHER] }));
  const request = node.query(set('k', 'v'));
  node.sync();
  expect(node.answer(request)).toBeUndefined();
  node.hear(version(3, {}));
  expect(node.answer(request)).toBeUndefined();
  expect(node.core.known).toEqual({ version: 2, run: 7n });
  node.syncRing();
  expect(node.answer(request)).toMatchObject([{ ok: true }]);
  expect(node.core.known).toEqual({ version: 3, run: 7n });
});

test('a greater version that another start of the registry made of older data is not taken over', () => {
  const node = SteppedNode.registered(version(1, {}));
  node.adopt(version(3, { inSync: [SELF, OTHER] }));
  const runs = [...FIRST_RUN, { id: 8n, firstVersion: 3 }];
  node.adopt(version(9, { primary: THIRD, inSync: [THIRD] }, runs));
  expect(node.core.view.version).toBe(3);
  expect(node.of('event').map(({ event }) => event.kind)).toContain('foreign-ring');
});
