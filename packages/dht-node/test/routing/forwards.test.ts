/** One node's core, stepped by hand: where it sends what it does not own, and what it does when a hop fails. */

import {
  positionBytes,
  Random,
  ringKey,
  type Bytes,
  type NodeId,
  type Ring,
  type Routing,
} from '@ringkeep/shared';
import { OperationType, type Operation } from '@ringkeep/shared/operations';
import { NodeCore, type NodeEffect, type NodeInput } from '../../src/core';
import { FAILED_PEER_MS, FORWARD_RETRY_MS } from '../../src/core/limits';
import { MemoryEntryStore } from '../../src/storage';
import { member, randomIds, ringOf } from './rings';

type Effect<Kind extends NodeEffect['kind']> = Extract<NodeEffect, { kind: Kind }>;

const NODES = 40;

class SteppedNode {
  readonly ring: Ring;
  readonly self: NodeId;
  now = 0;
  private readonly core = new NodeCore(new MemoryEntryStore(), {
    incarnation: 1,
    newcomer: true,
    process: 1n,
    startedAt: 0,
    leaseBeforeMs: 0,
  });
  private requests = 0;
  private appended = 0;

  constructor(routing: Routing) {
    const random = new Random(11);
    this.ring = ringOf(
      randomIds(random, NODES).map((id) => member(id, random)),
      5,
      routing,
    );
    this.self = this.id(0);
    const [call] = this.of('call-registry', this.step({ kind: 'tick' }));
    this.step({
      kind: 'registered',
      call: (call as Effect<'call-registry'>).call,
      id: this.self,
      ring: this.ring,
    });
    this.sync();
  }

  /** A newer ring arrives, and is acted on when it is noted. */
  adopt(ring: Ring): NodeEffect[] {
    this.step({ kind: 'ring', update: { kind: 'ring', ring } });
    return this.sync();
  }

  /** What was appended is durable: a ring that has come is acted on. */
  sync(): NodeEffect[] {
    return this.step({ kind: 'persisted', batch: this.appended });
  }

  /** The id of the node so many places on. */
  id(places: number): NodeId {
    return (this.ring.members[places % NODES] as { id: NodeId }).id;
  }

  get forwardsUnderWay(): number {
    return this.core.inspection.tableSizes()['forwards'] as number;
  }

  step(...inputs: NodeInput[]): NodeEffect[] {
    const effects = this.core.step(this.now, inputs);
    this.appended = this.of('append', effects).at(-1)?.batch ?? this.appended;
    return effects;
  }

  /** Asks for a key that the node so many places on owns. */
  query(places: number, write: boolean, more: { hops?: number; ringVersion?: number } = {}): NodeEffect[] {
    const key = ringKey(positionBytes(this.id(places)), 'key' as Bytes);
    const operation: Operation = write
      ? { type: OperationType.delete, key }
      : { type: OperationType.get, key };
    return this.step({
      kind: 'query',
      request: ++this.requests,
      operations: [operation],
      hops: 0,
      deadlineAtMs: this.now + 10_000,
      ringVersion: 5,
      direct: false,
      ...more,
    });
  }

  of<Kind extends NodeEffect['kind']>(kind: Kind, effects: readonly NodeEffect[]): Effect<Kind>[] {
    return effects.filter((effect) => effect.kind === kind) as Effect<Kind>[];
  }

  forward(effects: readonly NodeEffect[]): Effect<'forward'> {
    const forwards = this.of('forward', effects);
    expect(forwards).toHaveLength(1);
    return forwards[0] as Effect<'forward'>;
  }

  failed(forward: Effect<'forward'>, sent: boolean): NodeEffect[] {
    return this.step({ kind: 'forward-failed', forward: forward.forward, sent, text: 'gone' });
  }

  /** The next version of the ring, in which a node is dead and the one before it has its arc. */
  buried(places: number): Ring {
    const arc = this.ring.arcs[places];
    return {
      ...this.ring,
      version: 6,
      members: this.ring.members.map((each) => (each.id === arc?.start ? { ...each, state: 'dead' } : each)),
      arcs: this.ring.arcs.map((each) => {
        if (each !== arc) return each;
        const primary = this.id(places - 1);
        return { ...each, epoch: 2, term: 2, handover: false, primary, inSync: [primary] };
      }),
    };
  }
}

/** How many places on a node lies that is not met at once. */
function farPlaces(routing: Routing): number {
  for (let places = 2; ; places++) {
    const node = new SteppedNode(routing);
    if (node.forward(node.query(places, false)).to.id !== node.id(places)) return places;
  }
}

