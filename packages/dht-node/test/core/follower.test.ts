/** A follower stepped by hand: what it acknowledges and when, what it grants, and what makes it erase. */

import { position, unknownHistory, type Bytes, type Position, type RingKey } from '@ringkeep/shared';
import { seal, ringKeyOf } from '@ringkeep/shared/operations';
import { RunningHash } from '../../src/core/replica/running-hash';
import type { HashPoint } from '../../src/core/replica/sequenced-op';
import type { Entry, FollowerBody, PrimaryBody, StreamName } from '../../src/core';
import { SteppedNode, arc, OTHER, ring, SELF } from './stepped-node';

const WHOLE = { start: OTHER, end: OTHER };
const entry = (text: string, value: string): Entry => {
  const key = ringKeyOf(text as Bytes);
  return { key, value: seal(key, 1, value as Bytes) };
};
const key = (text: string): RingKey => ringKeyOf(text as Bytes);

const live = (committed: number, hash?: HashPoint): PrimaryBody => ({
  kind: 'live',
  committed,
  window: [],
  history: unknownHistory(committed),
  overrules: 0,
  hash,
});

/** The ring is OTHER's; this node should hold a copy of it. SELF lies in it, so an arc of its own is kept apart. */
function following(): Following {
  const arcs = [
    arc({ start: SELF, end: OTHER, epoch: 4, term: 4, primary: OTHER, inSync: [OTHER] }),
    arc({ start: OTHER, end: SELF, epoch: 4, term: 4, primary: OTHER, inSync: [OTHER] }),
  ];
  return new Following(SteppedNode.registered(ring(1, arcs, [SELF, OTHER])), OTHER);
}

class Following {
  readonly connection: number;
  readonly stream: StreamName;
  readonly opening: FollowerBody;

  constructor(
    readonly node: SteppedNode,
    start: Position,
  ) {
    const opened = node.of('open-stream').findLast(({ message }) => message.stream.start === start);
    if (!opened) throw new Error('the node does not follow the arc');
    this.connection = opened.connection;
    this.stream = opened.message.stream;
    this.opening = opened.message.body;
    node.forget();
  }

  hear(body: PrimaryBody, stream: StreamName = this.stream): void {
    this.node.step({
      kind: 'primary-message',
      connection: this.connection,
      message: { stream, sentAtMs: 777, body },
    });
  }

  get said(): FollowerBody[] {
    return this.node
      .of('send-to-primary')
      .filter(({ connection }) => connection === this.connection)
      .map(({ message }) => message.body);
  }

  get acknowledgements(): FollowerBody[] {
    return this.said.filter((body) => body.kind === 'acknowledge');
  }

  /** Copies one entry and becomes live. */
  live(): void {
    this.hear({ kind: 'start-over' });
    this.hear({
      kind: 'chunk',
      ranges: [],
      entries: [entry('a', 'before')],
    });
    this.hear(live(3));
    this.node.sync();
    this.node.forget();
  }
}

test('operations are acknowledged when they are on the disk, with the primary’s own time', () => {
  const follower = following();
  follower.live();
  follower.hear({ kind: 'prepare', firstSeq: 4, ops: [entry('a', '1'), undefined], committed: 3 });
  expect(follower.acknowledgements).toEqual([]);
  follower.node.sync();
  expect(follower.acknowledgements).toMatchObject([{ prepared: 5, applied: 3, live: true, sentAtMs: 777 }]);
});

test('what it acknowledges as live it has granted before', () => {
  const follower = following();
  follower.live();
  const { node } = follower;
  follower.hear({ kind: 'heartbeat', committed: 3 });
  expect(follower.acknowledgements).toHaveLength(1);
  expect(node.core.grants.grantedUntil(WHOLE)).toBe(node.now + node.parameters.leaseMs);
});

test('a copy that is still being made grants nothing and is not acknowledged as live', () => {
  const follower = following();
  follower.hear({ kind: 'start-over' });
  follower.node.sync();
  expect(follower.acknowledgements).toMatchObject([{ live: false, prepared: 0 }]);
  expect(follower.node.core.grants.grantedUntil(WHOLE)).toBeLessThanOrEqual(follower.node.now);
});

