/** A watch of changes stepped by hand: whom it asks, what it takes for news, and when it goes elsewhere. */

import { NO_RING, position, Random, type Arc, type Bytes, type NodeId, type Ring } from '@ringkeep/shared';
import type { ToldChange } from '@ringkeep/shared/operations';
import { ChangeWatch, type ChangeWatchEffect, type CursorPart } from '../src/core';

const A = position(0n);
const B = position(100n);
const C = position(200n);
const WHOLE: Arc = { start: A, end: A };
/** Keys are their own positions. */
const positionOf = (key: Bytes): ReturnType<typeof position> => position(BigInt(key));

function ring(version: number, owners: readonly (readonly [start: NodeId, owner: NodeId])[]): Ring {
  const members = [A, B, C].map((id) => ({
    id,
    addr: `node ${id}`,
    salt: 0,
    incarnation: 1,
    process: 1n,
    state: 'active' as const,
    coordinates: [],
  }));
  const arcs = owners.map(([start, primary], at) => ({
    start,
    end: (owners[at + 1] ?? (owners[0] as (typeof owners)[0]))[0],
    epoch: version,
    term: version,
    handover: true,
    primary,
    inSync: [primary],
    withoutCopy: [],
    copiesReached: 1,
    seq: 0,
  }));
  return { ...NO_RING, clusterId: 'cluster', version, members, arcs };
}

const put = (key: number, version: number): ToldChange => {
  return { kind: 'put', key: String(key) as Bytes, value: '' as Bytes, version };
};

class Watched {
  readonly core: ChangeWatch;
  nowMs = 1_000;
  readonly effects: ChangeWatchEffect[] = [];

  constructor(
    from: readonly CursorPart[] = [{ range: WHOLE, seq: undefined }],
    first?: Ring,
    missing: readonly Arc[] = [],
  ) {
    this.core = new ChangeWatch({ from, missing, nodes: ['node 200'], positionOf }, new Random(1));
    if (first) this.learn(first);
  }

  learn(newer: Ring): void {
    this.core.ringLearned(newer);
    this.flush();
  }

  flush(): void {
    this.core.flush(this.nowMs);
    this.core.nextFlushAtMs();
    this.effects.push(...this.core.take());
  }

  pass(ms: number): void {
    for (const until = this.nowMs + ms; this.nowMs < until; this.flush()) this.nowMs += 10;
  }

  tell(stream: number, range: Arc, through: number, ...changes: ToldChange[]): void {
    this.core.told(stream, { range, through, changes, ended: undefined }, this.nowMs);
    this.flush();
  }

  end(stream: number, range: Arc, ended: 'moved' | 'lost', through = 0): void {
    this.core.told(stream, { range, through, changes: [], ended }, this.nowMs);
    this.flush();
  }

  of<Kind extends ChangeWatchEffect['kind']>(kind: Kind): Extract<ChangeWatchEffect, { kind: Kind }>[] {
    return this.effects.filter(
      (each): each is Extract<ChangeWatchEffect, { kind: Kind }> => each.kind === kind,
    );
  }

  /** Each stream: whom, the ranges with their numbers, and whether of the owner alone. */
  get opened(): string[] {
    return this.of('open').map(
      ({ address, ranges, direct }) =>
        `${address}: ${ranges.map(({ range: { start, end }, seq }) => `${start}-${end} ${seq ?? 'now'}`).join(', ')}${direct ? '' : ' passed on'}`,
    );
  }

  get told(): string[] {
    return this.of('changes').flatMap(({ changes }) =>
      changes.map(({ key, version }) => `${key}#${version}`),
    );
  }
}

const two = ring(1, [
  [A, A],
  [B, B],
]);
const LOW: Arc = { start: A, end: B };
const HIGH: Arc = { start: B, end: A };

test('each arc is asked of its owner, and the watch has begun when all have answered', () => {
  const watch = new Watched(undefined, two);
  expect(watch.opened).toEqual(['node 0: 0-100 now', 'node 100: 100-0 now']);
  watch.tell(1, LOW, 7);
  expect(watch.of('begun')).toHaveLength(0);
  watch.tell(2, HIGH, 3);
  expect(watch.of('begun')).toHaveLength(1);
});

test('it opens nothing before the ring is known', () => {
  const watch = new Watched();
  watch.pass(5_000);
  expect(watch.effects).toEqual([]);
});

test('a range that has moved is asked of its new owner, from the number that was told', () => {
  const watch = new Watched(undefined, two);
  watch.tell(1, LOW, 7, put(50, 7));
  watch.tell(2, HIGH, 3);
  watch.end(1, LOW, 'moved');
  watch.learn(
    ring(2, [
      [A, B],
      [B, B],
    ]),
  );
  expect(watch.opened.slice(2)).toEqual(['node 0: 0-100 7']);
  watch.core.streamEnded(3, watch.nowMs);
  watch.learn(
    ring(3, [
      [A, B],
      [B, B],
    ]),
  );
  watch.pass(100);
  expect(watch.opened.at(-1)).toMatch(/: 0-100 7/);
});

test('a range that moves says up to where it was told, for its new owner may keep nothing from before', () => {
  const watch = new Watched(undefined, two);
  watch.tell(1, LOW, 7, put(50, 7));
  watch.end(1, LOW, 'moved', 12);
  expect(watch.opened.at(-1)).toBe('node 0: 0-100 12');
});

