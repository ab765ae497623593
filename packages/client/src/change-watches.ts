/** The watches of one client: each begins when the ring is known, hears of newer rings, and ends with the client. */

import type { Arc, Bytes, Position, Random, Ring } from '@ringkeep/shared';
import { RingError } from '@ringkeep/shared/ring/errors';
import { advance } from '@ringkeep/shared/ring/position';
import type { PositionRule } from '@ringkeep/shared/ring/position-rule';
import { positionOf } from '@ringkeep/shared/ring/ring-key';
import { ringKeyOf } from '@ringkeep/shared/operations/bytes';
import type { TlsMaterial } from '@ringkeep/shared/channel';
import {
  ChangeChannels,
  ChangeStreams,
  type ChangeFilter,
  type ChangeListener,
} from './adapters/change-streams';
import { ChangeResyncs, type PageSource } from './change-resyncs';
import { parseCursor, type CursorPart } from './core';
import { keyBytes, prefixBytes, type Operand } from './operands';
import { RingChanges, WAITING_BYTES_MAX, type RingEvent } from './ring-changes';

/** What to watch: one of these, or nothing for everything. */
export interface WatchOptions {
  readonly key?: Operand;
  readonly prefix?: Operand;
  readonly tag?: Operand;
  /** The cursor of an earlier watch of the same: it goes on from there. Otherwise it begins with what comes next. */
  readonly since?: string | undefined;
  /** What is lost is read anew, and told between two events of the kind `resync`; otherwise it is said to be lost. */
  readonly resync?: boolean;
  readonly signal?: AbortSignal | undefined;
}

interface Watched {
  readonly changes: RingChanges<RingEvent>;
  readonly filter: ChangeFilter;
  readonly since: string | undefined;
  readonly resync: boolean;
  streams: ChangeStreams | undefined;
}

export class ChangeWatches {
  private readonly watched = new Map<RingChanges<RingEvent>, Watched>();
  private readonly channels: ChangeChannels;
  private closed = false;

  constructor(
    private readonly nodes: readonly string[],
    tls: TlsMaterial | undefined,
    private readonly random: Random,
    private readonly page: PageSource,
    /** Bytes of changes of each watch that wait to be taken. */
    private readonly waitingBytesMax = WAITING_BYTES_MAX,
  ) {
    this.channels = new ChangeChannels(tls);
  }

  /** Throws INVALID_ARGUMENT. */
  open(options: WatchOptions, ring: Ring): RingChanges<RingEvent> {
    const filter = filterOf(options);
    if (options.since !== undefined) parseCursor(options.since);
    const changes = new RingChanges<RingEvent>(
      options.signal,
      (over) => this.watched.delete(over),
      this.waitingBytesMax,
    );
    if (this.closed) changes.finish(new RingError('CANCELLED', 'the client is closed'));
    if (changes.isOver) return changes;
    const watched: Watched = {
      changes,
      filter,
      since: options.since,
      resync: options.resync ?? false,
      streams: undefined,
    };
    this.watched.set(changes, watched);
    if (ring.version > 0) this.begin(watched, ring);
    return changes;
  }

  ringLearned(ring: Ring): void {
    for (const watched of this.watched.values()) {
      if (watched.streams === undefined) this.begin(watched, ring);
      else watched.streams.ringLearned(ring);
    }
  }

  close(): void {
    this.closed = true;
    for (const { changes } of this.watched.values()) changes.finish(undefined);
    this.channels.close();
  }

  private begin(watched: Watched, ring: Ring): void {
    const { changes, filter } = watched;
    const rule = ring.parameters.positionRule;
    const since = watched.since === undefined ? undefined : parseCursor(watched.since);
    // Numbers of another cluster say nothing here.
    const isOfRing = since?.clusterId === ring.clusterId;
    const from: readonly CursorPart[] =
      since !== undefined && isOfRing ? since.parts : [{ range: rangeOf(filter, rule), seq: undefined }];
    const config = {
      from,
      missing: since === undefined || isOfRing ? [] : from.map(({ range }) => range),
      nodes: this.nodes,
      positionOf: (key: Bytes) => positionOf(ringKeyOf(key, rule)),
    };
    const listener = watched.resync
      ? new ChangeResyncs(changes, filter, rule, this.page)
      : toldPlainly(changes);
    const streams = new ChangeStreams(this.channels, filter, config, this.random, listener);
    watched.streams = streams;
    changes.start(streams, from, ring);
    streams.ringLearned(ring);
  }
}

function toldPlainly(changes: RingChanges<RingEvent>): ChangeListener {
  return {
    changes: (range, through, told) => changes.told(range, through, told),
    lost: (range, through) => changes.lost(range, through),
    begun: () => changes.hasBegun(),
    failed: (error) => changes.finish(error),
  };
}

function filterOf({ key, prefix, tag }: WatchOptions): ChangeFilter {
  if ([key, prefix, tag].filter((each) => each !== undefined).length > 1)
    throw new RingError('INVALID_ARGUMENT', 'a watch is of a key, a prefix or a tag: give one of them');
  if (key !== undefined) return { kind: 'key', bytes: keyBytes(key) };
  if (tag !== undefined) return { kind: 'tag', bytes: keyBytes(tag) };
  return prefix === undefined ? { kind: 'everything' } : { kind: 'prefix', bytes: prefixBytes(prefix) };
}

/** A key is at one place, and so are all keys of a tag where the ring places them by it. */
function rangeOf(filter: ChangeFilter, rule: PositionRule): Arc {
  if (filter.kind === 'key') return pointOf(positionOf(ringKeyOf(filter.bytes, rule)));
  if (filter.kind === 'tag' && rule === 'tag')
    return pointOf(positionOf(ringKeyOf(filter.bytes, 'whole-key')));
  const start = 0n as Position;
  return { start, end: start };
}

function pointOf(start: Position): Arc {
  return { start, end: advance(start, 1n) };
}
