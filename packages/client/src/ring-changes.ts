/**
 * What an application gets of a watch: an iterator of changes, and a cursor with which another one goes on.
 *
 * What has come and is not taken yet is kept up to a bound; beyond it nothing is read, and the nodes keep the rest, or
 * say that it is lost. The cursor says what was handed out.
 */

import type { Arc, Ring } from '@ringkeep/shared';
import { RingError } from '@ringkeep/shared/ring/errors';
import { formatPosition } from '@ringkeep/shared/ring/position';
import type { ChangeKind, ToldChange } from '@ringkeep/shared/operations/changes';
import { bufferOfBytes } from '@ringkeep/shared/operations/bytes';
import { awaitAbort, forgetAbort } from './cancellations';
import { Cursor, type CursorPart } from './core';

/** Bytes that wait to be taken, unless it is told otherwise: beyond them nothing is read from the nodes. */
export const WAITING_BYTES_MAX = 4 * 1024 * 1024;
/** What a change costs in addition. */
const CHANGE_BYTES = 100;

/** One committed change. */
export interface KeyChange {
  readonly kind: ChangeKind;
  readonly key: Uint8Array;
  /** Of a put; undefined for a deletion, and where the key's time was over. */
  readonly value: Uint8Array | undefined;
  /** For one key it only grows. */
  readonly version: number;
}

/** Changes of a part of the ring are missing: they are not kept any more. What is read from now on misses nothing. */
export interface LostChanges {
  readonly kind: 'lost';
  /** First position and the one behind the last, sixteen hexadecimal digits each. */
  readonly start: string;
  readonly end: string;
}

/** A part of the ring is read anew: what is known of it is void, and what follows until its end is all that is there. */
export interface ResyncPart {
  readonly kind: 'resync';
  readonly phase: 'begin' | 'end';
  readonly start: string;
  readonly end: string;
}

/** An entry of a part that is read anew. Changes of the part come between its entries. */
export interface ResyncEntry {
  readonly kind: 'entry';
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly version: number;
}

export type RingEvent = KeyChange | LostChanges | ResyncPart | ResyncEntry;
/** Of a watch that says what is lost. */
export type PlainEvent = KeyChange | LostChanges;
/** Of a watch that reads anew what is lost. */
export type ResyncedEvent = KeyChange | ResyncPart | ResyncEntry;

/** What came together. */
interface Told {
  readonly range: Arc;
  /** Of other things than changes there is none. */
  readonly through: number | undefined;
  /** What changed up to that number is missing. */
  readonly lostUpTo: number | undefined;
  readonly changes: readonly ToldChange[];
  /** What else is handed out. */
  readonly others: readonly RingEvent[];
  readonly bytes: number;
}

type Reader<Event> = { resolve(result: IteratorResult<Event>): void; reject(error: RingError): void };

/** The side that brings the changes. */
export interface ChangeSource {
  pause(paused: boolean): void;
  close(): void;
}

