/** Drives a session by hand: a clock that only the test moves, and its effects kept in lists. */

import { NO_RING, Random, position, type ArcConfig, type Bytes, type Ring } from '@ringkeep/shared';
import { positionBytesOf, rowOf, type OperationType } from '@ringkeep/shared/operations';
import { Call, DEFAULT_LIMITS, Session, type CallResult, type Effect, type SessionConfig } from '../src/core';

export class TestCall extends Call {
  deliveries = 0;

  constructor(type: OperationType, key: string, deadlineAtMs: number, retries = true, value = 'value') {
    const operands = rowOf(type).brings.map(() => value as Bytes);
    super(type, positionBytesOf(key), key as Bytes, operands, undefined, deadlineAtMs, retries);
  }

  override deliver(): void {
    this.deliveries++;
  }

  get code(): string | undefined {
    if (this.result === undefined) return undefined;
    return this.result.ok ? 'OK' : this.result.code;
  }
}

/** A ring of nodes at equal distances, named n0, n1, …; node 0 owns everything unless there are more. */
export function ringOf(version: number, names: readonly string[], clusterId = 'test'): Ring {
  const ids = names.map((_, index) => position((BigInt(index) << 64n) / BigInt(names.length)));
  const members = names.map((addr, index) => ({
    id: ids[index]!,
    addr,
    salt: 0,
    incarnation: 1,
    process: 0n,
    state: 'active' as const,
    coordinates: [],
  }));
  const arcs = ids.map((start, index): ArcConfig => ({
    start,
    end: ids[(index + 1) % ids.length]!,
    epoch: version,
    term: version,
    handover: true,
    primary: start,
    inSync: [start],
    withoutCopy: [],
    copiesReached: 1,
    seq: 0,
  }));
  return { ...NO_RING, clusterId, version, members, arcs };
}

export class SessionDriver {
  readonly session: Session;
  readonly effects: Effect[] = [];
  nowMs = 1_000;

  constructor(config: Partial<SessionConfig> = {}, seed = 1) {
    const complete = { nodes: ['n0'], registry: undefined, limits: DEFAULT_LIMITS, ...config };
    this.session = new Session(complete, new Random(seed));
    this.flush();
  }

  of<K extends Effect['kind']>(kind: K): Extract<Effect, { kind: K }>[] {
    return this.effects.filter((effect): effect is Extract<Effect, { kind: K }> => effect.kind === kind);
  }

  last<K extends Effect['kind']>(kind: K): Extract<Effect, { kind: K }> {
    const effect = this.of(kind).at(-1);
    if (effect === undefined) throw new Error(`no ${kind} yet`);
    return effect;
  }

  flush(): void {
    this.session.flush(this.nowMs);
    this.collect();
  }

  /** Lets time pass, with a flush whenever the session asks for one; it must not ask over and over for nothing. */
  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    let fruitless = 0;
    for (;;) {
      const next = this.session.nextFlushAtMs(this.nowMs);
      if (next === undefined || next > untilMs) break;
      const atOnce = next - this.nowMs < 2;
      const before = this.effects.length;
      this.nowMs = next;
      this.flush();
      fruitless = atOnce && this.effects.length === before ? fruitless + 1 : 0;
      if (fruitless > 20) throw new Error(`a busy loop at ${this.nowMs} ms`);
    }
    this.nowMs = untilMs;
    this.flush();
  }

  open(address: string): void {
    this.session.opened(address);
    this.flush();
  }

  learn(ring: Ring): void {
    this.session.ringLearned({ kind: 'ring', ring }, this.nowMs);
    this.flush();
  }

  call(type: OperationType, key: string, options: { deadlineMs?: number; retries?: boolean } = {}): TestCall {
    const deadlineAtMs = this.nowMs + (options.deadlineMs ?? 1_000);
    const call = new TestCall(type, key, deadlineAtMs, options.retries);
    this.session.submit(call);
    return call;
  }

  /** Answers the newest frame sent to a node, all operations alike. */
  answer(result: CallResult, send = this.last('send')): void {
    const results = send.frame.operations.map(() => result);
    this.session.reply(send.address, send.frame.number, results, 0, this.nowMs);
    this.flush();
  }

  private collect(): void {
    for (const effect of this.session.take()) {
      this.effects.push(effect);
      if (effect.kind === 'settle') for (const call of effect.calls) call.deliver();
    }
  }
}
