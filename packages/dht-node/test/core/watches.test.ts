/** Watches at a node stepped by hand: what is told, when, and what becomes of them when roles change. */

import { position, type Arc, type Bytes } from '@ringkeep/shared';
import { keyOf } from '@ringkeep/shared/ring/ring-key';
import { ringKeyOf } from '@ringkeep/shared/operations';
import type { WatchFilter } from '../../src/core/watches/watch';
import { SteppedNode, arc, OTHER, put, remove, ring, SELF } from './stepped-node';

const ALL: Arc = { start: SELF, end: SELF };
const EVERYTHING: WatchFilter = { kind: 'everything' };

const alone = (): SteppedNode => {
  const node = SteppedNode.registered(ring(1, [arc()], [SELF]));
  node.sync();
  return node;
};

let watches = 0;

class Watcher {
  readonly watch = ++watches;

  constructor(
    private readonly node: SteppedNode,
    { filter = EVERYTHING, since = undefined as number | undefined, range = ALL, direct = true } = {},
  ) {
    node.step({ kind: 'watch', watch: this.watch, filter, ranges: [{ range, since }], direct });
  }

  /** What it was told: numbers with keys, and `through` for each message. */
  get told(): string[] {
    return this.messages.flatMap(({ changes }) =>
      changes.map(({ seq, entry }) => `${seq} ${entry.value === undefined ? '-' : ''}${keyOf(entry.key)}`),
    );
  }

  get through(): number | undefined {
    return this.messages.at(-1)?.through;
  }

  get messages(): {
    through: number;
    changes: readonly { seq: number; entry: { key: never; value?: string } }[];
    bytes: number;
  }[] {
    return this.node.of('watch-told').filter(({ watch }) => watch === this.watch) as never;
  }

  get ends(): string[] {
    return this.node
      .of('watch-range-ended')
      .filter(({ watch }) => watch === this.watch)
      .map(({ because }) => because);
  }

  get over(): boolean {
    return this.node.of('watch-ended').some(({ watch }) => watch === this.watch);
  }

  takeAll(): void {
    const bytes = this.messages.reduce((sum, message) => sum + message.bytes, 0);
    this.node.step({ kind: 'watch-taken', watch: this.watch, bytes });
  }
}

describe('a watch', () => {
  test('is told the commit point when it begins, and then each change when it is committed and not before', () => {
    const node = alone();
    node.query(put('a', '1'));
    node.sync();
    const watcher = new Watcher(node);
    expect(watcher.through).toBe(1);
    node.query(put('b', '2'), remove('a'));
    expect(watcher.told).toEqual([]);
    node.sync();
    expect(watcher.told).toEqual(['2 b', '3 -a']);
    expect(watcher.through).toBe(3);
  });

  test('from a number on is told what was committed after it, once, and goes on from there', () => {
    const node = alone();
    node.query(put('a', '1'), put('b', '2'));
    node.sync();
    const watcher = new Watcher(node, { since: 1 });
    node.query(put('c', '3'));
    node.sync();
    expect(watcher.told).toEqual(['2 b', '3 c']);
  });

  test('of a key or a prefix is told of nothing else, and told the number each second all the same', () => {
    const node = alone();
    const ofKey = new Watcher(node, { filter: { kind: 'key', key: ringKeyOf('a' as Bytes) } });
    const ofPrefix = new Watcher(node, { filter: { kind: 'prefix', prefix: 'user:' as Bytes } });
    node.query(put('a', '1'), put('user:1', '2'), put('b', '3'));
    node.sync();
    node.query(put('b', '4'));
    node.sync();
    expect(ofKey.told).toEqual(['1 a']);
    expect(ofPrefix.told).toEqual(['2 user:1']);
    node.pass(1_100);
    expect([ofKey.through, ofPrefix.through]).toEqual([4, 4]);
  });

  test('from a number that is not kept any more is told that it is lost', () => {
    const node = alone();
    node.query(put('a', '1'));
    node.sync();
    const copy = node.core.replicas.get(SELF);
    copy?.beginChanges();
    const watcher = new Watcher(node, { since: 0 });
    expect([watcher.ends, watcher.over, watcher.told]).toEqual([['lost'], true, []]);
  });

  test('that is live is told that a commit is lost which is more than is kept', () => {
    const node = alone();
    const watcher = new Watcher(node);
    const copy = node.core.replicas.get(SELF);
    node.query(put('a', '1'));
    node.sync();
    expect(watcher.told).toEqual(['1 a']);
    node.query(put('b', 'x'.repeat(17 * 1024 * 1024)));
    node.sync();
    expect(copy?.committed).toBe(2);
    expect([watcher.told, watcher.ends]).toEqual([['1 a'], ['lost']]);
  });

  test('from a number above the commit point is of another history: lost', () => {
    const node = alone();
    expect(new Watcher(node, { since: 1 }).ends).toEqual(['lost']);
  });

  test('that does not take what it is told has a bounded part of it on its way, and gets the rest later', () => {
    const node = alone();
    const watcher = new Watcher(node);
    const value = 'x'.repeat(100_000);
    for (let i = 0; i < 40; i++) {
      node.query(put(`k${i}`, value));
      node.sync();
    }
    expect(watcher.told.length).toBeLessThan(20);
    for (let i = 0; i < 10; i++) watcher.takeAll();
    node.step({ kind: 'tick' });
    expect(watcher.told).toEqual(Array.from({ length: 40 }, (_, i) => `${i + 1} k${i}`));
    node.query(put('last', ''));
    node.sync();
    expect(watcher.told.at(-1)).toBe('41 last');
  });

  test('is told that changes are lost, where more is committed at once than is kept', () => {
    const node = alone();
    const watcher = new Watcher(node);
    const value = 'x'.repeat(1_000_000);
    node.query(...Array.from({ length: 20 }, (_, i) => put(`k${i}`, value)));
    node.sync();
    expect([watcher.told, watcher.ends]).toEqual([[], ['lost']]);
  });

  test('that nobody reads is told numbers up to a bound, too', () => {
    const node = alone();
    const watcher = new Watcher(node, { filter: { kind: 'prefix', prefix: 'user:' as Bytes } });
    let messages = 0;
    for (let i = 0; i < 15_000; i++) {
      node.forget();
      node.now += 1_000;
      node.step({ kind: 'tick' });
      messages += watcher.messages.length;
    }
    expect(messages).toBeLessThan(12_000);
  });

  test('is refused when the node serves as many as it may', () => {
    const node = alone();
    for (let i = 0; i < 10_000; i++) new Watcher(node);
    expect(node.of('watch-ended')).toHaveLength(0);
    const watcher = new Watcher(node);
    expect(node.last('watch-ended')).toMatchObject({
      watch: watcher.watch,
      refusal: { code: 'RESOURCE_EXHAUSTED' },
    });
  });
});

