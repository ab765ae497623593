/**
 * Runs a session over gRPC: hands it the time and the news from the network, and carries out its effects.
 *
 * Calls issued in one turn of the event loop are flushed together at its end. (`setImmediate` runs after everything
 * that the I/O of the turn has caused, promises included.) Calls issued on a reply are flushed as soon as all callbacks
 * of that reply have run. There is one timer, set for whatever the session wants to look at next.
 */

import { performance } from 'node:perf_hooks';
import { setImmediate } from 'node:timers';
import type { Random, Ring, RingError, RingUpdate } from '@ringkeep/shared';
import { stacklessError, type TlsMaterial } from '@ringkeep/shared/channel';
import { decodeOutcomes, updateFromWire, type dht } from '@ringkeep/shared/wire';
import { Session, type Call, type Effect, type SessionConfig, type SessionReport } from '../core';
import { KeptValues } from './kept-values';
import { NodeConnection } from './node-connection';
import { RingFeed, type FeedEvents } from './ring-feed';

export interface HostOptions {
  readonly tls: TlsMaterial | undefined;
  readonly connectMs: number;
}

export interface HostEvents {
  ring(ring: Ring): void;
  report(report: SessionReport): void;
  closed(): void;
}

export class SessionHost {
  private readonly session: Session;
  private readonly connections = new Map<string, NodeConnection>();
  private feed: RingFeed | undefined;
  private timer: { readonly handle: NodeJS.Timeout; readonly dueMs: number } | undefined;
  private flushing = false;
  private flushingSoon = false;
  private full: RingError | undefined;
  private waitingForRoom: (() => void)[] = [];

  constructor(
    config: SessionConfig,
    random: Random,
    private readonly options: HostOptions,
    private readonly events: HostEvents,
  ) {
    this.session = new Session(config, random);
    this.scheduleFlush();
  }

  get ring(): Ring {
    return this.session.ring;
  }

  get counts(): Session['counts'] {
    return this.session.counts;
  }

  get obstacle(): string | undefined {
    return this.session.obstacle;
  }

  get refusal(): string | undefined {
    return this.session.refusal;
  }

  now(): number {
    return performance.now();
  }

  hasRoomFor(bytes: number): boolean {
    return this.session.room.hasRoomFor(bytes);
  }

  /**
   * The error for callers for whom there is no room. There is one for all callers of a turn, because they may be many.
   */
  get noRoomError(): RingError {
    return (this.full ??= stacklessError('RESOURCE_EXHAUSTED', this.session.room.obstacle));
  }

  /** Resolves at once while there is room, otherwise when at most half of the limit is outstanding. */
  room(bytes = 0): Promise<void> {
    if (this.session.room.hasRoomFor(bytes)) return Promise.resolve();
    return new Promise((resolve) => this.waitingForRoom.push(resolve));
  }

  submit(call: Call): void {
    this.session.submit(call);
    this.scheduleFlush();
  }

  abort(call: Call): void {
    this.session.abort(call);
    this.scheduleFlush();
  }

  /** No new calls; `closed` is reported when the last one has its result. */
  drain(): void {
    this.session.drain();
    this.scheduleFlush();
  }

  /** Gives up what is outstanding and closes. */
  stop(): void {
    this.session.stop();
    this.scheduleFlush();
  }

  /**
   * Flushes at the end of this turn of the event loop, unless something flushes sooner: what is submitted in one turn
   * travels together.
   */
  private scheduleFlush(): void {
    if (this.flushing || this.flushingSoon) return;
    this.flushing = true;
    setImmediate(() => {
      this.flushing = false;
      this.flush();
    });
  }

  /**
   * Flushes when everything has run that waits for the results about to be delivered. What it submits travels together
   * and leaves in the same turn, while a node works on the next frame. This works because gRPC delivers messages from
   * microtasks: those of the callers come next, and ticks after them.
   */
  private flushAfterCallers(): void {
    if (this.flushingSoon) return;
    this.flushingSoon = true;
    process.nextTick(() => {
      this.flushingSoon = false;
      this.flush();
    });
  }

  private flush(): void {
    this.full = undefined;
    this.session.flush(this.now());
    this.carryOut();
    this.setTimer();
  }

