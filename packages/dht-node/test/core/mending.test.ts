/** Damaged entries, stepped by hand: they are no answer, go to nobody, and come back from whoever has them. */

import { position, type Bytes, type RingKey } from '@ringkeep/shared';
import { seal, type StoredValue, ringKeyOf } from '@ringkeep/shared/operations';
import { DAMAGED, type Damaged, type PrimaryBody } from '../../src/core';
import { SteppedNode, type Follower, arc, get, OTHER, ring, SELF, set } from './stepped-node';

const KEY = ringKeyOf('key' as Bytes);
const stretch = (key: RingKey): { from: RingKey; to: Bytes } => ({ from: key, to: `${key}\0` as Bytes });

function alone(): SteppedNode {
  const node = SteppedNode.registered(ring(1, [arc()], [SELF, OTHER]));
  node.sync();
  node.query(set('key', 'value'));
  node.sync();
  return node;
}

/** Primary of the whole ring with one follower in sync, which has acknowledged what there is. */
function withFollower(): { node: SteppedNode; follower: Follower } {
  const node = alone();
  node.adopt(ring(2, [arc({ epoch: 2, inSync: [SELF, OTHER] })], [SELF, OTHER]));
  const follower = node.openedBy(OTHER, SELF, 1, { complete: true, lastPrepared: 1, committed: 1 });
  follower.acknowledge(1);
  node.forget();
  return { node, follower };
}

const asked = (follower: Follower): PrimaryBody[] => follower.heard.filter((body) => body.kind === 'damaged');