describe('leases', () => {
  function withFollower(): { node: SteppedNode; follower: ReturnType<SteppedNode['openedBy']> } {
    const node = alone();
    node.adopt(ring(2, [arc({ epoch: 2, inSync: [SELF, OTHER] })], [SELF, OTHER]));
    const follower = node.openedBy(OTHER, SELF, 1, { complete: true });
    follower.acknowledge(0);
    node.forget();
    return { node, follower };
  }

  test('a primary that has none begins no watch, and one that has lost them tells no number', () => {
    const { node, follower } = withFollower();
    const watcher = new Watcher(node);
    expect(watcher.through).toBe(0);
    node.pass(5_000);
    node.forget();
    node.pass(1_500);
    expect(watcher.messages).toEqual([]);
    const late = new Watcher(node, { since: 5 });
    expect(late.ends).toEqual([]);
    follower.acknowledge(0);
    node.pass(1_100);
    expect(late.ends).toEqual(['lost']);
  });

  test('what only this node has prepared is told to nobody', () => {
    const { node, follower } = withFollower();
    const watcher = new Watcher(node);
    node.query(put('a', '1'));
    node.sync();
    expect(watcher.told).toEqual([]);
    follower.acknowledge(1);
    expect(watcher.told).toEqual(['1 a']);
  });
});

describe('the end of a role', () => {
  const split = ring(
    2,
    [
      arc({ end: OTHER, epoch: 2, term: 2, handover: true, seq: 2 }),
      arc({
        start: OTHER,
        end: SELF,
        epoch: 2,
        term: 2,
        handover: true,
        primary: OTHER,
        inSync: [OTHER],
        seq: 2,
      }),
    ],
    [SELF, OTHER],
  );

  test('watchers are told that the range has moved, after the last commit', () => {
    const node = alone();
    const watcher = new Watcher(node);
    node.query(put('a', '1'), put('b', '2'));
    node.sync();
    node.adopt(split);
    expect([watcher.told, watcher.ends, watcher.over]).toEqual([['1 a', '2 b'], ['moved'], true]);
  });

  test('a watcher that nothing concerned is told the number, for the new owner may keep nothing from before', () => {
    const node = alone();
    const watcher = new Watcher(node, { filter: { kind: 'prefix', prefix: 'user:' as Bytes } });
    node.query(put('a', '1'), remove('absent'));
    node.sync();
    node.adopt(split);
    expect([watcher.told, watcher.ends]).toEqual([[], ['moved']]);
    expect(node.of('watch-range-ended')[0]?.through).toBe(2);
  });

  test('a slow watcher is told the rest up to the last commit first', () => {
    const node = alone();
    const watcher = new Watcher(node);
    for (let i = 0; i < 2; i++) node.query(put(`k${i}`, 'x'.repeat(1_100_000)));
    node.sync();
    node.adopt(split);
    expect(watcher.over).toBe(false);
    watcher.takeAll();
    node.step({ kind: 'tick' });
    expect([watcher.told, watcher.ends, watcher.over]).toEqual([['1 k0', '2 k1'], ['moved'], true]);
    expect(node.core.inspection.tableSizes()).toMatchObject({ watches: 0, endedFeeds: 0 });
  });

  test('one that never takes the rest is let go after a while', () => {
    const node = alone();
    const watcher = new Watcher(node);
    for (let i = 0; i < 2; i++) node.query(put(`k${i}`, 'x'.repeat(1_100_000)));
    node.sync();
    node.adopt(split);
    node.pass(10_100);
    expect([watcher.told, watcher.over]).toEqual([['1 k0'], true]);
  });

  test('a watch of what another node owns goes on there, or is told so', () => {
    const node = alone();
    node.adopt(split);
    const range = { start: OTHER, end: SELF };
    const passedOn = new Watcher(node, { range, direct: false });
    expect(node.last('forward-watch')).toMatchObject({ watch: passedOn.watch, to: { id: OTHER } });
    const direct = new Watcher(node, { range });
    expect(node.last('watch-ended')).toMatchObject({ watch: direct.watch, refusal: { code: 'NOT_OWNER' } });
  });

  test('of a range that is only in part this node’s the other part has moved', () => {
    const node = alone();
    node.query(put('a', '1'), put('b', '2'));
    node.sync();
    node.adopt(split);
    node.sync();
    const watcher = new Watcher(node, { since: 0 });
    expect([watcher.ends, watcher.over]).toEqual([['moved'], false]);
    expect(node.of('watch-range-ended')[0]?.range).toEqual({ start: OTHER, end: position(SELF) });
  });
});