test('operations are applied up to the commit point and no further', () => {
  const follower = following();
  follower.live();
  follower.hear({ kind: 'prepare', firstSeq: 4, ops: [entry('a', '1'), entry('b', '2')], committed: 3 });
  follower.hear({ kind: 'heartbeat', committed: 4 });
  const { entries } = follower.node.core.replicas;
  expect([entries.get(key('a')), entries.get(key('b'))]).toEqual([entry('a', '1').value, undefined]);
});

test('messages of another stream, another term or a closed connection are dropped', () => {
  const follower = following();
  follower.live();
  const prepare: PrimaryBody = { kind: 'prepare', firstSeq: 4, ops: [entry('a', '1')], committed: 3 };
  follower.hear(prepare, { ...follower.stream, number: follower.stream.number + 1 });
  follower.hear(prepare, { ...follower.stream, term: 5 });
  follower.hear({ kind: 'release' }, { ...follower.stream, term: 5 });
  follower.node.step({ kind: 'primary-gone', connection: follower.connection, text: 'gone' });
  follower.hear(prepare);
  const copy = follower.node.core.replicas.get(OTHER);
  expect(copy).toMatchObject({ complete: true, lastPrepared: 3 });
});

test('an aligned member discards what its primary does not have and takes what it lacks', () => {
  const follower = following();
  follower.live();
  const { node } = follower;
  follower.hear({ kind: 'prepare', firstSeq: 4, ops: [entry('a', '1'), entry('stray', '2')], committed: 3 });
  node.sync();
  const arcs = node.core.view.ring.arcs.map((old) => ({ ...old, epoch: 5, term: 5, inSync: [OTHER, SELF] }));
  node.adopt({ ...node.core.view.ring, version: 2, arcs });
  const again = new Following(node, OTHER);
  again.hear({
    kind: 'align',
    lastPrepared: 4,
    committed: 4,
    firstSeq: 5,
    ops: [],
    terms: [],
    overrules: 0,
    hash: undefined,
  });
  expect(node.core.replicas.get(OTHER)).toMatchObject({ lastPrepared: 4, committed: 4, liveTerm: 5 });
  expect(node.core.replicas.entries.get(key('stray'))).toBeUndefined();
});

test.each([
  ['of this term', undefined],
  ['of terms before', [{ term: 3, first: 4 }]],
])(
  'operations %s that it has not on the disk when it becomes primary are committed once it has',
  (_, terms) => {
    const follower = following();
    follower.live();
    const { node } = follower;
    const { ring: known } = node.core.view;
    const arcs = known.arcs.map((old) => ({ ...old, epoch: 5, term: 5, primary: SELF, inSync: [SELF] }));
    node.hear({ ...known, version: 2, arcs });
    follower.hear({ kind: 'prepare', firstSeq: 4, ops: [entry('a', '1')], terms, committed: 3 });
    node.syncRing();
    expect(node.core.view.version).toBe(2);
    node.pass(node.parameters.leaseMs + 10);
    expect(node.core.replicas.get(OTHER)).toMatchObject({ lastPrepared: 4, committed: 3 });
    node.sync();
    expect(node.core.replicas.get(OTHER)).toMatchObject({ lastPrepared: 4, committed: 4 });
  },
);

test('a newer ring that its primary brings is taken, written down first, and the stream is opened anew under it', () => {
  const follower = following();
  follower.live();
  const { node } = follower;
  const known = node.core.view.ring;
  const arcs = known.arcs.map((old) => ({ ...old, epoch: 5, term: 5 }));
  follower.hear({ kind: 'adopt', ring: { ...known, version: 2, arcs } });
  expect(node.core.view.version).toBe(1);
  node.syncRing();
  node.step({ kind: 'tick' });
  expect(node.core.view.version).toBe(2);
  expect(node.of('open-stream').map(({ message }) => message.stream.term)).toContain(5);
});

