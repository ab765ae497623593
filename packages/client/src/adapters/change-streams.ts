/**
 * Runs a watch of changes over gRPC: a stream for each range that its core asks for, one timer, and the news decoded.
 *
 * The channels are the client's, one for each node, whatever the number of watches. An answer that no node would give
 * otherwise (what is watched is malformed, or the node is from before there were watches) ends the watch.
 */

import { performance } from 'node:perf_hooks';
import { status, type ClientReadableStream, type StatusObject } from '@grpc/grpc-js';
import type { Arc, Bytes, Random, Ring } from '@ringkeep/shared';
import { RingError } from '@ringkeep/shared/ring/errors';
import { cancelSoon, channelTo, type TlsMaterial } from '@ringkeep/shared/channel';
import type { ToldChange } from '@ringkeep/shared/operations/changes';
import { bufferOfBytes } from '@ringkeep/shared/operations/bytes';
import { decodeWatchEvents, type dht } from '@ringkeep/shared/wire';
import { NodeCalls } from '@ringkeep/shared/wire/client-services';
import { WatchRequest } from '@ringkeep/shared/wire/generated/dht';
import { ChangeWatch, type ChangeWatchConfig, type ChangeWatchEffect } from '../core';

export type ChangeFilter =
  { readonly kind: 'everything' } | { readonly kind: 'key' | 'prefix' | 'tag'; readonly bytes: Bytes };

export interface ChangeListener {
  changes(range: Arc, through: number, changes: readonly ToldChange[]): void;
  lost(range: Arc, through: number): void;
  begun(): void;
  failed(error: RingError): void;
}

/** One channel to each node, for all watches of a client. */
export class ChangeChannels {
  private readonly clients = new Map<string, NodeCalls>();

  constructor(private readonly tls: TlsMaterial | undefined) {}

  to(address: string): NodeCalls {
    const known = this.clients.get(address);
    if (known !== undefined) return known;
    const client = new NodeCalls(...channelTo(address, this.tls));
    this.clients.set(address, client);
    return client;
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
    this.clients.clear();
  }
}

type Stream = ClientReadableStream<dht.WatchEvents>;

export class ChangeStreams {
  private readonly core: ChangeWatch;
  private readonly streams = new Map<number, Stream>();
  private timer: NodeJS.Timeout | undefined;
  private paused = false;
  private over = false;

  constructor(
    private readonly channels: ChangeChannels,
    private readonly filter: ChangeFilter,
    config: ChangeWatchConfig,
    random: Random,
    private readonly listener: ChangeListener,
  ) {
    this.core = new ChangeWatch(config, random);
  }

  ringLearned(ring: Ring): void {
    this.core.ringLearned(ring);
    this.flush();
  }

  /** Whoever is told takes no more for now, or takes more again. */
  pause(paused: boolean): void {
    if (paused === this.paused || this.over) return;
    this.paused = paused;
    for (const stream of this.streams.values()) {
      if (paused) stream.pause();
      else stream.resume();
    }
    this.core.pause(paused, performance.now());
    this.flush();
  }

  close(): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.timer);
    for (const stream of this.streams.values()) cancelSoon(stream);
    this.streams.clear();
  }

  private flush(): void {
    if (this.over) return;
    this.core.flush(performance.now());
    this.carryOut();
    this.setTimer();
  }

  private setTimer(): void {
    clearTimeout(this.timer);
    const next = this.core.nextFlushAtMs();
    if (this.over || next === Infinity) return;
    this.timer = setTimeout(() => this.flush(), Math.max(1, next - performance.now()));
  }

  private carryOut(): void {
    for (const effect of this.core.take()) this.perform(effect);
  }

  private perform(effect: ChangeWatchEffect): void {
    switch (effect.kind) {
      case 'open':
        return this.open(effect);
      case 'close': {
        const stream = this.streams.get(effect.stream);
        this.streams.delete(effect.stream);
        return stream && cancelSoon(stream);
      }
      case 'changes':
        return this.listener.changes(effect.range, effect.through, effect.changes);
      case 'lost':
        return this.listener.lost(effect.range, effect.through);
      case 'begun':
        return this.listener.begun();
    }
  }

  private open({
    stream: number,
    address,
    ranges,
    direct,
  }: Extract<ChangeWatchEffect, { kind: 'open' }>): void {
    const { filter } = this;
    const request = WatchRequest.fromPartial({
      ...(filter.kind !== 'everything' && { [filter.kind]: bufferOfBytes(filter.bytes) }),
      ranges: ranges.map(({ range, seq }) => ({
        ...range,
        since: seq === undefined ? undefined : BigInt(seq),
      })),
      direct,
    });
    const stream = this.channels.to(address).watch(request);
    this.streams.set(number, stream);
    if (this.paused) stream.pause();
    stream.on('data', (message: dht.WatchEvents) => this.received(number, stream, message));
    // An error is followed by its status, which says the same.
    stream.on('error', () => undefined);
    stream.on('status', (ended) => this.ended(number, stream, ended));
  }

  private received(number: number, stream: Stream, message: dht.WatchEvents): void {
    if (this.streams.get(number) !== stream) return;
    const news = decodeWatchEvents(message);
    this.core.told(number, news, performance.now());
    if (news.ended === undefined) this.carryOut();
    else this.flush();
  }

  private ended(number: number, stream: Stream, { code, details }: StatusObject): void {
    if (this.streams.get(number) !== stream) return;
    this.streams.delete(number);
    if (code === status.INVALID_ARGUMENT) return this.fail(new RingError('INVALID_ARGUMENT', details));
    if (code === status.UNIMPLEMENTED)
      return this.fail(new RingError('FAILED_PRECONDITION', 'a node of the ring is too old to be watched'));
    this.core.streamEnded(number, performance.now());
    this.flush();
  }

  private fail(error: RingError): void {
    this.close();
    this.listener.failed(error);
  }
}
