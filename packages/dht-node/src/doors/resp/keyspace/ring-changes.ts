/**
 * What is committed anywhere on the ring, for the connections that listen: one watch of each arc, however many listen,
 * and none while nobody does.
 *
 * A range that has moved is watched at its new owner from the number on up to which it was told. What is lost on the
 * way is lost, as notifications are in Redis: whoever must have every change watches with the client.
 */

import type { Arc, Bytes, Member } from '@ringkeep/shared';
import { RingError } from '@ringkeep/shared';
import type { ChangeKind } from '@ringkeep/shared/operations';
import { arcInside, arcsEqual } from '@ringkeep/shared/ring/arc';
import { keyOf } from '@ringkeep/shared/ring/ring-key';
import type { RingView } from '@ringkeep/shared/ring/ring-view';
import type { WatchNews } from '@ringkeep/shared/operations/changes';
import type { Change } from '../../../core/replica/change-history';
import type { WatchSink } from '../../../ask/open-watches';
import type { WatchInput } from '../../../core/inputs';

export interface KeyChange {
  readonly key: Bytes;
  readonly kind: ChangeKind;
}

export interface ChangeListener {
  changed(change: KeyChange): void;
}

/** Where changes come from. */
export interface ChangeSource {
  readonly view: RingView;
  /** @returns what closes it */
  watch(asked: Pick<WatchInput, 'filter' | 'ranges' | 'direct'>, sink: WatchSink): () => void;
  /** The same at another node. @returns what closes it */
  watchAt(owner: Member, range: Arc, since: number | undefined, sink: RemoteSink): () => void;
  now(): number;
}

export interface RemoteSink {
  told(news: WatchNews): void;
  /** Nothing more comes of it. */
  ended(): void;
}

/** A range that is watched at one node. */
interface Part {
  readonly range: Arc;
  /** It was told everything up to that number; undefined if nothing yet. */
  since: number | undefined;
  isLive: boolean;
  heardAtMs: number;
  close: () => void;
}

/** An owner says each second how far it is. */
const SILENT_MS = 3_000;
/** How long the watches may take to begin. */
const BEGIN_MS = 5_000;
/** How often it is looked who is silent, and what could not be watched is tried again. */
const LOOK_MS = 250;

export class RingChanges {
  private readonly listeners = new Set<ChangeListener>();
  private readonly parts = new Set<Part>();
  private missing: { readonly range: Arc; readonly since: number | undefined }[] = [];
  private waiting: {
    readonly begun: () => void;
    readonly failed: (error: RingError) => void;
    readonly untilMs: number;
  }[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly source: ChangeSource) {}

  /** Resolves when nothing that is written from then on is missed. Throws UNAVAILABLE. */
  listen(listener: ChangeListener): Promise<void> {
    this.listeners.add(listener);
    if (this.timer === undefined) this.begin();
    return new Promise((begun, failed) => {
      this.waiting.push({ begun, failed, untilMs: this.source.now() + BEGIN_MS });
      this.tellBegun();
    });
  }

  leave(listener: ChangeListener): void {
    this.listeners.delete(listener);
    if (this.listeners.size === 0) this.stop();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    for (const { close } of this.parts) close();
    this.parts.clear();
    this.missing = [];
    const error = new RingError('UNAVAILABLE', 'the changes are not watched any more');
    for (const { failed } of this.waiting.splice(0)) failed(error);
  }

  private begin(): void {
    this.timer = setInterval(() => this.look(), LOOK_MS);
    this.missing = this.source.view.ring.arcs.map(({ start, end }) => ({
      range: { start, end },
      since: undefined,
    }));
    this.openMissing();
  }

  private look(): void {
    const nowMs = this.source.now();
    for (const part of this.parts)
      if (nowMs - part.heardAtMs > SILENT_MS) this.lose(part, part.range, part.since);
    this.openMissing();
    const error = new RingError('UNAVAILABLE', 'not every part of the ring can be watched at present');
    for (const { failed } of this.waiting.filter(({ untilMs }) => nowMs >= untilMs)) failed(error);
    this.waiting = this.waiting.filter(({ untilMs }) => nowMs < untilMs);
  }

  private openMissing(): void {
    const { view } = this.source;
    for (const { range, since } of this.missing.splice(0)) {
      const arcs = view.arcsWithin(range);
      if (arcs.length === 0) this.missing.push({ range, since });
      for (const arc of arcs) for (const inside of arcInside(range, arc)) this.open(inside, since);
    }
  }

  private open(range: Arc, since: number | undefined): void {
    const part: Part = { range, since, isLive: false, heardAtMs: this.source.now(), close: () => undefined };
    this.parts.add(part);
    part.close = this.source.watch(
      { filter: { kind: 'everything' }, ranges: [{ range, since }], direct: false },
      {
        told: (told, through, changes, taken) => {
          this.told(part, told, through, changes.map(keyChangeOf));
          taken();
        },
        rangeEnded: (ended, through, because) =>
          this.lose(part, ended, because === 'moved' && through > 0 ? through : undefined),
        ended: () => this.lose(part, range, part.since),
        elsewhere: (owner, over) => this.goElsewhere(part, owner, over),
      },
    );
  }

  private goElsewhere(part: Part, owner: Member, over: () => void): void {
    const close = this.source.watchAt(owner, part.range, part.since, {
      told: ({ range, through, changes, ended }) => {
        if (ended !== undefined)
          return this.lose(part, range, ended === 'moved' && through > 0 ? through : undefined);
        this.told(part, range, through, changes);
      },
      ended: () => this.lose(part, part.range, part.since),
    });
    part.close = () => {
      over();
      close();
    };
  }

  private told(part: Part, range: Arc, through: number, changes: readonly KeyChange[]): void {
    if (!this.parts.has(part)) return;
    part.heardAtMs = this.source.now();
    if (arcsEqual(range, part.range)) part.since = through;
    for (const change of changes) for (const listener of this.listeners) listener.changed(change);
    if (part.isLive) return;
    part.isLive = true;
    this.tellBegun();
  }

  /** A part of it is over; what is left of it goes on where it is. */
  private lose(part: Part, range: Arc, since: number | undefined): void {
    if (!this.parts.has(part)) return;
    this.missing.push({ range, since });
    if (!arcsEqual(range, part.range)) return;
    this.parts.delete(part);
    part.close();
  }

  private tellBegun(): void {
    if (this.missing.length > 0 || this.parts.size === 0) return;
    for (const { isLive } of this.parts) if (!isLive) return;
    for (const { begun } of this.waiting.splice(0)) begun();
  }
}

function keyChangeOf({ entry: { key, value, cause } }: Change): KeyChange {
  return { key: keyOf(key), kind: value !== undefined ? 'put' : cause === 'expiry' ? 'expiry' : 'delete' };
}