test('a ring of another cluster that its primary brings is not taken, and told of once', () => {
  const follower = following();
  follower.live();
  const { node } = follower;
  const known = node.core.view.ring;
  for (let time = 0; time < 2; time++)
    follower.hear({ kind: 'adopt', ring: { ...known, version: 2, clusterId: 'other' } });
  node.sync();
  expect(node.core.view.version).toBe(1);
  expect(node.of('event').filter(({ event }) => event.kind === 'foreign-ring')).toHaveLength(1);
});

describe('erasing', () => {
  test('on release, from the newest stream', () => {
    const follower = following();
    follower.live();
    follower.hear({ kind: 'release' });
    expect(follower.node.core.replicas.get(OTHER)).toBeUndefined();
    expect(follower.node.last('close-stream').connection).toBe(follower.connection);
  });

  /** The ring does not want the copy any more, in a later term than it was live in. */
  function unwanted(follower: Following): Following {
    const { node } = follower;
    const far = [1n, 2n, 3n, 4n].map((offset) => position(OTHER - offset));
    const ids = [SELF, ...[...far].sort((a, b) => (a < b ? -1 : 1)), OTHER];
    const arcs = node.core.view.ring.arcs.map((old) => ({ ...old, epoch: 9, term: 9 }));
    node.adopt(ring(3, arcs, ids));
    return new Following(node, OTHER);
  }

  test('of a whole copy never without asking, though the ring names others and is later', () => {
    const follower = following();
    follower.live();
    const asking = unwanted(follower);
    expect(asking.opening).toMatchObject({
      range: { start: OTHER, end: SELF },
      complete: true,
      logs: [{ range: { start: OTHER, end: SELF }, committed: 3, lastPrepared: 3 }],
    });
    expect(asking.node.core.replicas.get(OTHER)).toMatchObject({ complete: true });
    asking.hear({ kind: 'release' });
    expect(asking.node.core.replicas.get(OTHER)).toBeUndefined();
  });

  test('of what is not whole by itself, when nobody can count on it', () => {
    const follower = following();
    follower.hear({ kind: 'start-over' });
    const { node } = follower;
    expect(() => unwanted(follower)).toThrow('does not follow');
    expect(node.core.replicas.get(OTHER)).toBeUndefined();
  });

  test('hands out what was prepared and is not known to the primary', () => {
    const follower = following();
    follower.live();
    const ops = [entry('a', '1'), entry('value', '2')];
    follower.hear({ kind: 'prepare', firstSeq: 4, ops, committed: 3 });
    const asking = unwanted(follower);
    asking.hear({ kind: 'release', shared: [4] });
    expect(asking.node.of('discard').flatMap((effect) => effect.ops)).toEqual([
      { seq: 5, term: 4, op: entry('value', '2') },
    ]);
  });

  test('never while the ring names it in sync', () => {
    const follower = following();
    follower.live();
    const { node } = follower;
    const arcs = node.core.view.ring.arcs.map((old) => ({
      ...old,
      epoch: 9,
      term: 9,
      inSync: [OTHER, SELF],
    }));
    node.adopt({ ...node.core.view.ring, version: 2, arcs });
    expect(node.core.replicas.get(OTHER)).toMatchObject({ complete: true, lastPrepared: 3 });
  });
});

