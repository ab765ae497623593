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
import type { Call } from './call';
import { Directory } from './directory';
import type { Effect, SessionReport } from './effects';
import { CallQueue, type Frame } from './frame';
import {
  CONNECTING_MAX,
  DIRECT_PAUSE_MS,
  RECONNECT_PAUSE_MS,
  RESEND_PAUSE_MS,
  STRAYS_MAX,
  TICK_MS,
  type SessionLimits,
} from './limits';
import type { Link } from './link';
import { RingWatch } from './ring-watch';
import { resultOnCancel, resultOnDeadline, verdictOnBreak, verdictOnResult, type Verdict } from './verdict';

const CLOSING = 'the node is about to stop';

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
  private readonly directory: Directory;
  private readonly watch: RingWatch;
  /** Came in, or may go out again, and are not routed yet. */
  private readonly arrivals = new CallQueue();
  /** Wait for a node that can be reached. */
  private readonly stranded = new CallQueue();
  /** Wait for their pause to end. */
  private readonly paused = new CallQueue();
  private effects: Effect[] = [];
  private settled: Call[] = [];
  private operations = 0;
  private bytes = 0;
  private operationsInFlight = 0;
  private bytesInFlight = 0;
  private framesSent = 0;
  private operationsSent = 0;
  private lastHops = 0;
  private sweepAtMs = 0;
  private phase: 'open' | 'draining' | 'closed' = 'open';

  constructor(
    private readonly config: SessionConfig,
    private readonly random: Random,
  ) {
    invariant(
      config.nodes.length > 0 || config.registry !== undefined,
      'a session knows a node or the registry',
    );
    this.directory = new Directory(random.shuffle([...config.nodes]));
    this.watch = new RingWatch(this.directory, config.registry, random);
  }

  get ring(): Ring {
    return this.directory.ring;
  }

  get counts(): SessionCounts {
    const { operations, operationsInFlight, framesSent, operationsSent, lastHops } = this;
    return { operations, operationsInFlight, framesSent, operationsSent, lastHops };
  }

  /** Why there is no ring or no node, for people. */
  get obstacle(): string | undefined {
    return this.directory.obstacle() ?? this.watch.obstacle;
  }

  /** Calls wait for the next flush. */
  get wantsFlush(): boolean {
    return !this.arrivals.isEmpty;
  }

  /** Room for that many more bytes of one call. */
  hasRoomFor(bytes: number): boolean {
    const { limits } = this.config;
    return this.operations < limits.operationsMax && this.bytes + bytes <= limits.bytesMax;
  }

  // Inputs: none of them sends anything before the next flush, except that a reply makes room on its link.

  submit(call: Call): void {
    if (this.phase !== 'open') {
      this.refuse(call, { ok: false, code: 'CANCELLED', text: 'the client is closed' });
    } else if (!this.hasRoomFor(call.bytes)) {
      const text = `too much at once: ${this.operations} operations, ${this.bytes} bytes are outstanding`;
      this.refuse(call, { ok: false, code: 'RESOURCE_EXHAUSTED', text });
    } else {
      this.operations++;
      this.bytes += call.bytes;
      this.arrivals.push(call);
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
    link.openUp();
    this.directory.open.add(link);
    this.report({ kind: 'reached', address });
    this.rescue();
  }

  connectFailed(address: string, reason: string, nowMs: number): void {
    const link = this.linkAt(address);
    if (link === undefined) return;
    this.breakLink(link, reason, nowMs);
    this.report({ kind: 'unreachable', address, reason });
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
    this.breakLink(link, reason, nowMs);
    this.report({ kind: 'broken', address, reason, unknown });
  }

  /** The node is about to stop: what is in flight is awaited, everything else goes elsewhere. */
  closing(address: string, nowMs: number): void {
    const link = this.linkAt(address);
    if (link?.phase.kind !== 'open') return;
    link.phase = { kind: 'closing' };
    this.routeAnew(link);
    this.letGo(link, nowMs);
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
      this.effects.push({ kind: 'disconnect', address });
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
    this.letGo(link, nowMs);
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
      this.effects.push({ kind: 'stop-watching' });
      this.watch.broken(nowMs);
      return;
    }
    this.watch.continued();
    if (adopted) this.ringAdopted(nowMs);
  }

  watchEnded(number: number, reason: string, nowMs: number): void {
    if (!this.watch.isCurrent(number)) return;
    const source = this.watch.end(reason, nowMs);
    if (source !== undefined) this.report({ kind: 'watch-ended', source, reason });
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
    if (this.phase === 'draining' && this.operations === 0) {
      this.close();
      return;
    }
    this.connectSome(nowMs);
    const watch = this.watch.start(this.ring, nowMs);
    if (watch !== undefined) this.effects.push(watch);
  }

  /** When it wants the next flush, if nothing comes in before. */
  nextFlushAtMs(nowMs: number): number | undefined {
    if (this.phase === 'closed') return undefined;
    if (this.operations > 0) return nowMs + TICK_MS;
    let next = this.watch.retryAtMs() ?? Infinity;
    if (this.directory.usable().length === 0) {
      for (const { phase } of this.directory.links.values()) {
        if (phase.kind === 'broken') next = Math.min(next, phase.retryAtMs);
      }
    }
    return next === Infinity ? undefined : Math.max(next, nowMs + 1);
  }

  /** What is to be done since the last time, in order. */
  take(): readonly Effect[] {
    const { effects, settled } = this;
    if (effects.length > 0) this.effects = [];
    if (settled.length === 0) return effects;
    this.settled = [];
    return [{ kind: 'settle', calls: settled }, ...effects];
  }

  /** Hands queued calls to the streams, as far as the limits allow; after a reply that is all there is to do. */
  pump(nowMs: number): void {
    const { limits } = this.config;
    for (const link of this.directory.open) {
      while (!link.queue.isEmpty) {
        const frame = link.nextFrame(
          this.framesSent + 1,
          limits,
          limits.inFlightOperationsMax - this.operationsInFlight,
          limits.inFlightBytesMax - this.bytesInFlight,
        );
        if (frame === undefined) break;
        this.framesSent++;
        this.operationsSent += frame.operations.length;
        this.operationsInFlight += frame.operations.length;
        this.bytesInFlight += frame.bytes;
        this.effects.push({
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
    if (this.arrivals.isEmpty) return;
    const forwarder = this.directory.forwarder(this.random);
    for (const call of this.arrivals.drain()) {
      const owner = this.directory.ownerOf(call.operation.key);
      if (owner !== undefined && !owner.isOpen && owner.mayConnect(nowMs)) this.connect(owner);
      const link = owner?.isOpen === true ? owner : forwarder;
      if (link === undefined) {
        this.stranded.push(call);
        continue;
      }
      call.direct = link === owner && call.strays < STRAYS_MAX;
      link.queue.push(call);
    }
  }

  private ringAdopted(nowMs: number): void {
    this.effects.push({ kind: 'ring', ring: this.ring });
    this.rescue();
    for (const link of this.directory.open) this.routeAnew(link);
    for (const link of this.directory.dead) this.callBack(link, nowMs);
    this.retire();
  }

  private retire(): void {
    for (const link of this.directory.retire()) this.disconnect(link);
  }

  private disconnect(link: Link): void {
    if (link.phase.kind !== 'idle' && link.phase.kind !== 'broken') {
      this.effects.push({ kind: 'disconnect', address: link.address });
    }
  }

  /** What waited for a node that can be reached is routed again. */
  private rescue(): void {
    for (const call of this.stranded.drain()) this.arrivals.push(call);
  }

  /** Lets a node stop that wants to, once it owes nothing. */
  private letGo(link: Link, nowMs: number): void {
    if (link.phase.kind !== 'closing' || link.frames.size > 0) return;
    this.disconnect(link);
    this.breakLink(link, CLOSING, nowMs);
    this.report({ kind: 'broken', address: link.address, reason: CLOSING, unknown: 0 });
  }

  private routeAnew(link: Link): void {
    for (const call of link.queue.drain()) this.arrivals.push(call);
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
    if (verdict.atOnce) {
      this.arrivals.push(call);
    } else {
      call.retryAtMs = nowMs + pauseMs(RESEND_PAUSE_MS, call.attempts, this.random);
      this.paused.push(call);
    }
  }

  /** What time alone brings about. */
  private sweep(nowMs: number): void {
    this.sweepAtMs = nowMs + TICK_MS;
    this.expire(nowMs);
    for (const link of [...this.directory.open]) this.letGo(link, nowMs);
    for (const call of this.paused.remove((paused) => paused.retryAtMs <= nowMs)) this.arrivals.push(call);
    this.retire();
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
    this.operations--;
    this.bytes -= call.bytes;
    this.settled.push(call);
  }

  private refuse(call: Call, result: OperationResult): void {
    call.settle(result);
    this.settled.push(call);
  }

  /** Takes a call out of its frame; a frame for which nobody waits is cancelled. */
  private leave(call: Call): void {
    const frame = call.frame;
    invariant(frame !== undefined, 'only a call in flight can leave');
    const link = this.linkAt(frame.address);
    frame.release(call);
    if (frame.open > 0 || link === undefined) return;
    this.forget(link, frame);
    this.effects.push({ kind: 'cancel', address: link.address, frame: frame.number });
  }

  private forget(link: Link, frame: Frame): void {
    link.forget(frame);
    this.operationsInFlight -= frame.operations.length;
    this.bytesInFlight -= frame.bytes;
  }

  private connectSome(nowMs: number): void {
    if (this.directory.usable().length > 0) return;
    let connecting = 0;
    for (const link of this.directory.links.values()) if (link.phase.kind === 'connecting') connecting++;
    for (const link of this.directory.candidates(nowMs)) {
      if (connecting++ >= CONNECTING_MAX) return;
      this.connect(link);
    }
  }

  private connect(link: Link): void {
    link.phase = { kind: 'connecting' };
    this.effects.push({ kind: 'connect', address: link.address });
  }

  private breakLink(link: Link, reason: string, nowMs: number): void {
    this.directory.open.delete(link);
    const pauses = this.directory.open.size > 0 ? DIRECT_PAUSE_MS : RECONNECT_PAUSE_MS;
    link.break(reason, pauses, nowMs, this.random);
    this.routeAnew(link);
  }

  private close(): void {
    this.phase = 'closed';
    this.effects.push({ kind: 'stop-watching' });
    for (const link of this.directory.links.values()) this.disconnect(link);
    this.effects.push({ kind: 'closed' });
  }

  private everyCall(): Call[] {
    const inFlight = [...this.directory.open].map((link) => link.callsInFlight());
    return [...inFlight, ...this.queues().map((queue) => queue.drain())].flat();
  }

  private queues(): CallQueue[] {
    return [this.arrivals, this.stranded, this.paused, ...[...this.directory.open].map((link) => link.queue)];
  }

  private linkAt(address: string): Link | undefined {
    return this.directory.links.get(address);
  }

  private report(report: SessionReport): void {
    this.effects.push({ kind: 'report', report });
  }
}
