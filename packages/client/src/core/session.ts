/**
 * A client's session with a ring: calls and news in, effects out. It has no clock, socket or promise. The host hands in
 * the time, carries out the effects, and comes back with their outcome.
 *
 * The path of a call: `submit` puts it among the arrivals. `flush`, once a turn of the event loop and after each reply,
 * gives each arrival a place in a node's lane (router.ts) and sends frames at the pace of the lane (traffic.ts,
 * lane.ts). A reply, a broken stream or the deadline decides its fate (verdict.ts, settlement.ts).
 *
 * What always holds:
 *
 * 1. Each call gets one result, by its deadline at the latest.
 * 2. A write that was handed to a stream is not handed to another one unless a node refused it.
 * 3. Calls and bytes outstanding never exceed `operationsMax` and `bytesMax`.
 * 4. Operations issued without waiting for each other have no order, not even on one key.
 */

import type { Random, Ring, RingBeat, RingUpdate } from '@ringkeep/shared';
import { invariant } from '@ringkeep/shared/ring/errors';
import { Budget } from './budget';
import type { Call, CallResult } from './call';
import type { CallQueue } from './call-queue';
import { Connections } from './connections';
import { Directory } from './directory';
import type { Effect } from './effects';
import { LATE_MS_MAX, TICK_MS } from './limits';
import type { Link } from './link';
import { Outbox } from './outbox';
import { RingNews } from './ring-news';
import { RingWatch } from './ring-watch';
import { Router } from './router';
import { CLIENT_RULES } from './rules';
import type { SessionConfig, SessionCounts } from './session-config';
import { Settlement } from './settlement';
import { Traffic } from './traffic';
import { resultOnCancel, resultOnDeadline } from './verdict';
import { WaitingRoom } from './waiting-room';

export class Session {
  private readonly outbox = new Outbox();
  private readonly waiting = new WaitingRoom();
  private readonly budget: Budget;
  private readonly directory: Directory;
  private readonly connections: Connections;
  private readonly settlement: Settlement;
  private readonly router: Router;
  private readonly traffic: Traffic;
  private readonly watch: RingWatch;
  private readonly news: RingNews;
  private sweepAtMs = 0;
  /** When it asked to be flushed again. */
  private dueAtMs = Infinity;
  private phase: 'open' | 'draining' | 'closed' = 'open';

  constructor(config: SessionConfig, random: Random) {
    invariant(
      config.nodes.length > 0 || config.registry !== undefined,
      'a session knows a node or the registry',
    );
    const { outbox, waiting } = this;
    this.budget = new Budget(config.limits);
    this.directory = new Directory(random.shuffle([...config.nodes]));
    this.connections = new Connections(this.directory, outbox, random);
    this.settlement = new Settlement(this.directory.links, this.budget, outbox, waiting, random);
    this.router = new Router(this.directory, this.connections, this.settlement, waiting, random);
    const rules = config.rules ?? CLIENT_RULES;
    this.watch = new RingWatch(this.directory, config.registry, random, outbox, rules);
    this.traffic = new Traffic(this.directory, this.budget, outbox, this.settlement, this.watch, rules);
    const { directory, watch, router, traffic, connections } = this;
    this.news = new RingNews({ directory, watch, outbox, waiting, router, traffic, connections });
  }

  get ring(): Ring {
    return this.directory.ring;
  }

  get counts(): SessionCounts {
    const { framesSent, operationsSent, lastHops } = this.traffic;
    const { operations, operationsInFlight } = this.budget;
    return { operations, operationsInFlight, framesSent, operationsSent, lastHops };
  }

  /** Why there is no ring or no node, for people. */
  get obstacle(): string | undefined {
    return this.news.obstacle;
  }

  /**
   * Why no source will tell us the ring as things are: every address that was given has failed and has not answered
   * since. Undefined while one of them may still answer.
   */
  get refusal(): string | undefined {
    return this.news.refusal;
  }

  /** Whether more would fit, and why not. */
  get room(): Pick<Budget, 'hasRoomFor' | 'isHalfEmpty' | 'obstacle'> {
    return this.budget;
  }

  // Inputs: none of them sends anything before the next flush.

  submit(call: Call): void {
    if (this.phase !== 'open') {
      this.settlement.refuse(call, { ok: false, code: 'CANCELLED', text: 'the client is closed' });
    } else if (!this.budget.hasRoomFor(call.bytes)) {
      this.settlement.refuse(call, { ok: false, code: 'RESOURCE_EXHAUSTED', text: this.budget.obstacle });
    } else {
      this.budget.enter(call.bytes);
      this.waiting.arrivals.push(call);
    }
  }

  /** The caller no longer waits. */
  abort(call: Call): void {
    if (call.settled) return;
    this.settlement.settle(call, resultOnCancel(call, call.frame?.address, 'the caller'));
  }

  opened(address: string): void {
    const link = this.linkAt(address);
    if (link === undefined) return;
    invariant(link.phase.kind === 'connecting', 'only an attempt can succeed');
    this.connections.opened(link);
    this.waiting.rescue();
  }

  connectFailed(address: string, reason: string, nowMs: number): void {
    const link = this.linkAt(address);
    if (link === undefined) return;
    this.broken(link, reason, nowMs);
    this.outbox.report({ kind: 'unreachable', address, reason });
  }

  /** The stream ended, for whatever reason. */
  streamEnded(address: string, reason: string, nowMs: number): void {
    const link = this.linkAt(address);
    if (link === undefined) return;
    const unknown = this.traffic.lost(link, reason, nowMs);
    this.broken(link, reason, nowMs);
    this.outbox.report({ kind: 'broken', address, reason, unknown });
  }