  private setTimer(): void {
    const nowMs = this.now();
    const dueMs = this.session.nextFlushAtMs(nowMs);
    if (this.timer !== undefined && (dueMs === undefined || this.timer.dueMs > dueMs)) {
      clearTimeout(this.timer.handle);
      this.timer = undefined;
    }
    if (this.timer !== undefined || dueMs === undefined) return;
    const handle = setTimeout(() => {
      this.timer = undefined;
      this.flush();
    }, dueMs - nowMs);
    this.timer = { handle, dueMs };
  }

  private carryOut(): void {
    for (const effect of this.session.take()) this.perform(effect);
  }

  private perform(effect: Effect): void {
    switch (effect.kind) {
      case 'settle':
        for (const call of effect.calls) call.deliver();
        this.admitWaiting();
        break;
      case 'send':
        this.send(effect);
        break;
      case 'cancel':
        this.connections.get(effect.address)?.cancel(effect.frame);
        break;
      case 'connect':
        this.connect(effect.address);
        break;
      case 'disconnect':
        this.connections.get(effect.address)?.close();
        this.connections.delete(effect.address);
        break;
      case 'watch':
        this.watch(effect);
        break;
      case 'stop-watching':
        this.feed?.close();
        this.feed = undefined;
        break;
      case 'ring':
        this.events.ring(effect.ring);
        break;
      case 'report':
        this.events.report(effect.report);
        break;
      case 'closed':
        this.events.closed();
        break;
    }
  }

  private admitWaiting(): void {
    if (this.waitingForRoom.length === 0 || !this.session.room.isHalfEmpty) return;
    for (const enter of this.waitingForRoom.splice(0)) enter();
  }

  private send(effect: Extract<Effect, { kind: 'send' }>): void {
    const { address, frame, deadlineMs, ringVersion } = effect;
    const header = { frame: frame.number, deadlineMs, hops: 0, ringVersion, direct: frame.direct };
    if (this.connections.get(address)?.send(header, frame.operations) === false) this.session.full(address);
  }

  private connect(address: string): void {
    const connection: NodeConnection = new NodeConnection(address, this.options, {
      opened: () => {
        this.session.opened(address);
        this.flush();
      },
      failed: (reason) => {
        this.connections.delete(address);
        this.session.connectFailed(address, reason, this.now());
        this.scheduleFlush();
      },
      ended: (reason) => {
        this.connections.delete(address);
        this.session.streamEnded(address, reason, this.now());
        this.scheduleFlush();
      },
      closing: () => {
        this.session.closing(address, this.now());
        this.scheduleFlush();
      },
      reply: (reply) => this.replied(address, connection, reply),
      writable: () => {
        this.session.writable(address);
        this.scheduleFlush();
      },
    });
    this.connections.set(address, connection);
  }

  private replied(address: string, connection: NodeConnection, reply: dht.BatchReply): void {
    const nowMs = this.now();
    let results;
    let update: RingUpdate | undefined;
    try {
      results = decodeOutcomes(reply, new KeptValues().take);
      // The ring first: what was refused for the old one is routed by the new one.
      update = reply.ring && updateFromWire(reply.ring);
    } catch (error) {
      connection.close();
      this.connections.delete(address);
      this.session.streamEnded(address, (error as Error).message, nowMs);
      this.scheduleFlush();
      return;
    }
    if (update !== undefined) this.session.ringLearned(update, nowMs);
    this.session.reply(address, reply.frame, results, reply.hops, nowMs);
    this.flushAfterCallers();
    this.carryOut();
  }

  private watch(effect: Extract<Effect, { kind: 'watch' }>): void {
    const { number, source, from, clusterId } = effect;
    const request = { fromVersion: from.version, fromRun: from.run, clusterId, beats: true };
    const events: FeedEvents = {
      accepted: () => this.session.watchAccepted(number, this.now()),
      beat: (beat) => {
        this.session.watchBeat(number, beat, this.now());
        this.scheduleFlush();
      },
      update: (update) => {
        this.session.watchNews(number, update, this.now());
        this.flush();
      },
      ended: (reason) => {
        this.session.watchEnded(number, reason, this.now());
        this.scheduleFlush();
      },
    };
    this.feed?.close();
    if (source.kind === 'registry') {
      this.feed = RingFeed.ofRegistry(source.address, request, this.options.tls, events);
      return;
    }
    const stream = this.connections.get(source.address)?.watchRing(request);
    if (stream === undefined) events.ended('the connection has ended');
    else this.feed = new RingFeed(stream, events);
  }
}