describe.each<Routing>(['chord', 'neighbours', 'pastry'])('by %s', (routing) => {
  const far = farPlaces(routing);
  let node: SteppedNode;
  beforeEach(() => {
    node = new SteppedNode(routing);
  });

  test('a read goes on by another peer at once when a hop fails, sent or not', () => {
    for (const sent of [true, false]) {
      const first = node.forward(node.query(far, false));
      expect(first.hops).toBe(1);
      const second = node.forward(node.failed(first, sent));
      expect(second.to.id).not.toBe(first.to.id);
      expect(second.hops).toBe(1);
      node.now += FAILED_PEER_MS;
    }
  });

  test('a write that did not leave goes on by another peer; one that left has an unknown outcome', () => {
    const first = node.forward(node.query(far, true));
    const second = node.forward(node.failed(first, false));
    expect(second.to.id).not.toBe(first.to.id);
    const effects = node.failed(second, true);
    expect(node.of('forward', effects)).toEqual([]);
    expect(node.of('answer', effects)).toMatchObject([{ results: [{ ok: false, code: 'OUTCOME_UNKNOWN' }] }]);
  });

  test('round the owner there is no way: it is tried again after a pause', () => {
    const first = node.forward(node.query(1, false));
    expect(first.to.id).toBe(node.id(1));
    expect(node.of('forward', node.failed(first, true))).toEqual([]);
    node.now += FORWARD_RETRY_MS;
    expect(node.forward(node.step({ kind: 'tick' })).to.id).toBe(node.id(1));
  });

  test('an ordinary hop is no stale sender: only one whose ring is older gets the ring with the answer', () => {
    for (const ringVersion of [5, 4]) {
      const { forward } = node.forward(node.query(far, false, { hops: 3, ringVersion }));
      const results = [{ ok: true as const, value: undefined }];
      const effects = node.step({ kind: 'forward-answer', forward, results, hops: 7, ring: undefined });
      const [answer] = node.of('answer', effects);
      expect(answer).toMatchObject({ hops: 7, results });
      expect(answer?.ring).toEqual(ringVersion === 5 ? undefined : node.ring);
    }
  });

  test('a query that has been forwarded too often is given up', () => {
    expect(node.of('answer', node.query(far, false, { hops: 64 }))).toMatchObject([
      { results: [{ ok: false, code: 'UNAVAILABLE', text: 'given up after 64 forwards' }] },
    ]);
  });
});

test.each<Routing>(['one-hop', 'chord'])(
  'by %s: reads leave a silent node as soon as it is declared dead; a write is then of unknown outcome',
  (routing) => {
    const node = new SteppedNode(routing);
    const read = node.forward(node.query(1, false));
    const write = node.forward(node.query(1, true));
    const ring = node.buried(1);
    // The arc falls to this node itself, which has no copy here and says so at once.
    const effects = node.adopt(ring);
    expect(node.of('answer', effects)).toMatchObject([
      { request: 1, results: [{ code: 'UNAVAILABLE' }] },
      { request: 2, results: [{ code: 'OUTCOME_UNKNOWN' }] },
    ]);
    expect(node.of('forward', effects)).toEqual([]);
    const answered = { ok: true as const, value: 'late' as Bytes };
    const late = { kind: 'forward-answer' as const, results: [answered], hops: 1, ring: undefined };
    expect(node.of('answer', node.step({ ...late, forward: read.forward }))).toEqual([]);
    expect(node.of('answer', node.step({ ...late, forward: write.forward }))).toEqual([]);
  },
);

test('a read that went on by another way is not asked a third time when the dead node’s stream breaks', () => {
  const node = new SteppedNode('one-hop');
  const read = node.forward(node.query(20, false));
  const moved = node.forward(node.adopt(node.buried(20)));
  expect(moved.to.id).toBe(node.id(19));
  expect(node.of('forward', node.failed(read, true))).toEqual([]);
  node.now += FORWARD_RETRY_MS;
  expect(node.of('forward', node.step({ kind: 'tick' }))).toEqual([]);
});

