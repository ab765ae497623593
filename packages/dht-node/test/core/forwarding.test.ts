/** A node that forwards to an owner that dies: stepped by hand, every key owned by another node. */

import { arc, get, OTHER, put, ring, SteppedNode, THIRD } from './stepped-node';

/** The ring in which one node owns everything; those named are dead. */
function owned(
  version: number,
  by: typeof OTHER,
  dead: readonly (typeof OTHER)[] = [],
): ReturnType<typeof ring> {
  const newer = ring(version, [arc({ epoch: version, term: version, primary: by, inSync: [by] })]);
  const members = newer.members.map((member) =>
    dead.includes(member.id) ? { ...member, state: 'dead' as const } : member,
  );
  return { ...newer, members };
}

const forwarder = (): SteppedNode => SteppedNode.registered(owned(1, OTHER));

test('when the owner is dead and replaced, its reads move on and its writes are of unknown outcome at once', () => {
  const node = forwarder();
  const read = node.query(get('key'));
  const write = node.query(put('key', 'value'), put('key', 'other'));
  const mixed = node.query(put('key', 'value'), get('key'));
  expect(node.of('forward').map(({ to }) => to.id)).toEqual([OTHER, OTHER, OTHER]);
  node.forget();
  node.adopt(owned(2, THIRD, [OTHER]));
  const unknown = { ok: false, code: 'OUTCOME_UNKNOWN' };
  expect(node.answer(write)).toMatchObject([unknown, unknown]);
  expect(node.answer(read)).toBeUndefined();
  const moved = node.of('forward');
  expect(moved.map(({ to }) => to.id)).toEqual([THIRD]);
  expect(moved[0]?.operations).toHaveLength(2);
  const results = [1, 2].map(() => ({ ok: true, value: undefined }) as const);
  node.step({ kind: 'forward-answer', forward: moved[0]!.forward, results, hops: 1, ring: undefined });
  expect(node.answer(read)).toEqual([{ ok: true, value: undefined }]);
  expect(node.answer(mixed)).toMatchObject([unknown, { ok: true }]);
  expect(node.of('cancel-forward')).toHaveLength(3);
  expect(node.core.inspection.tableSizes()).toMatchObject({ queries: 0, forwards: 0 });
});

test('a dead owner that nobody has replaced keeps its writes, for its answer may still come; later it does not', () => {
  const node = forwarder();
  const [answered, given] = [node.query(put('key', 'value')), node.query(put('other', 'value'))];
  const { forward } = node.of('forward')[0]!;
  node.adopt(owned(2, OTHER, [OTHER]));
  expect([node.answer(answered), node.answer(given)]).toEqual([undefined, undefined]);
  const done = { ok: true, value: undefined } as const;
  node.step({ kind: 'forward-answer', forward, results: [done], hops: 1, ring: undefined });
  expect(node.answer(answered)).toEqual([done]);
  node.adopt(owned(3, THIRD, [OTHER]));
  expect(node.answer(given)).toMatchObject([{ ok: false, code: 'OUTCOME_UNKNOWN' }]);
});

test('an owner that was replaced and lives is waited for: it answers, or says that it has no role', () => {
  const node = forwarder();
  const write = node.query(put('key', 'value'));
  const { forward } = node.last('forward');
  node.adopt(owned(2, THIRD));
  expect(node.answer(write)).toBeUndefined();
  const stray = { ok: false, code: 'NOT_OWNER', text: '' } as const;
  node.step({ kind: 'forward-answer', forward, results: [stray], hops: 1, ring: undefined });
  node.pass(100);
  expect(node.last('forward').to.id).toBe(THIRD);
});

test('a node whose disk falls behind forwards what others own', () => {
  const node = forwarder();
  node.step({ kind: 'disk-overloaded', overloaded: true });
  node.query(put('key', 'value'), get('key'));
  expect(node.last('forward').operations).toHaveLength(2);
});