describe('a primary', () => {
  test('that has the only copy in sync answers UNAVAILABLE for the key, and for no other; a write ends it', () => {
    const node = alone();
    node.damage(KEY);
    const [damaged, other] = [node.query(get('key')), node.query(get('other'))];
    expect(node.answer(damaged)).toMatchObject([{ ok: false, code: 'UNAVAILABLE' }]);
    expect(node.answer(other)).toEqual([{ ok: true, value: undefined }]);
    expect(node.of('event')).toContainEqual(
      expect.objectContaining({ event: expect.objectContaining({ kind: 'damage', found: 1, left: 1 }) }),
    );
    node.query(set('key', 'new'));
    node.sync();
    expect(node.answer(node.query(get('key')))).toEqual([{ ok: true, value: 'new' }]);
  });

  test('with a member in sync holds the read, asks the member as of its commit point, and answers then', () => {
    const { node, follower } = withFollower();
    const sound = node.entries.raw(KEY) as StoredValue;
    node.damage(KEY);
    const request = node.query(get('key'));
    expect(node.answer(request)).toBeUndefined();
    expect(asked(follower)).toEqual([{ kind: 'damaged', ranges: [stretch(KEY)], committed: 1 }]);
    follower.say({
      kind: 'repair',
      committed: 1,
      ranges: [stretch(KEY)],
      entries: [{ key: KEY, value: sound }],
    });
    expect(node.answer(request)).toEqual([{ ok: true, value: 'value' }]);
    expect(node.last('append').records).toContainEqual(
      expect.objectContaining({ kind: 'mend', ranges: [stretch(KEY)] }),
    );
  });

  test('takes no answer as of another commit point but for the very entry that was damaged', () => {
    const { node, follower } = withFollower();
    const sound = node.entries.raw(KEY) as StoredValue;
    node.damage(KEY);
    const request = node.query(get('key'));
    const older = seal(KEY, 1, 'older' as Bytes);
    const answer = (value: StoredValue): void =>
      follower.say({ kind: 'repair', committed: 0, ranges: [stretch(KEY)], entries: [{ key: KEY, value }] });
    answer(older);
    expect(node.entries.get(KEY)).toBe(DAMAGED);
    answer(sound);
    expect(node.answer(request)).toEqual([{ ok: true, value: 'value' }]);
  });

  test('that is answered with nothing that helps asks again after a while, not at once', () => {
    const { node, follower } = withFollower();
    node.damage(KEY);
    node.query(get('key'));
    for (let i = 0; i < 5; i++) follower.say({ kind: 'repair', committed: 1, ranges: [], entries: [] });
    expect(asked(follower).length).toBe(1);
    node.pass(1_000);
    expect(asked(follower).length).toBe(2);
  });

  test('keeps what was committed since it asked', () => {
    const { node, follower } = withFollower();
    const sound = node.entries.raw(KEY) as StoredValue;
    const other = ringKeyOf('other' as Bytes);
    node.damage(KEY);
    node.step({ kind: 'damaged', ranges: [{ from: '' as Bytes, to: undefined }] });
    node.query(set('other', 'written since'));
    node.sync();
    follower.acknowledge(2);
    const { ranges } = asked(follower)[0] as Damaged;
    follower.say({ kind: 'repair', committed: 1, ranges, entries: [{ key: KEY, value: sound }] });
    expect(node.entries.get(KEY)).toBe(sound);
    expect(node.entries.get(other)).toBe(seal(other, 2, 'written since' as Bytes));
  });

  test('asks again while nobody answers, and no more when the entry was written over', () => {
    const { node, follower } = withFollower();
    node.damage(KEY);
    node.query(get('key'));
    for (let i = 0; i < 5; i++) {
      node.pass(500);
      follower.acknowledge(1);
    }
    expect(asked(follower).length).toBe(3);
    node.query(set('key', 'new'));
    node.sync();
    follower.acknowledge(2);
    node.forget();
    for (let i = 0; i < 5; i++) {
      node.pass(500);
      follower.acknowledge(2);
    }
    expect(asked(follower)).toEqual([]);
    expect(node.core.inspection.tableSizes()['mending']).toBe(0);
  });

  test('asks a copy for what is damaged before it counts as nothing, and again while that brings something', () => {
    const node = alone();
    node.query(set('a', '1'));
    node.sync();
    const keys = [KEY, ringKeyOf('a' as Bytes)].sort();
    const sound = keys.map((key) => ({ key, value: node.entries.raw(key) as StoredValue }));
    for (const key of keys) node.damage(key);
    node.query(get('key'), get('a'));
    const open = { complete: true, lastPrepared: 1, committed: 1, sendsDigests: true };
    const follower = node.openedBy(OTHER, SELF, 1, open);
    expect(follower.kinds).toEqual(['damaged']);
    const [first, second] = sound;
    const repair = (...entries: typeof sound): void =>
      follower.say({ kind: 'repair', committed: 0, ranges: entries.map(({ key }) => stretch(key)), entries });
    repair(...(first ? [first] : []));
    expect(asked(follower)).toMatchObject([
      { ranges: keys.map(stretch) },
      { ranges: [stretch(keys[1] as RingKey)] },
    ]);
    expect(follower.kinds).not.toContain('start-over');
    repair(...(second ? [second] : []));
    expect(follower.kinds.at(-1)).toBe('start-over');
    expect(node.answer(node.query(get('key'), get('a')))).toEqual([
      { ok: true, value: 'value' },
      { ok: true, value: '1' },
    ]);
  });

  test('asks a copy that was away for the damaged entries alone, not for all that may lie between their neighbours', () => {
    const node = alone();
    node.query(set('a', '1'));
    node.sync();
    node.damage(KEY);
    const open = { complete: true, lastPrepared: 1, committed: 1, sendsDigests: true };
    const follower = node.openedBy(OTHER, SELF, 1, open);
    expect(follower.kinds).toEqual(['start-over']);
    node.step({ kind: 'damaged', ranges: [{ from: '' as Bytes, to: undefined }] });
    expect(asked(follower)).toMatchObject([{ ranges: [stretch(KEY)] }]);
  });

  test('starts a copy over that has nothing of what is damaged, and asks none that is empty or not whole', () => {
    const node = alone();
    node.damage(KEY);
    node.query(get('key'));
    const open = { complete: true, lastPrepared: 1, committed: 1 };
    const whole = node.openedBy(OTHER, SELF, 1, { ...open, sendsDigests: true });
    expect(whole.kinds).not.toContain('start-over');
    whole.say({ kind: 'repair', committed: 0, ranges: [], entries: [] });
    expect(whole.kinds.at(-1)).toBe('start-over');
    expect(node.openedBy(OTHER, SELF, 1, open).kinds[0]).toBe('start-over');
    expect(node.openedBy(OTHER, SELF, 1, { sendsDigests: true }).kinds[0]).toBe('start-over');
  });

  test('a transfer stops at what is damaged, asks the follower for it, and goes on when it has it', () => {
    const node = alone();
    const sound = node.entries.raw(KEY) as StoredValue;
    node.query(set('a', '1'), set('b', '2'));
    node.sync();
    node.damage(KEY);
    const follower = node.openedBy(OTHER, SELF, 1, {
      complete: true,
      lastPrepared: 1,
      committed: 1,
      sendsDigests: true,
    });
    expect(follower.kinds).toEqual(['start-over']);
    const digests = {
      kind: 'digests',
      buckets: [{ to: undefined, digest: 'd'.repeat(16) as Bytes }],
    } as const;
    follower.say(digests);
    node.pass(100);
    expect(follower.kinds).not.toContain('live');
    expect(JSON.stringify(follower.heard)).not.toContain(node.entries.raw(KEY));
    expect(asked(follower).length).toBeGreaterThan(0);
    follower.say({
      kind: 'repair',
      committed: 0,
      ranges: [stretch(KEY)],
      entries: [{ key: KEY, value: sound }],
    });
    // The ring runs through zero, and is two ranges of keys.
    expect(follower.kinds.at(-1)).toBe('compared');
    follower.say(digests);
    node.pass(50);
    expect(follower.kinds).toContain('live');
  });
});