test('after a merge the parts are asked of one owner, each from its own number, and are one when they are level', () => {
  const watch = new Watched(undefined, two);
  watch.tell(1, LOW, 7);
  watch.tell(2, HIGH, 3);
  watch.end(1, LOW, 'moved');
  watch.end(2, HIGH, 'moved');
  const merged = new Watched(
    [
      { range: LOW, seq: 7 },
      { range: HIGH, seq: 3 },
    ],
    ring(2, [[A, A]]),
  );
  expect(merged.opened).toEqual(['node 0: 0-100 7, 100-0 3']);
  merged.tell(1, WHOLE, 9);
  merged.end(1, WHOLE, 'moved');
  expect(merged.opened.at(-1)).toBe('node 0: 0-0 9');
});

test('what was told before is dropped: where a new owner repeats it, and where ranges are at different numbers', () => {
  const watch = new Watched(
    [
      { range: LOW, seq: 7 },
      { range: HIGH, seq: 3 },
    ],
    ring(2, [[A, A]]),
  );
  watch.tell(1, WHOLE, 8, put(50, 5), put(150, 4), put(150, 3), put(50, 8));
  expect(watch.told).toEqual(['150#4', '50#8']);
  watch.tell(1, WHOLE, 8, put(50, 8));
  expect(watch.told).toHaveLength(2);
});

test('of a stream that was left nothing is taken any more', () => {
  const watch = new Watched(undefined, two);
  watch.core.streamEnded(1, watch.nowMs);
  watch.tell(1, LOW, 9, put(50, 9));
  expect(watch.told).toEqual([]);
});

test('a node that says nothing for two seconds is left, and another one asked to pass on what the owner tells', () => {
  const watch = new Watched(undefined, two);
  watch.tell(1, LOW, 7);
  watch.tell(2, HIGH, 3);
  watch.pass(1_900);
  watch.tell(2, HIGH, 3);
  expect(watch.of('close')).toEqual([]);
  watch.pass(200);
  expect(watch.of('close')).toEqual([{ kind: 'close', stream: 1 }]);
  expect(watch.opened.at(-1)).toMatch(/^node (1|2)00: 0-100 7 passed on$/);
});

test('nobody is silent while the application takes nothing, nor while this process stood still', () => {
  const watch = new Watched(undefined, two);
  watch.core.pause(true, watch.nowMs);
  watch.pass(10_000);
  watch.core.pause(false, watch.nowMs);
  watch.flush();
  watch.nowMs += 10_000;
  watch.flush();
  expect(watch.of('close')).toEqual([]);
});

test('an owner that cannot be reached is tried in turn with nodes that pass on, less and less often', () => {
  const watch = new Watched(undefined, ring(1, [[A, A]]));
  for (let i = 1; i <= 8; i++) {
    watch.core.streamEnded(i, watch.nowMs);
    watch.pass(1_100);
  }
  const ways = watch.opened.map((opened) => opened.includes('passed on'));
  expect(ways).toEqual([false, true, false, true, false, true, false, true, false]);
});

test('it asks for no flush in the past, whatever becomes of an arc that was to be tried again', () => {
  const watch = new Watched(undefined, ring(1, [[A, A]]));
  watch.core.streamEnded(1, watch.nowMs);
  watch.learn(two);
  watch.pass(1_500);
  expect(watch.core.nextFlushAtMs()).toBeGreaterThan(watch.nowMs);
  watch.core.streamEnded(3, watch.nowMs);
  watch.learn(ring(3, [[A, B]]));
  watch.pass(1_500);
  expect(watch.core.nextFlushAtMs()).toBeGreaterThan(watch.nowMs);
});

test('what is lost is said when the range goes on from now, and the others go on where they were', () => {
  const watch = new Watched([{ range: WHOLE, seq: 5 }], ring(1, [[A, A]]));
  watch.end(1, LOW, 'lost');
  expect(watch.of('lost')).toEqual([]);
  expect(watch.opened.slice(1)).toEqual(['node 0: 0-100 now']);
  watch.tell(1, HIGH, 6, put(150, 6));
  expect(watch.of('lost')).toEqual([]);
  watch.tell(2, LOW, 9);
  expect(watch.effects.slice(-3).map(({ kind }) => kind)).toEqual(['lost', 'changes', 'begun']);
  expect(watch.of('lost')).toEqual([{ kind: 'lost', range: LOW, through: 9 }]);
  watch.tell(2, LOW, 10, put(50, 10));
  expect(watch.told).toEqual(['150#6', '50#10']);
  expect(watch.of('lost')).toHaveLength(1);
});

test('what was missed before, by a cursor of another cluster, is said to be lost where the watch begins', () => {
  const watch = new Watched(undefined, two, [WHOLE]);
  watch.tell(1, LOW, 7, put(50, 7));
  watch.tell(2, HIGH, 3);
  expect(watch.of('lost')).toEqual([
    { kind: 'lost', range: LOW, through: 6 },
    { kind: 'lost', range: HIGH, through: 3 },
  ]);
  expect(watch.told).toEqual(['50#7']);
});

test('a range that is lost again before it goes on is said to be lost once, and what comes first is behind it', () => {
  const watch = new Watched([{ range: WHOLE, seq: 5 }], ring(1, [[A, A]]));
  watch.end(1, WHOLE, 'lost');
  watch.end(2, LOW, 'lost');
  watch.tell(2, HIGH, 8, put(150, 7), put(150, 8));
  watch.tell(3, LOW, 9);
  const lost = { kind: 'lost' as const };
  expect(watch.of('lost')).toEqual([
    { ...lost, range: HIGH, through: 6 },
    { ...lost, range: LOW, through: 9 },
  ]);
  const kinds = watch.effects.map(({ kind }) => kind);
  expect(kinds.indexOf('lost')).toBeLessThan(kinds.indexOf('changes'));
});
