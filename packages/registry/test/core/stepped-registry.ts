/** A registry core stepped by hand: names for nodes, a clock that the test moves, answers without numbers. */

import assert from 'node:assert/strict';
import {
  NOTHING_KNOWN,
  formatPosition,
  invariant,
  ringFault,
  updateRing,
  type ArcConfig,
  type KnownRing,
  type Member,
  type Position,
  type Proposal,
  type Ring,
  type RingUpdate,
} from '@ringkeep/shared';
import { positionOfText } from '@ringkeep/shared/operations';
import {
  DEFAULT_CONFIG,
  RegistryCore,
  begun,
  newState,
  type Caller,
  type Complaint,
  type HeldRange,
  type Identity,
  type MemberAnswer,
  type ProposalAnswer,
  type RegisterInput,
  type RegisteredAnswer,
  type RegistryAnswer,
  type RegistryConfig,
  type RegistryEffect,
  type RegistryInput,
  type RegistryState,
} from '../../src/core';

type Unnumbered<T> = T extends unknown ? Omit<T, 'request'> : never;

type RegistryQuestion = Unnumbered<Extract<RegistryInput, { request: number }>>;

/** What a node keeps on its disk, and its address. */
export interface Node {
  readonly addr: string;
  identity: Identity;
  incarnation: number;
  process?: bigint;
}

/** A version alone: of this registry's own past. */
type Known = KnownRing | number;

export class Refusal extends Error {
  constructor(
    readonly code: string,
    text: string,
  ) {
    super(text);
  }
}

export class SteppedRegistry {
  now = 1_000;
  core: RegistryCore;
  state: RegistryState;
  readonly config: RegistryConfig;
  /** Updates by watcher, and the ring that a watcher made of them. */
  readonly published = new Map<number, RingUpdate[]>();
  readonly facts: string[] = [];
  saves = 0;
  private requests = 0;
  private runs = 0n;
  private readonly asked: RegistryQuestion[] = [];

  constructor(config: Partial<RegistryConfig> = {}) {
    this.config = { ...DEFAULT_CONFIG, ...config };
    this.state = newState('the-cluster', this.config.parameters, this.nextRun());
    this.core = new RegistryCore(this.config, { positionOfText }, this.state, this.now);
  }

  get ring(): Ring {
    return this.core.ring;
  }

  /** Steps, checks what must always hold of effects, and keeps what was saved and published. */
  step(input: RegistryInput): RegistryEffect[] {
    const before = this.ring;
    const effects = this.core.step(this.now, input);
    effects.forEach((effect, index) => {
      if (effect.kind === 'save') {
        assert.equal(index, 0, 'a save comes first');
        this.state = effect.state;
        this.saves += 1;
      }
      if (effect.kind === 'publish') {
        for (const watcher of effect.watchers) this.published.get(watcher)?.push(effect.update);
      }
      if (effect.kind === 'report') this.facts.push(effect.fact.what);
    });
    assert.equal(ringFault(this.ring), undefined);
    assert.ok(this.ring.version === before.version || this.ring.version === before.version + 1);
    assert.ok(this.ring === before || this.state.ring === this.ring, 'a changed ring is saved');
    return effects;
  }

  ask<T extends RegistryAnswer>(input: RegistryQuestion): T {
    this.asked.push(input);
    const request = ++this.requests;
    const effects = this.step({ ...input, request });
    for (const effect of effects) {
      if (effect.kind === 'answer' && effect.request === request) return effect.answer as T;
      if (effect.kind === 'refuse' && effect.request === request) throw new Refusal(effect.code, effect.text);
    }
    throw new Error('no answer');
  }

  /** Something that was asked before arrives once more, the last for 0. */
  hearAgain(back: number): void {
    const input = this.asked.at(-1 - (back % Math.max(1, this.asked.length)));
    if (input) this.step({ ...input, request: ++this.requests });
  }

  /** Moves the clock, with a tick at each moment for which the core asks. */
  advance(ms: number): void {
    const until = this.now + ms;
    while (this.core.nextTickAt <= until) {
      this.now = Math.max(this.now, this.core.nextTickAt);
      this.step({ kind: 'tick' });
    }
    this.now = until;
  }

  register(given: Partial<RegisterInput> & { addr: string }): RegisteredAnswer {
    return this.ask<RegisteredAnswer>({
      kind: 'register',
      identity: undefined,
      incarnation: 1,
      process: 0n,
      known: NOTHING_KNOWN,
      coordinates: [],
      claim: '',
      held: [],
      ...given,
    });
  }

  /** A newcomer. */
  join(addr: string): Node {
    return { addr, identity: this.register({ addr }).identity, incarnation: 1 };
  }

  /** The process is started again with its disk, or, with `again`, registers a second time. */
  restart(node: Node, again: 'restarted' | 'same process' = 'restarted'): RegisteredAnswer {
    if (again === 'restarted') node.incarnation += 1;
    return this.register({ ...node, held: this.copiesOf(node) });
  }

