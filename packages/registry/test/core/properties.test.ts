/**
 * Whatever is sent to a registry, in whatever order, some things always hold. Nodes here are careless:
 * they propose with wrong epochs and targets, come back when they like, and share addresses. What they once
 * sent may arrive again at any time.
 */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  RingView,
  arcContains,
  type ArcConfig,
  type NodeId,
  type Position,
  type Proposal,
  type Ring,
} from '@ringkeep/shared';
import type { HeldRange } from '../../src/core';
import { Refusal, SteppedRegistry, type Node } from './stepped-registry';

const NODES = 6;
type Action = readonly [what: (typeof ACTIONS)[number], node: number, other: number, variant: number];
const ACTIONS = [
  'join',
  'restart',
  'repeat',
  'renew all',
  'renew one',
  'wait',
  'leave',
  'admit',
  'drop',
  'keep',
  'handover',
  'merge',
  'crash',
  'late',
] as const;

/** What keeps a ring going comes more often than what breaks it. */
const OFTEN = [
  'renew all',
  'renew all',
  'renew all',
  'admit',
  'handover',
  'handover',
  'merge',
  'wait',
] as const;

const actions = fc.array(
  fc.tuple(fc.constantFrom(...ACTIONS, ...OFTEN), fc.nat(NODES - 1), fc.nat(NODES - 1), fc.nat(7)),
  { minLength: 1, maxLength: 120, size: 'max' },
);

class Story {
  readonly registry = new SteppedRegistry({ returnWaitMs: 700, forgetAfterMs: 5_000, historyChangesMax: 20 });
  private readonly nodes = new Map<number, Node>();
  private readonly logs = new Map<string, string>();
  /** The last term in which each member was in sync for the arc that starts there. */
  private readonly held = new Map<NodeId, Map<Position, number>>();
  /** What the watcher knew when it last connected. */
  private watcherFrom: Ring;
  private startedAt: number;

  constructor() {
    this.watcherFrom = this.registry.ring;
    this.startedAt = this.registry.now;
    this.registry.watch(1, this.watcherFrom.version);
  }

  act(action: Action): void {
    const before = this.registry.ring;
    try {
      this.perform(action);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      assert.notEqual(error.code, 'WRONG_REGISTRY', 'the right registry is never taken for a wrong one');
    }
    this.check(before, action[0]);
  }

  private perform([what, index, other, variant]: Action): void {
    const { registry } = this;
    const node = this.nodes.get(index);
    switch (what) {
      case 'join':
        if (!node) this.join(index, `http://h${variant === 0 ? other : index}:1`);
        return;
      case 'late':
        registry.hearAgain(index * 8 + variant);
        return;
      case 'restart':
        if (node) this.restart(index, node);
        return;
      case 'repeat':
        if (node) registry.restart(node, 'same process');
        return;
      case 'renew all':
        for (const each of this.nodes.values()) if (variant < 6) registry.renew(each);
        return;
      case 'renew one':
        if (node) registry.renew(node, Math.max(0, registry.ring.version - variant));
        return;
      case 'wait':
        return registry.advance(variant * variant * 80);
      case 'leave':
        if (node) registry.leave(node);
        return;
      case 'crash':
        registry.crash();
        this.startedAt = registry.now;
        this.watcherFrom = registry.ring;
        registry.watch(1, registry.ring.version);
        return;
      default:
        return this.propose(what, index, other, variant);
    }
  }

  private join(index: number, addr: string): void {
    const { identity } = this.registry.register({ addr, claim: `of ${index}` });
    this.nodes.set(index, { addr, identity, incarnation: 1 });
  }

  private restart(index: number, node: Node): void {
    node.incarnation += 1;
    this.registry.register({ ...node, claim: `of ${index}`, held: this.heldBy(node) });
  }

  /** Sometimes a copy is lost. */
  private heldBy({ identity, incarnation }: Node): HeldRange[] {
    const copies = [...(this.held.get(identity.id) ?? [])];
    const kept = incarnation % 3 === 0 ? copies.slice(1) : copies;
    return kept.map(([start, term]) => ({ start, term, end: undefined, committed: 0, lastPrepared: 0 }));
  }

  private propose(kind: Proposal['kind'], index: number, other: number, variant: number): void {
    const { arcs } = this.registry.ring;
    const { identity, incarnation = 0 } = this.nodes.get(other) ?? {};
    const target = identity?.id;
    const fitting = arcs.filter((arc) => {
      if (kind === 'merge') return mergeable(arc, nextOf(arcs, arc));
      return kind !== 'handover' || variant % 2 === 0 || (target !== undefined && arcContains(arc, target));
    });
    const arc = fitting[index % Math.max(1, fitting.length)];
    const primary = [...this.nodes.values()].find((node) => node.identity.id === arc?.primary);
    const proposer = variant === 7 ? this.nodes.get(index) : primary;
    if (!arc || !proposer || target === undefined) return;
    const epoch = variant === 6 ? arc.epoch - 1 : arc.epoch;
    this.registry.propose(
      proposer,
      proposal(kind, arc, epoch, target, nextOf(arcs, arc), variant, incarnation),
    );
  }

