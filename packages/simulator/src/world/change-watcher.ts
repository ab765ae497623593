/**
 * A watcher of everything: the client library's watch of changes, on the simulated network and clock. It hears of the ring
 * late, by looking at what some node knows; and some watchers are slow to take what they are told.
 */

import { NO_RING, type Bytes, type Random, type RingKey } from '@ringkeep/shared';
import { positionOf } from '@ringkeep/shared/ring/ring-key';
import { ringKeyOf } from '@ringkeep/shared/operations';
import { decodeWatchEvents, dht } from '@ringkeep/shared/wire';
import { ChangeWatch, type ChangeWatchEffect } from '@ringkeep/client/core';
import { WatchedChanges } from '../checkers/watched-changes';
import { openChanges } from './change-streams';
import type { Party } from './network';
import type { Stream } from './stream';
import type { World } from './world';

/** How often it looks at what a node knows of the ring. */
const LOOK_MS = { least: 20, most: 400 } as const;
const SLOW_CHANCE = 0.4;
const SLOW_MS_MAX = 1_500;

export class ChangeWatcher {
  readonly changes: WatchedChanges;
  private readonly core: ChangeWatch;
  private readonly streams = new Map<number, Stream>();
  private readonly takesMs: number;
  private timerAt = Infinity;
  private flushPlanned = false;

  constructor(
    private readonly world: World,
    readonly party: Party,
    private readonly random: Random,
    keys: ReadonlyMap<Bytes, RingKey>,
  ) {
    const { positionRule } = world.parameters;
    const start = NO_POSITION;
    this.changes = new WatchedChanges(`watcher ${party}`, keys);
    this.takesMs = random.chance(SLOW_CHANCE) ? random.fraction() * SLOW_MS_MAX : 0;
    const config = {
      from: [{ range: { start, end: start }, seq: undefined }],
      nodes: world.machines.map(({ addr }) => addr),
      positionOf: (key: Bytes) => positionOf(ringKeyOf(key, positionRule)),
      rules: world.rules.clients,
    };
    this.core = new ChangeWatch(config, random.fork());
  }

  start(): void {
    this.world.timeline.after(this.random.fraction() * 200, () => this.look());
  }

  private look(): void {
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
      case 'changes': {
        const failure = this.changes.told(effect.range, effect.changes, world.timeline.now);
        if (failure) world.fail(failure.checker, failure.text);
        return;
      }
      case 'lost':
        world.trace.note('client', () => `watcher ${this.party}: changes are lost`);
        return this.changes.lostChanges(effect.range);
      case 'begun':
        return;
    }
  }

  private open({
    stream: number,
    address,
    ranges,
    direct,
  }: Extract<ChangeWatchEffect, { kind: 'open' }>): void {
    const { world, party } = this;
    const ended = (): void => {
      if (!this.streams.delete(number)) return;
      this.core.streamEnded(number, world.timeline.now);
      this.flushSoon();
    };
    const machine = world.machineAt(address);
    const request = dht.WatchRequest.fromPartial({
      ranges: ranges.map(({ range, seq }) => ({
        ...range,
        since: seq === undefined ? undefined : BigInt(seq),
      })),
      direct,
    });
    world.trace.note('client', () => `watcher ${party} asks ${machine?.name ?? address}`);
    const receive = (bytes: Uint8Array): void => {
      if (!this.streams.has(number)) return;
      const { now } = world.timeline;
      this.core.told(number, decodeWatchEvents(dht.WatchEvents.decode(bytes)), now);
      this.flushSoon();
    };
    const stream =
      machine && openChanges(world, party, machine, request, { receive, gone: ended }, this.takesMs);
    if (stream) this.streams.set(number, stream);
    else
      world.timeline.after(this.random.fraction() * 5, () => {
        this.core.streamEnded(number, world.timeline.now);
        this.flushSoon();
      });
  }
}

const NO_POSITION = positionOf('\0\0\0\0\0\0\0\0' as RingKey);