describe('starting over', () => {
  const whole = [{ from: '' as Bytes, to: undefined }];

  test('what the follower still has is told by digests, and what the primary lacks is erased', () => {
    const follower = following();
    follower.live();
    const { node } = follower;
    node.step({ kind: 'primary-gone', connection: follower.connection, text: 'gone' });
    node.pass(200);
    const again = new Following(node, OTHER);
    expect(again.opening).toMatchObject({ sendsDigests: true, complete: true });
    again.hear({ kind: 'start-over' });
    expect(node.core.replicas.get(OTHER)).toMatchObject({ complete: false, lastPrepared: 0, liveTerm: 4 });
    expect(again.said.map((body) => body.kind)).toEqual(['digests']);
    again.hear({ kind: 'compared' });
    const digests = again.said.filter((body) => body.kind === 'digests');
    // The range runs through zero: its keys are two ranges.
    expect(digests.map((body) => body.buckets.length)).toEqual([1, 1]);
    expect(node.core.replicas.entries.size({ from: '' as Bytes, to: undefined }).keys).toBe(1);
    again.hear({ kind: 'chunk', ranges: whole, entries: [] });
    again.hear(live(7));
    expect(node.core.replicas.entries.size({ from: '' as Bytes, to: undefined }).keys).toBe(0);
    expect(node.core.replicas.get(OTHER)).toMatchObject({ complete: true, lastPrepared: 7 });
  });

  test('puts in place what was prepared and is in the primary’s log, too: nobody else may have it sound', () => {
    const follower = following();
    follower.live();
    const ops = [entry('a', 'in both logs'), entry('b', 'in this one')];
    follower.hear({ kind: 'prepare', firstSeq: 4, ops, committed: 3 });
    const { node } = follower;
    node.step({ kind: 'primary-gone', connection: follower.connection, text: 'gone' });
    node.pass(200);
    const again = new Following(node, OTHER);
    again.hear({ kind: 'start-over', shared: [4] });
    expect([node.entries.raw(key('a')), node.entries.raw(key('b'))]).toEqual([ops[0]?.value, undefined]);
  });

  test('never happens to a member: it stops rather than lose what may be the only copy', () => {
    const follower = following();
    follower.live();
    const { node } = follower;
    const arcs = node.core.view.ring.arcs.map((old) => ({ ...old, epoch: 5, inSync: [OTHER, SELF] }));
    node.adopt({ ...node.core.view.ring, version: 2, arcs });
    expect(() => follower.hear({ kind: 'start-over' })).toThrow('a member is never started over');
  });

  test('a follower that has nothing says so and names no digests', () => {
    const follower = following();
    expect(follower.opening).toMatchObject({ sendsDigests: false });
    follower.hear({ kind: 'start-over' });
    expect(follower.said).toEqual([]);
  });

  test('entries that are there already are not written again', () => {
    const follower = following();
    follower.hear({ kind: 'start-over' });
    const sent = [entry('a', '1'), entry('value', '2')];
    follower.hear({ kind: 'chunk', ranges: whole, entries: sent });
    follower.node.forget();
    follower.hear({ kind: 'chunk', ranges: whole, entries: sent });
    expect(follower.node.of('append')).toEqual([]);
  });
});

describe('the running hash', () => {
  const ops = [entry('a', '1'), entry('value', '2')];
  const hashAfter = (prepared: readonly Entry[]): HashPoint => {
    const hash = new RunningHash(4, 3, 0);
    hash.take(4, prepared);
    return hash.at(3 + prepared.length, 4 + prepared.length, []) as HashPoint;
  };

  /** A member that has prepared the operations in term 4 and lost its stream. */
  function reconnecting(hash: HashPoint | undefined): Following {
    const follower = following();
    follower.hear({ kind: 'start-over' });
    follower.hear(live(3, hash));
    follower.hear({ kind: 'prepare', firstSeq: 4, ops, committed: 4 });
    const { node } = follower;
    node.step({ kind: 'primary-gone', connection: follower.connection, text: 'gone' });
    node.pass(200);
    return new Following(node, OTHER);
  }

  const align = (hash: HashPoint | undefined): PrimaryBody => {
    const terms = [{ term: 4, first: 6 }];
    return {
      kind: 'align',
      lastPrepared: 6,
      committed: 4,
      firstSeq: 6,
      ops: [entry('b', '3')],
      terms,
      overrules: 0,
      hash,
    };
  };

  test('a member that has what its primary has is aligned', () => {
    const again = reconnecting({ term: 4, value: 0 });
    again.hear(align(hashAfter(ops)));
    expect(again.node.core.replicas.get(OTHER)).toMatchObject({ lastPrepared: 6, committed: 4 });
  });

  test.each([
    ['another operation', [entry('a', '1'), entry('value', '3')]],
    ['a deletion in its place', [entry('a', '1'), { ...entry('value', ''), value: undefined }]],
    ['the same in another order', [...ops].reverse()],
  ])('a member that has %s stops', (_, others) => {
    const again = reconnecting({ term: 4, value: 0 });
    expect(() => again.hear(align(hashAfter(others)))).toThrow('a member has the operations');
  });

  test('what is not known, or is of another term, is not compared', () => {
    const wrong = { term: 4, value: 12_345 };
    expect(() => reconnecting(undefined).hear(align(wrong))).not.toThrow();
    expect(() => reconnecting({ term: 4, value: 0 }).hear(align({ ...wrong, term: 3 }))).not.toThrow();
    expect(() => reconnecting({ term: 4, value: 0 }).hear(align(undefined))).not.toThrow();
  });

  test('one that was taken over goes on from there', () => {
    const again = reconnecting(undefined);
    again.hear(align({ term: 4, value: 77 }));
    const expected = new RunningHash(4, 5, 77).at(6, 6, [entry('b', '3')]);
    expect(again.node.core.replicas.get(OTHER)?.hashAt(6)).toEqual(expected);
  });
});

