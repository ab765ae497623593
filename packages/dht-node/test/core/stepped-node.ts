/** A node's core stepped by hand: the test is its clock, disk, registry and every other node. */

import {
  NO_RING,
  checkParameters,
  NO_HISTORY,
  position,
  truncateHistory,
  type ArcConfig,
  type Bytes,
  type ClusterParameters,
  type Member,
  type NodeId,
  type Position,
  type Ring,
  type RingKey,
} from '@ringkeep/shared';
import {
  bufferOfBytes,
  decodeFullAnswer,
  encodeDelta,
  OperationType,
  ringKeyOf,
  type Condition,
  type Operation,
  type OperationResult,
} from '@ringkeep/shared/operations';
import type { StoredValue } from '@ringkeep/shared/operations';
import {
  NodeCore,
  type NodeEffect,
  type NodeInput,
  type FollowerBody,
  type OpenStream,
  type PrimaryBody,
  type StreamName,
} from '../../src/core';
import { MemoryEntryStore } from '../../src/storage';

export const SELF = position(100n);
export const OTHER = position(1n << 63n);
export const THIRD = position(3n << 62n);

/** What the registry's clock shows when a node's shows 0. */
const WALL_MS = 1_700_000_000_000;

export const get = (key: string): Operation => ({ type: OperationType.get, key: ringKeyOf(key as Bytes) });
export const remove = (key: string): Operation => ({
  type: OperationType.delete,
  key: ringKeyOf(key as Bytes),
});
export const set = (key: string, value: string): Operation => ({
  type: OperationType.exchange,
  key: ringKeyOf(key as Bytes),
  value: value as Bytes,
});
export const put = (key: string, value: string): Operation => ({
  type: OperationType.set,
  key: ringKeyOf(key as Bytes),
  value: value as Bytes,
});
export const add = (key: string, delta: bigint): Operation => ({
  type: OperationType.add,
  key: ringKeyOf(key as Bytes),
  delta: encodeDelta(delta),
});
export const append = (key: string, value: string): Operation => ({
  type: OperationType.append,
  key: ringKeyOf(key as Bytes),
  value: value as Bytes,
});
/** A write of a key that ends after a while. */
export const ending = (operation: Operation, ttlMs: number): Operation => ({
  ...operation,
  extras: { condition: undefined, showsPresent: false, ttl: { kind: 'duration', ms: ttlMs } },
});
/** A write under a condition; whoever asks is told with the version, and shown what is there. */
export const onCondition = (operation: Operation, condition?: Condition): Operation => ({
  ...operation,
  extras: { condition, showsPresent: true },
});

/** What operations with extras were told, readable; the code of those that failed. */
export const fullAnswers = (results: readonly OperationResult[] | undefined): unknown[] | undefined =>
  results?.map((result) => {
    if (!result.ok) return result.code;
    const { held, version, value } = decodeFullAnswer(bufferOfBytes(result.value as Bytes));
    return { held, version, value: value && Buffer.from(value).toString() };
  });

export function arc(part: Partial<ArcConfig> = {}): ArcConfig {
  return {
    start: SELF,
    end: SELF,
    epoch: 1,
    term: 1,
    handover: false,
    primary: SELF,
    inSync: [SELF],
    withoutCopy: [],
    copiesReached: 1,
    seq: 0,
    ...part,
  };
}

export function ring(
  version: number,
  arcs: readonly ArcConfig[],
  ids: readonly NodeId[] = [SELF, OTHER, THIRD],
  dead: readonly NodeId[] = [],
): Ring {
  const members = ids.map((id): Member => {
    return {
      id,
      addr: `http://127.0.0.1:${1_000 + ids.indexOf(id)}`,
      salt: 0,
      incarnation: 1,
      process: 1n,
      state: dead.includes(id) ? 'dead' : 'active',
      coordinates: [],
    };
  });
  return { ...NO_RING, clusterId: 'cluster', version, members, arcs };
}

