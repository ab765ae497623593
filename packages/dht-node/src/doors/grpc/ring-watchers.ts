/**
 * WatchRing at a node: the ring as the node knows it, then its changes, and beats for watchers that ask for them.
 * Without beats a watcher cannot tell a ring that does not change from a node that stands still or hears of nothing. A
 * watcher that does not read gets what has changed meanwhile as one change instead of a queue, and no beats.
 */

import { Metadata, type ServerWritableStream } from '@grpc/grpc-js';
import {
  NO_RING,
  RingError,
  excerpt,
  knownOf,
  ringChange,
  sameKnown,
  type Ring,
  type RingBeat,
} from '@ringkeep/shared';
import { toServiceError } from '@ringkeep/shared/channel';
import { beatToWire, updateToWire, type registry as wire } from '@ringkeep/shared/wire';

type Stream = ServerWritableStream<wire.WatchRingRequest, wire.RingUpdate>;

interface Watcher {
  sent: Ring;
  clogged: boolean;
}

export class RingWatchers {
  readonly name = 'ring watchers';
  private readonly watchers = new Map<Stream, Watcher>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly ring: () => Ring,
    private readonly beat: () => RingBeat,
  ) {}

  accept(stream: Stream): void {
    const watcher: Watcher = { sent: NO_RING, clogged: false };
    this.watchers.set(stream, watcher);
    stream.sendMetadata(new Metadata());
    stream.on('cancelled', () => this.watchers.delete(stream));
    stream.on('error', () => this.watchers.delete(stream));
    stream.on('drain', () => {
      watcher.clogged = false;
      this.send(stream, watcher);
    });
    const ring = this.ring();
    // A caller that has this very version is sent nothing until there is a newer one.
    const { fromVersion, fromRun } = stream.request;
    if (sameKnown({ version: fromVersion, run: fromRun }, knownOf(ring))) watcher.sent = ring;
    this.send(stream, watcher);
    if (!stream.request.beats) return;
    this.write(stream, watcher, beatToWire(this.beat()));
    this.timer ??= this.nextBeat();
  }

  /** The node has adopted a newer ring. */
  changed(): void {
    for (const [stream, watcher] of this.watchers) this.send(stream, watcher);
  }

  stop(): void {
    clearTimeout(this.timer);
    for (const stream of [...this.watchers.keys()]) stream.end();
    this.watchers.clear();
  }

  private send(stream: Stream, watcher: Watcher): void {
    const ring = this.ring();
    if (this.isOfAnother(stream.request.clusterId, ring)) return this.refuse(stream, ring);
    if (watcher.clogged || ring.version <= watcher.sent.version) return;
    const update =
      watcher.sent.version === 0
        ? ({ kind: 'ring', ring } as const)
        : ({ kind: 'change', change: ringChange(watcher.sent, ring) } as const);
    watcher.sent = ring;
    this.write(stream, watcher, updateToWire(update));
  }

  private write(stream: Stream, watcher: Watcher, message: wire.RingUpdate): void {
    if (!this.watchers.has(stream) || watcher.clogged) return;
    watcher.clogged = !stream.write(message);
  }

  private nextBeat(): NodeJS.Timeout {
    return setTimeout(() => this.beatAll(), this.beat().intervalMs);
  }

  private beatAll(): void {
    const message = beatToWire(this.beat());
    let beats = false;
    for (const [stream, watcher] of this.watchers) {
      if (!stream.request.beats) continue;
      beats = true;
      this.write(stream, watcher, message);
    }
    this.timer = beats ? this.nextBeat() : undefined;
  }

  /** A node that has not joined yet has no cluster. */
  private isOfAnother(clusterId: string, ring: Ring): boolean {
    return clusterId !== '' && ring.clusterId !== '' && clusterId !== ring.clusterId;
  }

  private refuse(stream: Stream, ring: Ring): void {
    this.watchers.delete(stream);
    const text = `this node belongs to cluster ${ring.clusterId}, not to ${excerpt(stream.request.clusterId)}`;
    stream.emit('error', toServiceError(new RingError('FAILED_PRECONDITION', text)));
  }
}