describe('a damaged entry', () => {
  const stretch = { from: key('a'), to: `${key('a')}\0` as Bytes };
  const asked = (follower: Following): FollowerBody[] =>
    follower.said.filter(({ kind }) => kind === 'damaged');

  test('is asked of the primary, and mended as of its commit point', () => {
    const follower = following();
    follower.live();
    follower.hear({ kind: 'prepare', firstSeq: 4, ops: [entry('a', 'after')], committed: 3 });
    follower.node.damage(key('a'));
    follower.node.step({ kind: 'damaged', ranges: [stretch] });
    expect(asked(follower)).toMatchObject([{ ranges: [stretch] }]);
    // The primary had committed the operation by then: it is committed here first.
    follower.hear({ kind: 'repair', committed: 4, ranges: [stretch], entries: [entry('a', 'after')] });
    expect(follower.node.entries.get(key('a'))).toBe(entry('a', 'after').value);
    follower.node.pass(2_000);
    expect(asked(follower)).toHaveLength(1);
  });

  test('is not mended by a new primary that does not know yet what this copy has committed; it asks again', () => {
    const follower = following();
    follower.live();
    follower.hear({ kind: 'prepare', firstSeq: 4, ops: [entry('a', 'committed')], committed: 3 });
    follower.hear({ kind: 'heartbeat', committed: 4 });
    follower.node.damage(key('a'));
    const damaged = follower.node.entries.raw(key('a'));
    follower.node.step({ kind: 'damaged', ranges: [stretch] });
    follower.hear({ kind: 'repair', committed: 3, ranges: [stretch], entries: [] });
    expect(follower.node.entries.raw(key('a'))).toBe(damaged);
    follower.node.pass(1_000);
    expect(asked(follower)).toHaveLength(2);
    follower.hear({ kind: 'repair', committed: 4, ranges: [stretch], entries: [entry('a', 'committed')] });
    expect(follower.node.entries.raw(key('a'))).toBe(entry('a', 'committed').value);
  });

  test('of the primary is answered as of the commit point at which it asks; by a copy that is not whole, as a hint', () => {
    const follower = following();
    follower.hear({ kind: 'start-over' });
    follower.hear({ kind: 'chunk', ranges: [], entries: [entry('a', 'before')] });
    follower.hear({ kind: 'damaged', ranges: [stretch], committed: 7 });
    expect(follower.said.at(-1)).toMatchObject({
      kind: 'repair',
      committed: 0,
      entries: [entry('a', 'before')],
    });
    follower.hear(live(3));
    follower.hear({ kind: 'prepare', firstSeq: 4, ops: [entry('a', 'after')], committed: 3 });
    follower.hear({ kind: 'damaged', ranges: [stretch], committed: 4 });
    const repairs = follower.said.filter(({ kind }) => kind === 'repair');
    expect(repairs.at(-1)).toMatchObject({ committed: 4, entries: [entry('a', 'after')] });
  });
});