type EffectOf<Kind extends NodeEffect['kind']> = Extract<NodeEffect, { kind: Kind }>;

export class SteppedNode {
  readonly core: NodeCore;
  /** Stands for a disk: what it holds may be damaged. */
  readonly entries = new MemoryEntryStore(true);
  now = 10_000;
  /** All effects since the last `forget`. */
  effects: NodeEffect[] = [];
  /** Whom nobody finds at the address that it advertises; everybody else is found. */
  readonly missed = new Set<NodeId>();
  private request = 0;
  private connection = 0;

  constructor(
    readonly parameters: ClusterParameters = checkParameters({ replicationFactor: 3, minCopies: 1 }),
  ) {
    this.core = new NodeCore(this.entries, {
      incarnation: 1,
      process: 1n,
      newcomer: true,
      startedAt: this.now,
      leaseBeforeMs: 0,
    });
  }

  /** A node that has registered and been given a ring. */
  static registered(first: Ring, parameters?: ClusterParameters, hearsTime = true): SteppedNode {
    const node = new SteppedNode(parameters);
    node.step();
    node.step({
      kind: 'registered',
      call: node.last('call-registry').call,
      id: SELF,
      ring: { ...first, parameters: node.parameters },
      ringTimeMs: hearsTime ? node.wallMs : undefined,
    });
    node.syncRing();
    return node;
  }

  step(...inputs: NodeInput[]): NodeEffect[] {
    const effects = this.core.step(this.now, inputs);
    this.effects.push(...effects);
    const dialled = effects.flatMap((effect) => (effect.kind === 'dial' ? [effect.to] : []));
    for (const { id, process } of dialled)
      this.step({ kind: 'dialled', node: id, process: this.missed.has(id) ? undefined : process });
    return effects;
  }

  /** The ring's time, as the registry's clock shows it. */
  get wallMs(): number {
    return WALL_MS + this.now;
  }

  /** The registry tells it the ring's time. */
  hearTime(wallMs = this.wallMs): void {
    const { ring } = this.core.view;
    this.step({ kind: 'introduced' });
    const renewal = this.of('call-registry').findLast(({ request }) => request.kind === 'renew');
    this.step({
      kind: 'member-answer',
      call: renewal?.call ?? 0,
      live: true,
      replaced: '',
      undecided: '',
      roomLacking: '',
      ringTimeMs: wallMs,
      update: { kind: 'ring', ring },
    });
  }

  /** Lets time pass in small steps, as a host would tick. */
  pass(ms: number): void {
    const until = this.now + ms;
    while (this.now < until) {
      this.now = Math.min(until, this.now + 10);
      this.step({ kind: 'tick' });
    }
  }

  /** Lets time pass as a host would: a step whenever the core wants one. @returns how often it wanted one at once */
  passHosted(ms: number): number {
    const until = this.now + ms;
    let atOnce = 0;
    while (this.now < until) {
      if (this.core.nextTickAt <= this.now) atOnce++;
      // A step takes its time, too.
      this.now = Math.max(this.now + 0.05, Math.ceil(this.core.nextTickAt));
      this.step({ kind: 'tick' });
    }
    return atOnce;
  }

  forget(): void {
    this.effects = [];
  }

  of<Kind extends NodeEffect['kind']>(kind: Kind): EffectOf<Kind>[] {
    return this.effects.filter((effect): effect is EffectOf<Kind> => effect.kind === kind);
  }

  last<Kind extends NodeEffect['kind']>(kind: Kind): EffectOf<Kind> {
    const found = this.of(kind).at(-1);
    if (!found)
      throw new Error(`no effect ${kind} among ${this.effects.map((effect) => effect.kind).join(', ')}`);
    return found;
  }

  /** Everything appended so far is durable. */
  sync(): void {
    const batch = this.of('append').at(-1)?.batch;
    if (batch !== undefined) this.step({ kind: 'persisted', batch });
  }