test('what a write replaced and nobody can tell any more is no reason to call the write undone', () => {
  const node = alone();
  node.damage(KEY);
  const request = node.query(set('key', 'new'));
  node.sync();
  expect(node.answer(request)).toMatchObject([
    { ok: false, code: 'OUTCOME_UNKNOWN', text: expect.stringContaining('the write is done') },
  ]);
  expect(node.answer(node.query(get('key')))).toEqual([{ ok: true, value: 'new' }]);
});

test('a primary answers a follower with what is sound of its own', () => {
  const { node, follower } = withFollower();
  follower.say({ kind: 'damaged', ranges: [stretch(KEY)], committed: 0 });
  const repair = follower.heard.find((body) => body.kind === 'repair');
  expect(repair).toMatchObject({ committed: 1, ranges: [stretch(KEY)], entries: [{ key: KEY }] });
  node.damage(KEY);
  node.forget();
  follower.say({ kind: 'damaged', ranges: [stretch(KEY)], committed: 0 });
  expect(follower.heard.find((body) => body.kind === 'repair')).toMatchObject({ ranges: [], entries: [] });
});

describe('a former member that the ring does not want', () => {
  const FAR = [1n, 2n].map((offset) => position(SELF - offset));

  /** Primary of the whole ring, alone in sync; the nodes before it are to hold the other copies. */
  function withOthersWanted(inSync = [SELF]): { node: SteppedNode; wanted: Follower[] } {
    const node = alone();
    const ids = [...FAR, SELF, OTHER].sort((a, b) => (a < b ? -1 : 1));
    node.adopt(ring(2, [arc({ epoch: 2, inSync })], ids));
    const wanted = FAR.filter((id) => inSync.includes(id)).map((id) =>
      node.openedBy(id, SELF, 1, { complete: true, lastPrepared: 1, committed: 1 }),
    );
    for (const follower of wanted) follower.acknowledge(1);
    return { node, wanted };
  }
  const comesBack = (node: SteppedNode): Follower =>
    node.openedBy(OTHER, SELF, 1, { complete: true, lastPrepared: 1, committed: 1 });

  test('keeps its copy until those that the ring wants are there', () => {
    expect(comesBack(withOthersWanted().node).kinds).toEqual(['wait']);
    expect(comesBack(withOthersWanted([...FAR, SELF]).node).kinds).toEqual(['release']);
  });

  test('is not released while an entry is damaged here, but asked for it, and released then', () => {
    const { node, wanted } = withOthersWanted([...FAR, SELF]);
    const sound = node.entries.raw(KEY) as StoredValue;
    node.damage(KEY);
    node.query(get('key'));
    const former = comesBack(node);
    expect(former.kinds).not.toContain('release');
    for (const follower of wanted) follower.say({ kind: 'repair', committed: 1, ranges: [], entries: [] });
    node.pass(1_000);
    expect(asked(former).length).toBeGreaterThan(0);
    former.say({ kind: 'repair', committed: 0, ranges: [], entries: [{ key: KEY, value: sound }] });
    node.pass(10);
    expect(node.answer(node.query(get('key')))).toEqual([{ ok: true, value: 'value' }]);
    expect(former.kinds.at(-1)).toBe('release');
  });
});
