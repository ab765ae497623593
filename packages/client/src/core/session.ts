/**
 * A client's session with a ring: calls and news in, effects out. It has no clock, socket or promise;
 * the host hands in the time, carries out the effects, and comes back with what became of them.
 *
 * The way of a call: `submit` puts it among the arrivals; `flush`, once a turn of the event loop, routes all
 * arrivals to links (directory.ts) and cuts frames from the links' queues (frame.ts), as far as the limits
 * allow; a reply, a broken stream or the deadline decides about it (verdict.ts).
 *
 * What always holds:
 *
 * 1. Each call gets one result, by its deadline at the latest.
 * 2. A write that was handed to a stream is not handed to another one unless a node refused it.
 * 3. Calls and bytes outstanding never exceed `operationsMax` and `bytesMax`.
 * 4. Operations issued without waiting for each other have no order, not even on one key.
 */

import { invariant, type OperationResult, type Random, type Ring, type RingUpdate } from '@ringkeep/shared';
import { pauseMs } from './back-off';
import { Budget } from './budget';
import type { Call } from './call';
import { Connections } from './connections';
import { Directory } from './directory';
import type { Effect } from './effects';
import type { CallQueue, Frame } from './frame';
import { RESEND_PAUSE_MS, STRAYS_MAX, TICK_MS, type SessionLimits } from './limits';
import type { Link } from './link';
import { Outbox } from './outbox';
import { RingWatch } from './ring-watch';
import { resultOnCancel, resultOnDeadline, verdictOnBreak, verdictOnResult, type Verdict } from './verdict';
import { WaitingRoom } from './waiting-room';

export interface SessionConfig {
  /** Addresses of nodes, spelled as the ring spells them. */
  readonly nodes: readonly string[];
  readonly registry: string | undefined;
  readonly limits: SessionLimits;
}

/** What is outstanding, and what was done, for whoever wants to see. */
export interface SessionCounts {
  readonly operations: number;
  readonly operationsInFlight: number;
  readonly framesSent: number;
  readonly operationsSent: number;
  /** The most forwards that an operation of the last answered frame took. */
  readonly lastHops: number;
}

export class Session {
  private readonly outbox = new Outbox();
  private readonly waiting = new WaitingRoom();
  private readonly budget: Budget;
  private readonly directory: Directory;
  private readonly connections: Connections;
  private readonly watch: RingWatch;
  private framesSent = 0;
  private operationsSent = 0;
  private lastHops = 0;
  private sweepAtMs = 0;
  private phase: 'open' | 'draining' | 'closed' = 'open';

  constructor(
    config: SessionConfig,
    private readonly random: Random,
  ) {
    invariant(
      config.nodes.length > 0 || config.registry !== undefined,
      'a session knows a node or the registry',
    );
    this.budget = new Budget(config.limits);
    this.directory = new Directory(random.shuffle([...config.nodes]));
    this.connections = new Connections(this.directory, this.outbox, random);
    this.watch = new RingWatch(this.directory, config.registry, random);
  }

  get ring(): Ring {
    return this.directory.ring;
  }

  get counts(): SessionCounts {
    const { framesSent, operationsSent, lastHops } = this;
    const { operations, operationsInFlight } = this.budget;
    return { operations, operationsInFlight, framesSent, operationsSent, lastHops };
  }

  /** Why there is no ring or no node, for people. */
  get obstacle(): string | undefined {
    return this.directory.obstacle() ?? this.watch.obstacle;
  }

  /** Calls wait for the next flush. */
  get wantsFlush(): boolean {
    return !this.waiting.arrivals.isEmpty;
  }

  /** Room for one more call of that many bytes. */
  hasRoomFor(bytes: number): boolean {
    return this.budget.hasRoomFor(bytes);
  }

  // Inputs: none of them sends anything before the next flush, except that a reply makes room on its link.

  submit(call: Call): void {
    if (this.phase !== 'open') {
      this.refuse(call, { ok: false, code: 'CANCELLED', text: 'the client is closed' });
    } else if (!this.budget.hasRoomFor(call.bytes)) {
      this.refuse(call, { ok: false, code: 'RESOURCE_EXHAUSTED', text: this.budget.obstacle });
    } else {
      this.budget.enter(call);
      this.waiting.arrivals.push(call);
    }
  }