  /** What a node has on its disk that has kept every copy. */
  copiesOf({ identity }: Node): HeldRange[] {
    const arcs = this.ring.arcs.filter(({ inSync }) => inSync.includes(identity.id));
    return arcs.map(({ start, end, term, seq }) => ({ start, end, term, committed: seq, lastPrepared: seq }));
  }

  renew(node: Node, known: Known = 0): MemberAnswer {
    return this.ask<MemberAnswer>({ kind: 'renew', caller: this.caller(node, known), complaints: [] });
  }

  /** Renews, and says that the primaries of these arcs are silent. */
  complain(node: Node, complaints: readonly Complaint[]): MemberAnswer {
    return this.ask<MemberAnswer>({ kind: 'renew', caller: this.caller(node), complaints });
  }

  leave(node: Node): MemberAnswer {
    return this.ask<MemberAnswer>({ kind: 'leave', caller: this.caller(node) });
  }

  propose(node: Node, proposal: Proposal): ProposalAnswer {
    return this.ask<ProposalAnswer>({ kind: 'propose', caller: this.caller(node), proposal });
  }

  /** Lets time pass while only these nodes renew their leases. */
  advanceWith(nodes: readonly Node[], ms: number): void {
    const until = this.now + ms;
    while (this.now < until) {
      for (const node of nodes) this.renew(node);
      this.advance(Math.min(until - this.now, this.config.parameters.membershipLeaseMs / 4));
    }
  }

  /** Longer than a membership lease. */
  die(nodes: readonly Node[], alive: readonly Node[]): void {
    for (const node of nodes) invariant(!alive.includes(node), 'a node is dead or alive');
    this.advanceWith(alive, this.config.parameters.membershipLeaseMs * 1.5);
    for (const node of nodes) assert.equal(this.member(node)?.state, 'dead');
  }

  /** Another process continues from what was saved; `restored`: it is told that these are put back from a copy. */
  crash(restored = false): void {
    this.state = begun(this.state, this.config.parameters, this.nextRun());
    this.core = new RegistryCore(this.config, { positionOfText, restored }, this.state, this.now);
    this.published.clear();
  }

  watch(watcher: number, from: Known = 0, clusterId = ''): RegistryEffect[] {
    if (!this.published.has(watcher)) this.published.set(watcher, []);
    return this.step({ kind: 'watch', watcher, from: this.known(from), clusterId });
  }

  /** The ring that a watcher has, starting from one it knew. */
  seenBy(watcher: number, from: Ring): Ring | undefined {
    return (this.published.get(watcher) ?? []).reduce<Ring | undefined>(
      (ring, update) => ring && updateRing(ring, update),
      from,
    );
  }

  member(node: Node): Member | undefined {
    return this.ring.members.find((member) => member.id === node.identity.id);
  }

  arc(start: Position): ArcConfig {
    const arc = this.ring.arcs.find((candidate) => candidate.start === start);
    if (!arc) throw new Error(`no arc at ${formatPosition(start)}`);
    return arc;
  }

  /** Admits nodes to the arc at a start. */
  admit(start: Position, primary: Node, nodes: readonly Node[]): void {
    for (const node of nodes) {
      const { epoch } = this.arc(start);
      const answer = this.propose(primary, {
        kind: 'admit',
        start,
        epoch,
        node: node.identity.id,
        incarnation: node.incarnation,
      });
      assert.equal(answer.reason, '');
    }
  }

  /** Hands over the arc of the newcomer's id to it. */
  handOver(from: Node, to: Node): void {
    const at = to.identity.id;
    const arc = this.ring.arcs.find(({ primary }) => primary === from.identity.id) as ArcConfig;
    const answer = this.propose(from, {
      kind: 'handover',
      start: arc.start,
      epoch: arc.epoch,
      node: at,
      incarnation: to.incarnation,
      at,
      seq: arc.seq,
    });
    assert.equal(answer.reason, '');
  }

  /** `count` nodes; all are in sync for the one arc, whose primary is the first. */
  group(count: number): Node[] {
    const nodes = Array.from({ length: count }, (_, index) => this.join(`http://10.0.0.${index + 1}:50001`));
    const [first, ...others] = nodes as [Node, ...Node[]];
    this.admit(first.identity.id, first, others);
    return nodes;
  }

  caller({ identity, incarnation, process = 0n }: Node, known: Known = 0): Caller {
    const { id, clusterId } = identity;
    return { id, incarnation, process, known: this.known(known), clusterId };
  }

  private known(known: Known): KnownRing {
    if (typeof known !== 'number') return known;
    const { runs } = this.ring;
    const run = runs.findLast(({ firstVersion }) => firstVersion <= known) ?? runs[0];
    return known === 0 ? NOTHING_KNOWN : { version: known, run: run?.id ?? 0n };
  }

  private nextRun(): bigint {
    this.runs += 1n;
    return this.runs;
  }
}