export class RingChanges<Event extends RingEvent = PlainEvent>
  implements AsyncIterableIterator<Event>, AsyncDisposable
{
  /** Resolves when no change is missed any more: what is written from then on is told. */
  readonly ready: Promise<void>;
  private source: ChangeSource | undefined;
  private taken: Cursor | undefined;
  private clusterId = '';
  private readonly waiting: Told[] = [];
  /** Of the first that waits. */
  private nextAt = 0;
  private waitingSum = 0;
  /** What is being read anew. */
  private readonly incomplete = new Set<Arc>();
  private roomWanted: (() => void)[] = [];
  private readonly readers: Reader<Event>[] = [];
  private end: { readonly error: RingError | undefined } | undefined;
  private begun: () => void = () => undefined;
  private failed: (error: RingError) => void = () => undefined;
  private readonly aborted = { cancelled: () => this.abort() };

  constructor(
    private readonly signal: AbortSignal | undefined,
    private readonly onOver: (changes: RingChanges<Event>) => void,
    private readonly waitingBytesMax: number,
  ) {
    this.ready = new Promise((resolve, reject) => {
      this.begun = resolve;
      this.failed = reject;
    });
    // Whoever does not ask for it does not have to catch it.
    this.ready.catch(() => undefined);
    if (signal?.aborted) this.abort();
    else if (signal !== undefined) awaitAbort(signal, this.aborted);
  }

  /** Where a later watch of the same goes on, with `since`. Throws FAILED_PRECONDITION before the ring is known. */
  get cursor(): string {
    const taken = this.taken?.copy();
    if (taken === undefined)
      throw new RingError('FAILED_PRECONDITION', 'the watch has not begun: await its promise `ready`');
    const [first] = this.waiting;
    const before = first?.changes[this.nextAt - 1];
    if (first?.lostUpTo !== undefined && this.nextAt > 0) taken.reset(first.range, first.lostUpTo);
    if (first?.through !== undefined && before !== undefined) {
      const following = first.changes[this.nextAt];
      if (following === undefined) taken.advance(first.range, first.through);
      else if (before.version < following.version) taken.advance(first.range, before.version);
      // What stands under one number is taken as a whole.
      else taken.advance(first.range, before.version - 1);
    }
    // Whoever goes on from there reads it anew.
    for (const range of this.incomplete) taken.reset(range, 0);
    return taken.format(this.clusterId);
  }

  /** What has come and is not taken yet, bytes. */
  get waitingBytes(): number {
    return this.waitingSum;
  }

  async next(): Promise<IteratorResult<Event>> {
    const event = this.take();
    if (event !== undefined) return { done: false, value: event };
    if (this.end?.error !== undefined) throw this.end.error;
    if (this.end !== undefined) return { done: true, value: undefined };
    return new Promise((resolve, reject) => this.readers.push({ resolve, reject }));
  }

  async return(): Promise<IteratorResult<Event>> {
    this.finish(undefined);
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.finish(undefined);
  }

  // ---- from the side that brings them ----

  start(source: ChangeSource, from: readonly CursorPart[], { clusterId }: Ring): void {
    this.source = source;
    this.taken = new Cursor(from);
    this.clusterId = clusterId;
  }

  hasBegun(): void {
    this.begun();
  }

  told(range: Arc, through: number, changes: readonly ToldChange[]): void {
    let bytes = 0;
    for (const { key, value } of changes) bytes += key.length + (value?.length ?? 0) + CHANGE_BYTES;
    this.add({ range, through, lostUpTo: undefined, changes, others: NONE, bytes });
  }

  lost(range: Arc, through: number): void {
    this.tell(range, [{ kind: 'lost', ...named(range) }], CHANGE_BYTES, through);
  }

  resyncBegins(range: Arc, through: number): void {
    this.incomplete.add(range);
    this.tell(range, [{ kind: 'resync', phase: 'begin', ...named(range) }], CHANGE_BYTES, through);
  }

  entries(range: Arc, entries: readonly ResyncEntry[]): void {
    let bytes = 0;
    for (const { key, value } of entries) bytes += key.length + value.length + CHANGE_BYTES;
    if (entries.length > 0) this.tell(range, entries, bytes);
  }

  resyncEnds(range: Arc): void {
    this.incomplete.delete(range);
    this.tell(range, [{ kind: 'resync', phase: 'end', ...named(range) }], CHANGE_BYTES);
  }

  /** Resolves when much of what waits has been taken, or the watch is over. */
  room(): Promise<void> {
    if (this.isOver || this.waitingSum <= this.waitingBytesMax / 2) return Promise.resolve();
    return new Promise((resolve) => this.roomWanted.push(resolve));
  }

  private tell(range: Arc, others: readonly RingEvent[], bytes: number, lostUpTo?: number): void {
    this.add({ range, through: undefined, lostUpTo, changes: [], others, bytes });
  }

  /** Once; with an error unless it was asked for. */
  finish(error: RingError | undefined): void {
    if (this.end !== undefined) return;
    this.end = { error };
    if (this.signal !== undefined) forgetAbort(this.signal, this.aborted);
    this.source?.close();
    for (const enter of this.roomWanted.splice(0)) enter();
    this.failed(error ?? new RingError('CANCELLED', 'the watch is over'));
    for (const reader of this.readers.splice(0)) {
      if (error === undefined) reader.resolve({ done: true, value: undefined });
      else reader.reject(error);
    }
    this.onOver(this);
  }

  get isOver(): boolean {
    return this.end !== undefined;
  }

  private abort(): void {
    this.finish(new RingError('CANCELLED', undefined, { cause: this.signal?.reason }));
  }

  private add(told: Told): void {
    if (this.end !== undefined) return;
    if (this.waiting.length === 0 && told.bytes === 0) {
      // There is nothing to take: it only says how far the watch is.
      if (told.through !== undefined) this.taken?.advance(told.range, told.through);
      return;
    }
    this.waiting.push(told);
    this.waitingSum += told.bytes;
    while (this.readers.length > 0) {
      const event = this.take();
      if (event === undefined) return;
      this.readers.shift()?.resolve({ done: false, value: event });
    }
    if (this.waitingSum > this.waitingBytesMax) this.source?.pause(true);
  }

  /** The next event. */
  private take(): Event | undefined {
    for (;;) {
      const [first] = this.waiting;
      if (first === undefined) return undefined;
      const change = first.changes[this.nextAt];
      const other = first.others[this.nextAt];
      if (change !== undefined || other !== undefined) {
        this.nextAt++;
        return (change === undefined ? other : eventOf(change)) as Event;
      }
      this.waiting.shift();
      this.nextAt = 0;
      this.waitingSum -= first.bytes;
      if (this.waitingSum <= this.waitingBytesMax / 2) this.makeRoom();
      if (first.lostUpTo !== undefined) this.taken?.reset(first.range, first.lostUpTo);
      if (first.through !== undefined) this.taken?.advance(first.range, first.through);
    }
  }

  private makeRoom(): void {
    this.source?.pause(false);
    for (const enter of this.roomWanted.splice(0)) enter();
  }
}

const NONE: readonly RingEvent[] = [];

function named({ start, end }: Arc): { readonly start: string; readonly end: string } {
  return { start: formatPosition(start), end: formatPosition(end) };
}

function eventOf({ kind, key, value, version }: ToldChange): KeyChange {
  return {
    kind,
    key: bufferOfBytes(key),
    value: value === undefined ? undefined : bufferOfBytes(value),
    version,
  };
}