  private check(previous: Ring, what: Action[0]): void {
    const { registry } = this;
    const ring = registry.ring;
    const [old, now] = [new RingView(previous), new RingView(ring)];
    const points = new Set<Position>([...previous.arcs, ...ring.arcs].map((arc) => arc.start));
    for (const point of points) {
      const [was, is] = [old.arcOfPosition(point), now.arcOfPosition(point)];
      if (!was || was === is) continue;
      assert.ok(is, 'every position has an arc');
      const same = { ...was, withoutCopy: is.withoutCopy, copiesReached: is.copiesReached };
      if (is.epoch === was.epoch) assert.deepEqual(is, same, 'without a higher epoch only copies are noted');
      else assert.ok(is.epoch > was.epoch, 'epochs grow');
      if (what !== 'drop' && what !== 'late')
        assert.ok(
          was.inSync.every((id) => is.inSync.includes(id)),
          'only a primary takes members out',
        );
    }
    for (const arc of ring.arcs) this.checkArc(now, arc);
    for (const arc of ring.arcs) for (const id of arc.inSync) this.heldOf(id).set(arc.start, arc.term);
    const { claims } = registry.state;
    assert.equal(new Set(claims.map(({ claim }) => claim)).size, claims.length, 'a claim has one member');
    assert.ok(
      claims.every(({ id }) => now.member(id)),
      'who has a claim is a member',
    );
    const addresses = ring.members.filter(({ state }) => state !== 'dead').map(({ addr }) => addr);
    assert.equal(new Set(addresses).size, addresses.length, 'live members have addresses of their own');
  }

  private heldOf(id: NodeId): Map<Position, number> {
    const held = this.held.get(id) ?? new Map<Position, number>();
    this.held.set(id, held);
    return held;
  }

  private checkArc(view: RingView, arc: ArcConfig): void {
    const name = `${arc.start}/${arc.term}`;
    const log = `${arc.end} ${arc.primary}`;
    assert.equal(this.logs.get(name) ?? log, log, 'a term has one range and one primary');
    this.logs.set(name, log);
    const staying = view.ring.members.filter(({ state }) => state !== 'leaving').length;
    const possible = Math.max(1, Math.min(view.ring.parameters.replicationFactor, staying));
    assert.ok(arc.copiesReached <= possible, 'nobody waits for copies that cannot be');
    assert.ok(arc.copiesReached >= Math.min(arc.inSync.length, possible), 'what is in sync has been reached');
    const live = arc.inSync.filter((id) => view.member(id)?.state !== 'dead');
    const holders = live.filter((id) => !arc.withoutCopy.includes(id));
    if (this.registry.state.returns.includes(arc.start) || holders.length === 0) return;
    // A registry that has just started waits for its members, or for a membership lease.
    if (this.registry.now < this.startedAt + this.registry.config.parameters.membershipLeaseMs) return;
    assert.ok(holders.includes(arc.primary), 'the primary is alive and has a copy when anybody is and has');
  }

  /** At the end: what the watcher made of the changes is the ring, and so is what a restart finds. */
  end(): void {
    const { ring } = this.registry;
    assert.deepEqual(this.registry.seenBy(1, this.watcherFrom), ring);
    this.registry.crash();
    const { members, arcs, version, runs } = this.registry.ring;
    assert.deepEqual([members, arcs], [ring.members, ring.arcs]);
    assert.deepEqual(
      [version, runs.length],
      [ring.version + 1, ring.runs.length + 1],
      'a start is a version',
    );
  }
}

function nextOf(arcs: readonly ArcConfig[], arc: ArcConfig): ArcConfig {
  return arcs[(arcs.indexOf(arc) + 1) % arcs.length] as ArcConfig;
}

function mergeable(arc: ArcConfig, next: ArcConfig): boolean {
  return arc !== next && arc.primary === next.primary && arc.inSync.length === next.inSync.length;
}

function proposal(
  kind: Proposal['kind'],
  arc: ArcConfig,
  epoch: number,
  node: NodeId,
  next: ArcConfig,
  variant: number,
  incarnation: number,
): Proposal {
  const on = { start: arc.start, epoch };
  switch (kind) {
    case 'admit':
      return { kind, ...on, node, incarnation };
    case 'drop':
      return { kind, ...on, nodes: [node] };
    case 'yield':
      return { kind, ...on, node };
    case 'keep':
      return { kind, ...on };
    case 'handover':
      return {
        kind,
        ...on,
        node,
        incarnation,
        at: variant % 2 === 0 ? arc.start : node,
        seq: arc.seq + variant,
      };
    case 'merge':
      return { kind, ...on, nextStart: next.start, nextEpoch: next.epoch, seq: Math.max(arc.seq, next.seq) };
  }
}

describe('a registry under any inputs', () => {
  test('epochs grow at every position, versions count up, a term has one primary, the dead are replaced', () => {
    fc.assert(
      fc.property(actions, (story) => {
        const told = new Story();
        for (let node = 0; node < 4; node++) told.act(['join', node, 0, 1]);
        for (const action of story) told.act(action);
        told.end();
      }),
      { numRuns: 500 },
    );
  });

  test('the stories reach splits, merges, evictions and returns', () => {
    const seen = new Set<string>();
    const arcsSeen = new Set<number>();
    let merges = 0;
    for (const story of fc.sample(actions, { numRuns: 400, seed: 7 })) {
      const told = new Story();
      for (let node = 0; node < 4; node++) told.act(['join', node, 0, 1]);
      for (const action of story) {
        const arcsBefore = told.registry.ring.arcs.length;
        told.act(action);
        if (told.registry.ring.arcs.length < arcsBefore) merges += 1;
        arcsSeen.add(told.registry.ring.arcs.length);
        if (told.registry.state.returns.length > 0) seen.add('returning');
        if (told.registry.ring.arcs.some((arc) => arc.term > 1 && !arc.handover)) seen.add('evicted');
      }
      for (const fact of told.registry.facts) seen.add(fact);
    }
    expect([...arcsSeen]).toEqual(expect.arrayContaining([1, 2, 3, 4]));
    expect(merges).toBeGreaterThan(5);
    expect([...seen]).toEqual(
      expect.arrayContaining([
        'returning',
        'evicted',
        'joined',
        'restarted',
        'came back',
        'died',
        'forgotten',
        'refused',
      ]),
    );
  });
});