  /** The caller does not wait any more. */
  abort(call: Call): void {
    if (call.settled) return;
    this.settle(call, resultOnCancel(call, call.frame?.address, 'the caller'));
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

  /** The stream ended, for whatever reason: what it did not answer is judged one by one. */
  streamEnded(address: string, reason: string, nowMs: number): void {
    const link = this.linkAt(address);
    if (link === undefined) return;
    let unknown = 0;
    for (const frame of [...link.frames.values()]) {
      this.forget(link, frame);
      for (const call of frame.calls) {
        if (call === undefined) continue;
        frame.release(call);
        if (call.isWrite) unknown++;
        this.carryOut(call, verdictOnBreak(call, address, reason), nowMs);
      }
    }
    this.broken(link, reason, nowMs);
    this.outbox.report({ kind: 'broken', address, reason, unknown });
  }

  /** The node is about to stop: what is in flight is awaited, everything else goes elsewhere. */
  closing(address: string, nowMs: number): void {
    const link = this.linkAt(address);
    if (link?.phase.kind !== 'open') return;
    link.phase = { kind: 'closing' };
    this.routeAnew(link);
    this.connections.letGo(link, nowMs);
  }

  /** The stream takes messages again. */
  writable(address: string): void {
    const phase = this.linkAt(address)?.phase;
    if (phase?.kind === 'open') phase.writable = true;
  }

  /** The stream asks to wait: what was handed over travels, nothing more for now. */
  full(address: string): void {
    const phase = this.linkAt(address)?.phase;
    if (phase?.kind === 'open') phase.writable = false;
  }

  /**
   * A node has answered a frame, or the next operations of one: a large reply comes in several messages.
   * A reply to a frame that was cancelled in the meantime is nobody's.
   */
  reply(
    address: string,
    number: number,
    results: readonly OperationResult[],
    hops: number,
    nowMs: number,
  ): void {
    const link = this.linkAt(address);
    const frame = link?.frames.get(number);
    if (link === undefined || frame === undefined) return;
    const first = frame.answered;
    if (results.length === 0 || first + results.length > frame.operations.length) {
      const reason = `the node answered ${first + results.length} of ${frame.operations.length} operations`;
      this.outbox.push({ kind: 'disconnect', address });
      this.streamEnded(address, reason, nowMs);
      return;
    }
    link.failures = 0;
    this.lastHops = hops;
    frame.answered += results.length;
    if (frame.answered === frame.operations.length) this.forget(link, frame);
    for (let i = 0; i < results.length; i++) {
      const call = frame.calls[first + i];
      if (call === undefined) continue;
      frame.release(call);
      this.carryOut(call, verdictOnResult(call, results[i] as OperationResult), nowMs);
    }
    this.connections.letGo(link, nowMs);
  }

  /** News of the ring that came with a reply. */
  ringLearned(update: RingUpdate, nowMs: number): void {
    if (this.directory.adopt(update) === true) this.ringAdopted(nowMs);
  }

  /** News of the ring from the watch of that number. */
  watchNews(number: number, update: RingUpdate, nowMs: number): void {
    if (!this.watch.isCurrent(number)) return;
    const adopted = this.directory.adopt(update);
    if (adopted === undefined) {
      this.outbox.push({ kind: 'stop-watching' });
      this.watch.broken(nowMs);
      return;
    }
    this.watch.continued();
    if (adopted) this.ringAdopted(nowMs);
  }

  watchEnded(number: number, reason: string, nowMs: number): void {
    if (!this.watch.isCurrent(number)) return;
    const source = this.watch.end(reason, nowMs);
    if (source !== undefined) this.outbox.report({ kind: 'watch-ended', source, reason });
  }

  /** No new calls; `closed` follows when the last one has its result. */
  drain(): void {
    if (this.phase === 'open') this.phase = 'draining';
  }

  /** Gives up what is outstanding. */
  stop(): void {
    this.drain();
    for (const call of this.everyCall()) {
      this.settle(call, resultOnCancel(call, call.frame?.address, 'closing the client'));
    }
  }

  /** Sends what can be sent, gives up what is late, opens what should be open. */
  flush(nowMs: number): void {
    if (this.phase === 'closed') return;
    if (nowMs >= this.sweepAtMs) this.sweep(nowMs);
    this.route(nowMs);
    this.pump(nowMs);
    if (this.phase === 'draining' && this.budget.operations === 0) {
      this.close();
      return;
    }
    this.connections.seek(nowMs);
    const watch = this.watch.start(this.ring, nowMs);
    if (watch !== undefined) this.outbox.push(watch);
  }

  /** When it wants the next flush, if nothing comes in before. */
  nextFlushAtMs(nowMs: number): number | undefined {
    if (this.phase === 'closed') return undefined;
    if (this.budget.operations > 0) return nowMs + TICK_MS;
    const next = Math.min(this.watch.retryAtMs() ?? Infinity, this.connections.seekAtMs() ?? Infinity);
    return next === Infinity ? undefined : Math.max(next, nowMs + 1);
  }

  /** What is to be done since the last time, in order. */
  take(): readonly Effect[] {
    return this.outbox.take();
  }

  /** Hands queued calls to the streams, as far as the limits allow; after a reply that is all there is to do. */
  pump(nowMs: number): void {
    for (const link of this.directory.openInTurn()) {
      while (!link.queue.isEmpty) {
        const frame = link.nextFrame(this.framesSent + 1, this.budget);
        if (frame === undefined) break;
        this.framesSent++;
        this.operationsSent += frame.operations.length;
        this.budget.send(frame);
        this.outbox.push({
          kind: 'send',
          address: link.address,
          frame,
          deadlineMs: Math.max(1, Math.ceil(frame.lastDeadlineAtMs - nowMs)),
          ringVersion: this.ring.version,
        });
      }
    }
  }

  private route(nowMs: number): void {
    const { arrivals } = this.waiting;
    if (arrivals.isEmpty) return;
    const forwarder = this.directory.forwarder(this.random);
    for (const call of arrivals.drain()) {
      const owner = this.directory.ownerOf(call.operation.key);
      if (owner !== undefined && !owner.isOpen) this.connections.want(owner, nowMs);
      const link = owner?.isOpen === true ? owner : forwarder;
      if (link === undefined) {
        this.waiting.strand(call);
        continue;
      }
      call.direct = link === owner && call.strays < STRAYS_MAX;
      link.queue.push(call);
    }
  }

  private ringAdopted(nowMs: number): void {
    this.outbox.push({ kind: 'ring', ring: this.ring });
    this.waiting.rescue();
    for (const link of this.directory.open) this.routeAnew(link);
    for (const link of this.directory.dead) this.callBack(link, nowMs);
    this.connections.tidy(nowMs);
  }

  private routeAnew(link: Link): void {
    this.waiting.arrive(link.queue.drain());
  }

  private broken(link: Link, reason: string, nowMs: number): void {
    this.connections.broken(link, reason, nowMs);
    this.routeAnew(link);
  }

  /** Reads that a dead node will hardly answer are sent elsewhere; writes wait (invariant 2). */
  private callBack(link: Link, nowMs: number): void {
    for (const call of link.callsInFlight()) {
      if (call.isWrite || !call.retries) continue;
      this.leave(call);
      this.carryOut(call, { kind: 'resend', atOnce: false }, nowMs);
    }
  }

  private carryOut(call: Call, verdict: Verdict, nowMs: number): void {
    if (verdict.kind === 'settle') {
      this.settle(call, verdict.result);
      return;
    }
    call.attempts++;
    if (verdict.atOnce) this.waiting.arrivals.push(call);
    else this.waiting.pause(call, nowMs + pauseMs(RESEND_PAUSE_MS, call.attempts, this.random));
  }

  /** What time alone brings about. */
  private sweep(nowMs: number): void {
    this.sweepAtMs = nowMs + TICK_MS;
    this.expire(nowMs);
    this.connections.tidy(nowMs);
    this.waiting.resume(nowMs);
  }

  private expire(nowMs: number): void {
    const { obstacle } = this;
    for (const queue of this.queues()) {
      for (const call of queue.expire(nowMs)) this.settle(call, resultOnDeadline(call, undefined, obstacle));
    }
    for (const link of this.directory.open) {
      for (const frame of link.frames.values()) {
        if (frame.firstDeadlineAtMs > nowMs) continue;
        for (const call of frame.calls) {
          if (call === undefined || call.deadlineAtMs > nowMs) continue;
          this.settle(call, resultOnDeadline(call, link.address, undefined));
        }
      }
    }
  }

  private settle(call: Call, result: OperationResult): void {
    if (call.frame !== undefined) this.leave(call);
    call.settle(result);
    this.budget.leave(call);
    this.outbox.settle(call);
  }

  private refuse(call: Call, result: OperationResult): void {
    call.settle(result);
    this.outbox.settle(call);
  }

  /** Takes a call out of its frame; a frame for which nobody waits is cancelled. */
  private leave(call: Call): void {
    const frame = call.frame;
    invariant(frame !== undefined, 'only a call in flight can leave');
    const link = this.linkAt(frame.address);
    frame.release(call);
    if (frame.open > 0 || link === undefined) return;
    this.forget(link, frame);
    this.outbox.push({ kind: 'cancel', address: link.address, frame: frame.number });
  }

  private forget(link: Link, frame: Frame): void {
    link.forget(frame);
    this.budget.forget(frame);
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
    return [...this.waiting.queues(), ...[...this.directory.open].map((link) => link.queue)];
  }

  private linkAt(address: string): Link | undefined {
    return this.directory.links.get(address);
  }
}