  /** Issues operations. Returns their request. */
  query(...operations: Operation[]): number {
    const request = ++this.request;
    this.step({
      kind: 'query',
      request,
      operations,
      hops: 0,
      deadlineAtMs: this.now + 5_000,
      ringVersion: 0,
      direct: false,
    });
    return request;
  }

  /** What a request was answered; undefined while it is not. */
  answer(request: number): readonly OperationResult[] | undefined {
    return this.of('answer').find((effect) => effect.request === request)?.results;
  }

  /** A bit of what the node holds of a key changes. */
  damage(key: RingKey): void {
    const value = this.entries.raw(key) as StoredValue;
    const last = String.fromCharCode(value.charCodeAt(value.length - 1) ^ 1);
    this.entries.put([{ key, value: `${value.slice(0, -1)}${last}` as StoredValue }]);
  }

  /** A newer ring arrives from the watch; the node notes it on its disk and acts on it. */
  adopt(newer: Ring, changed: Partial<ClusterParameters> = {}): void {
    this.hear(newer, changed);
    this.syncRing();
  }

  /** A newer ring arrives from the watch. */
  hear(newer: Ring, changed: Partial<ClusterParameters> = {}): void {
    const ring = { ...newer, parameters: { ...this.parameters, ...changed } };
    this.step({ kind: 'ring', update: { kind: 'ring', ring } });
  }

  /** What was appended up to the newest ring is durable, and the node acts on that. */
  syncRing(): void {
    const noted = this.of('append').findLast(({ records }) =>
      records.some(({ kind }) => kind === 'known-ring'),
    );
    if (noted) this.step({ kind: 'persisted', batch: noted.batch });
  }

  /** Another node opens a stream for a range here; unless it says otherwise its log is the beginning of the one here. */
  openedBy(
    follower: NodeId,
    start: Position,
    term: number,
    open: Partial<OpenStream> = {},
    number?: number,
  ): Follower {
    const connection = ++this.connection;
    const stream = { start, term, number: number ?? connection };
    const view = this.core.view;
    const range = view.arcAt(start) ?? view.arcOfPosition(start);
    const asked = { start: range?.start as Position, end: range?.end as Position };
    const { lastPrepared = 0, committed = 0, complete = false } = open;
    const history = this.core.replicas.get(start)?.history ?? NO_HISTORY;
    const log = { range: asked, committed, lastPrepared, history: truncateHistory(history, lastPrepared) };
    const body: OpenStream = {
      kind: 'open',
      follower,
      incarnation: 1,
      process: 1n,
      range: asked,
      lastPrepared,
      committed,
      complete,
      sendsDigests: false,
      logs: complete ? [log] : [],
      conflict: undefined,
      ring: view.ring,
      ...open,
    };
    this.step({ kind: 'follower-message', connection, message: { stream, body } });
    return new Follower(this, connection, stream);
  }
}

/** The other end of a stream that somebody opened at the node. */
export class Follower {
  constructor(
    private readonly node: SteppedNode,
    readonly connection: number,
    private readonly stream: StreamName,
  ) {}

  get heard(): readonly PrimaryBody[] {
    return this.node
      .of('send-to-follower')
      .filter((effect) => effect.connection === this.connection)
      .map((effect) => effect.message.body);
  }

  get kinds(): string[] {
    return this.heard.map((body) => body.kind);
  }

  say(body: FollowerBody): void {
    const { stream, connection } = this;
    this.node.step({ kind: 'follower-message', connection, message: { stream, body } });
  }

  acknowledge(
    prepared: number,
    part: { applied?: number; sentAtMs?: number; live?: boolean; full?: boolean } = {},
  ): void {
    this.node.step({
      kind: 'follower-message',
      connection: this.connection,
      message: {
        stream: this.stream,
        body: {
          kind: 'acknowledge',
          prepared,
          applied: part.applied ?? prepared,
          live: part.live ?? true,
          sentAtMs: part.sentAtMs ?? this.node.now,
          takenBytes: Number.MAX_SAFE_INTEGER,
          full: part.full ?? false,
        },
      },
    });
  }
}