  /** The node is about to stop: what is in flight is awaited, and everything else goes elsewhere. */
  closing(address: string, nowMs: number): void {
    const link = this.linkAt(address);
    if (link?.phase.kind !== 'open') return;
    link.phase = { kind: 'closing' };
    this.router.routeAnew(link);
    this.connections.letGo(link, nowMs);
  }

  /** The stream takes messages again. */
  writable(address: string): void {
    const phase = this.linkAt(address)?.phase;
    if (phase?.kind === 'open') phase.writable = true;
  }

  /** The stream asks to wait: what was handed over travels, and nothing more for now. */
  full(address: string): void {
    const phase = this.linkAt(address)?.phase;
    if (phase?.kind === 'open') phase.writable = false;
  }

  /** A node has answered a frame, or the next operations of one: a large reply comes in several messages. */
  reply(address: string, number: number, results: readonly CallResult[], hops: number, nowMs: number): void {
    const link = this.linkAt(address);
    if (link === undefined) return;
    const wasSilent = link.silent;
    const fault = this.traffic.answered(link, number, results, hops, nowMs);
    // It may forward what no other node can.
    if (wasSilent) this.waiting.rescue();
    if (fault === undefined) return this.connections.letGo(link, nowMs);
    this.outbox.push({ kind: 'disconnect', address });
    this.streamEnded(address, fault, nowMs);
  }

  /** News of the ring that came with a reply. */
  ringLearned(update: RingUpdate, nowMs: number): void {
    this.news.learned(update, nowMs);
  }

  /** News of the ring from the watch of that number. */
  watchNews(number: number, update: RingUpdate, nowMs: number): void {
    this.news.watched(number, update, nowMs);
  }

  /** The watch of that number has begun: its source has said so. */
  watchAccepted(number: number, nowMs: number): void {
    this.news.accepted(number, nowMs);
  }

  /** A sign of life from the watch of that number. */
  watchBeat(number: number, beat: RingBeat, nowMs: number): void {
    this.news.beaten(number, beat, nowMs);
  }

  watchEnded(number: number, reason: string, nowMs: number): void {
    this.news.ended(number, reason, nowMs);
  }

  /** No new calls; `closed` follows when the last one has its result. */
  drain(): void {
    if (this.phase === 'open') this.phase = 'draining';
  }

  /** Gives up what is outstanding. */
  stop(): void {
    this.drain();
    for (const call of this.everyCall()) {
      this.settlement.settle(call, resultOnCancel(call, call.frame?.address, 'closing the client'));
    }
  }

  /** Sends what can be sent, gives up what is late, and opens what should be open. */
  flush(nowMs: number): void {
    if (this.phase === 'closed') return;
    const lateMs = nowMs - this.dueAtMs;
    if (lateMs > LATE_MS_MAX) this.excuse(lateMs);
    this.dueAtMs = Infinity;
    if (nowMs >= this.sweepAtMs) this.sweep(nowMs);
    this.router.route(nowMs);
    this.traffic.pump(nowMs);
    if (this.phase === 'draining' && this.budget.operations === 0) {
      this.close();
      return;
    }
    this.watch.start(this.ring, nowMs);
    this.connections.seek(nowMs, this.watch);
  }

  /** When it wants the next flush, if nothing comes in before. */
  nextFlushAtMs(nowMs: number): number | undefined {
    const next = this.soonestFlushAtMs(nowMs);
    this.dueAtMs = next ?? Infinity;
    return next;
  }

  /** The effects since the last call, in order. */
  take(): readonly Effect[] {
    return this.outbox.take();
  }

  private soonestFlushAtMs(nowMs: number): number | undefined {
    if (this.phase === 'closed') return undefined;
    if (this.budget.operations > 0) return Math.min(nowMs + TICK_MS, this.traffic.heldUntilMs(nowMs));
    const next = Math.min(
      this.watch.dueAtMs(nowMs) ?? Infinity,
      this.connections.seekAtMs(nowMs, this.watch) ?? Infinity,
    );
    return next === Infinity ? undefined : Math.max(next, nowMs + 1);
  }

  /** This process itself stood still: what others said meanwhile has not been read yet. */
  private excuse(lateMs: number): void {
    this.watch.excuse(lateMs);
    for (const link of this.directory.open) link.excuse(lateMs);
  }

  private broken(link: Link, reason: string, nowMs: number): void {
    this.connections.broken(link, reason, nowMs);
    this.router.routeAnew(link);
  }

  /** Everything that happens because time has passed. */
  private sweep(nowMs: number): void {
    this.sweepAtMs = nowMs + TICK_MS;
    const { obstacle } = this;
    for (const queue of this.queues()) {
      for (const call of queue.expire(nowMs)) {
        this.settlement.settle(call, resultOnDeadline(call, undefined, obstacle));
      }
    }
    this.traffic.expire(nowMs);
    for (const link of this.traffic.findSilent(nowMs)) this.router.routeAnew(link);
    this.connections.tidy(nowMs);
    this.waiting.resume(nowMs);
  }

  private close(): void {
    this.phase = 'closed';
    this.outbox.push({ kind: 'stop-watching' });
    this.connections.closeAll();
    this.outbox.push({ kind: 'closed' });
  }

  private everyCall(): Call[] {
    const inFlight = [...this.directory.open].map((link) => link.callsInFlight());
    return [...inFlight, ...this.queues().map((queue) => queue.drain())].flat();
  }

  private queues(): CallQueue[] {
    return [...this.waiting.queues(), ...[...this.directory.open].flatMap((link) => link.queues)];
  }

  private linkAt(address: string): Link | undefined {
    return this.directory.links.get(address);
  }
}