describe('a frame of one owner', () => {
  const query = (places: readonly number[]): Extract<NodeInput, { kind: 'query' }> => ({
    kind: 'query',
    request: 7,
    operations: places.map((place, index) => ({
      type: OperationType.get,
      key: ringKey(positionBytes(node.id(place)), `key-${index}` as Bytes),
    })),
    hops: 0,
    deadlineAtMs: 10_000,
    ringVersion: 5,
    direct: false,
  });
  const value = (text: string) => ({ ok: true as const, value: text as Bytes });
  const stray = { ok: false as const, code: 'NOT_OWNER' as const, text: '' };
  let node: SteppedNode;
  beforeEach(() => {
    node = new SteppedNode('one-hop');
  });

  test('is passed on as it came, and its answer as it comes', () => {
    const input = query([3, 3, 3]);
    const sent = node.forward(node.step(input));
    expect(sent.operations).toBe(input.operations);
    const results = [value('a'), value('b'), value('c')];
    const answer = { kind: 'forward-answer' as const, results, hops: 1, ring: undefined };
    const [answered] = node.of('answer', node.step({ ...answer, forward: sent.forward }));
    expect(answered?.results).toBe(results);
    expect(answered).toMatchObject({ request: 7, hops: 1 });
  });

  test('with strays in its answer is completed operation by operation', () => {
    const sent = node.forward(node.step(query([3, 3, 3])));
    const results = [value('a'), stray, value('c')];
    const answer = { kind: 'forward-answer' as const, hops: 1, ring: undefined };
    expect(node.of('answer', node.step({ ...answer, results, forward: sent.forward }))).toEqual([]);
    node.now += FORWARD_RETRY_MS;
    const again = node.forward(node.step({ kind: 'tick' }));
    expect(again.operations).toHaveLength(1);
    const late = node.step({ ...answer, results: [value('b')], forward: again.forward });
    expect(node.of('answer', late)[0]?.results).toEqual([value('a'), value('b'), value('c')]);
  });

  test('that was cancelled is cancelled at its owner, and has no answer', () => {
    const sent = node.forward(node.step(query([3, 3])));
    const cancelled = node.step({ kind: 'cancel-query', request: 7 });
    expect(node.of('cancel-forward', cancelled)).toEqual([
      { kind: 'cancel-forward', forward: sent.forward, to: node.id(3) },
    ]);
    expect(node.forwardsUnderWay).toBe(0);
    const results = [value('a'), value('b')];
    const effects = node.step({
      ...{ kind: 'forward-answer', results, hops: 1 },
      ...{ ring: undefined, forward: sent.forward },
    });
    expect(node.of('answer', effects)).toEqual([]);
  });

  test('that was cancelled in the step that it came in never leaves', () => {
    const effects = node.step(query([3, 3]), { kind: 'cancel-query', request: 7 });
    expect(effects.map(({ kind }) => kind)).not.toContain('forward');
    expect(effects.map(({ kind }) => kind)).not.toContain('cancel-forward');
  });

  test('that travels with another is cancelled when nobody waits for either', () => {
    const sent = node.forward(node.step(query([3, 3]), { ...query([3]), request: 8 }));
    expect(sent.operations).toHaveLength(3);
    expect(node.of('cancel-forward', node.step({ kind: 'cancel-query', request: 7 }))).toEqual([]);
    expect(node.of('cancel-forward', node.step({ kind: 'cancel-query', request: 8 }))).toHaveLength(1);
    expect(node.forwardsUnderWay).toBe(0);
  });

  test('whose reads have left a dead node is cancelled there, and so is one whose writes are given up', () => {
    const [read] = query([20]).operations as [Operation];
    const reads = node.forward(node.step(query([20])));
    const mixed: Operation[] = [read, { type: OperationType.delete, key: read.key }];
    const writes = node.forward(node.step({ ...query([20]), request: 8, operations: mixed }));
    const effects = node.adopt(node.buried(20));
    const cancelled = node.of('cancel-forward', effects).map(({ forward }) => forward);
    expect(cancelled).toEqual([reads.forward, writes.forward]);
    const results = [value('late'), value('before')];
    const late = { kind: 'forward-answer' as const, results, hops: 1, ring: undefined };
    expect(node.of('answer', node.step({ ...late, forward: writes.forward }))).toEqual([]);
    expect(node.forwardsUnderWay).toBe(1);
  });

  test('that nobody answers ends with its deadline: reads failed, writes of unknown outcome, and stays so', () => {
    const input = query([3, 3]);
    const [read, write] = input.operations as [Operation, Operation];
    const operations: Operation[] = [read, { type: OperationType.delete, key: write.key }];
    const sent = node.forward(node.step({ ...input, operations, deadlineAtMs: 200 }));
    expect(sent.deadlineAtMs).toBe(200);
    node.now = 200;
    const effects = node.step({ kind: 'tick' });
    expect(node.of('answer', effects)).toMatchObject([
      { results: [{ code: 'UNAVAILABLE' }, { code: 'OUTCOME_UNKNOWN' }] },
    ]);
    expect(node.of('cancel-forward', effects)).toHaveLength(1);
    expect(node.forwardsUnderWay).toBe(0);
    const results = [value('late'), value('late')];
    const late = { kind: 'forward-answer' as const, results, hops: 1, ring: undefined };
    expect(node.of('answer', node.step({ ...late, forward: sent.forward }))).toEqual([]);
  });

  test('is split when it has several owners, and put together again in its order', () => {
    const forwards = node.of('forward', node.step(query([3, 5, 3])));
    expect(forwards.map(({ operations }) => operations.length)).toEqual([2, 1]);
    const answer = { kind: 'forward-answer' as const, hops: 1, ring: undefined };
    const [first, second] = forwards as [Effect<'forward'>, Effect<'forward'>];
    node.step({ ...answer, results: [value('b')], forward: second.forward });
    const effects = node.step({ ...answer, results: [value('a'), value('c')], forward: first.forward });
    expect(node.of('answer', effects)[0]?.results).toEqual([value('a'), value('b'), value('c')]);
  });
});
