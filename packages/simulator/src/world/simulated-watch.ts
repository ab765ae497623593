/**
 * A watch of changes: the client library's, on the simulated network and clock. It hears of the ring late, by looking at
 * what some node knows.
 */

import { NO_RING, type Arc, type Bytes, type Position, type Random, type RingKey } from '@ringkeep/shared';
import { advance } from '@ringkeep/shared/ring/position';
import { positionOf } from '@ringkeep/shared/ring/ring-key';
import { bufferOfBytes, ringKeyOf, type ToldChange } from '@ringkeep/shared/operations';
import { decodeWatchEvents, dht } from '@ringkeep/shared/wire';
import { ChangeWatch, type ChangeWatchEffect } from '@ringkeep/client/core';
import { openChanges } from './change-streams';
import type { Party } from './network';
import type { Stream } from './stream';
import type { World } from './world';

/** How often it looks at what a node knows of the ring. */
const LOOK_MS = { least: 20, most: 400 } as const;

export interface WatchListener {
  /** Everything of the range up to some number. */
  told(range: Arc, changes: readonly ToldChange[]): void;
  lost(range: Arc): void;
  begun(): void;
}

/** What is watched, and how. */
export interface WatchTerms {
  readonly name: string;
  /** Everything, without one. */
  readonly key?: Bytes;
  /** How long it takes for a message. */
  readonly takesMs: number;
}

export class SimulatedWatch {
  private readonly core: ChangeWatch;
  private readonly streams = new Map<number, Stream>();
  private timerAt = Infinity;
  private flushPlanned = false;
  private over = false;

  constructor(
    private readonly world: World,
    private readonly party: Party,
    private readonly random: Random,
    private readonly terms: WatchTerms,
    private readonly listener: WatchListener,
  ) {
    const { positionRule } = world.parameters;
    const placeOf = (key: Bytes): Position => positionOf(ringKeyOf(key, positionRule));
    const start = terms.key === undefined ? NO_POSITION : placeOf(terms.key);
    const end = terms.key === undefined ? start : advance(start, 1n);
    const config = {
      from: [{ range: { start, end }, seq: undefined }],
      nodes: world.machines.map(({ addr }) => addr),
      positionOf: placeOf,
      rules: world.rules.clients,
    };
    this.core = new ChangeWatch(config, random.fork());
  }

  start(withinMs = 0): void {
    this.world.timeline.after(this.random.fraction() * withinMs, () => this.look());
  }

  close(): void {
    if (this.over) return;
    this.over = true;
    for (const stream of this.streams.values()) stream.close(0);
    this.streams.clear();
  }

  private look(): void {
    if (this.over) return;
    const there = this.world.machines.flatMap(({ process }) =>
      process?.core && !process.paused ? [process.core] : [],
    );
    const ring = there.length === 0 ? NO_RING : this.random.pick(there).view.ring;
    this.core.ringLearned(ring);
    this.flushSoon();
    const { least, most } = LOOK_MS;
    this.world.timeline.after(this.random.between(least, most), () => this.look());
  }

  private flushSoon(): void {
    if (this.flushPlanned) return;
    this.flushPlanned = true;
    this.world.timeline.after(0, () => {
      this.flushPlanned = false;
      this.flush();
    });
  }

  private flush(): void {
    if (this.over) return;
    const { timeline } = this.world;
    this.core.flush(timeline.now);
    for (const effect of this.core.take()) this.perform(effect);
    const at = this.core.nextFlushAtMs();
    if (at >= this.timerAt) return;
    this.timerAt = at;
    timeline.at(Math.max(at, timeline.now), () => {
      if (this.timerAt !== at) return;
      this.timerAt = Infinity;
      this.flush();
    });
  }

  private perform(effect: ChangeWatchEffect): void {
    const { world } = this;
    switch (effect.kind) {
      case 'open':
        return this.open(effect);
      case 'close':
        this.streams.get(effect.stream)?.close(0);
        this.streams.delete(effect.stream);
        return;
      case 'changes':
        return this.listener.told(effect.range, effect.changes);
      case 'lost':
        world.trace.note('client', () => `${this.terms.name}: changes are lost`);
        return this.listener.lost(effect.range);
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
    const { world, party, terms } = this;
    const ended = (): void => {
      if (!this.streams.delete(number)) return;
      this.core.streamEnded(number, world.timeline.now);
      this.flushSoon();
    };
    const machine = world.machineAt(address);
    const request = dht.WatchRequest.fromPartial({
      ...(terms.key !== undefined && { key: bufferOfBytes(terms.key) }),
      ranges: ranges.map(({ range, seq }) => ({
        ...range,
        since: seq === undefined ? undefined : BigInt(seq),
      })),
      direct,
    });
    world.trace.note('client', () => `${terms.name} asks ${machine?.name ?? address}`);
    const receive = (bytes: Uint8Array): void => {
      if (!this.streams.has(number)) return;
      const { now } = world.timeline;
      this.core.told(number, decodeWatchEvents(dht.WatchEvents.decode(bytes)), now);
      this.flushSoon();
    };
    const stream =
      machine && openChanges(world, party, machine, request, { receive, gone: ended }, terms.takesMs);
    if (stream) this.streams.set(number, stream);
    else
      world.timeline.after(this.random.fraction() * 5, () => {
        this.core.streamEnded(number, world.timeline.now);
        this.flushSoon();
      });
  }
}

const NO_POSITION = positionOf('\0\0\0\0\0\0\0\0' as RingKey);
