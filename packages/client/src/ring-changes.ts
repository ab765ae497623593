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

/** Bytes that wait to be taken: beyond them nothing is read from the nodes. */
const WAITING_BYTES_MAX = 4 * 1024 * 1024;
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

export type RingEvent = KeyChange | LostChanges;

/** What came together. */
interface Told {
  readonly range: Arc;
  readonly through: number;
  /** What changed up to that number is missing. */
  readonly isLost: boolean;
  readonly changes: readonly ToldChange[];
  readonly bytes: number;
}

type Reader = { resolve(result: IteratorResult<RingEvent>): void; reject(error: RingError): void };

/** The side that brings the changes. */
export interface ChangeSource {
  pause(paused: boolean): void;
  close(): void;
}

export class RingChanges implements AsyncIterableIterator<RingEvent>, AsyncDisposable {
  /** Resolves when no change is missed any more: what is written from then on is told. */
  readonly ready: Promise<void>;
  private source: ChangeSource | undefined;
  private taken: Cursor | undefined;
  private clusterId = '';
  private readonly waiting: Told[] = [];
  /** Of the first that waits. */
  private nextAt = 0;
  private waitingBytes = 0;
  private readonly readers: Reader[] = [];
  private end: { readonly error: RingError | undefined } | undefined;
  private begun: () => void = () => undefined;
  private failed: (error: RingError) => void = () => undefined;
  private readonly aborted = { cancelled: () => this.abort() };

  constructor(
    private readonly signal: AbortSignal | undefined,
    private readonly onOver: (changes: RingChanges) => void,
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
    if (first !== undefined && before !== undefined) {
      const following = first.changes[this.nextAt];
      if (following === undefined) taken.advance(first.range, first.through);
      else if (before.version < following.version) taken.advance(first.range, before.version);
      // What stands under one number is taken as a whole.
      else taken.advance(first.range, before.version - 1);
    }
    return taken.format(this.clusterId);
  }

  async next(): Promise<IteratorResult<RingEvent>> {
    const event = this.take();
    if (event !== undefined) return { done: false, value: event };
    if (this.end?.error !== undefined) throw this.end.error;
    if (this.end !== undefined) return { done: true, value: undefined };
    return new Promise((resolve, reject) => this.readers.push({ resolve, reject }));
  }

  async return(): Promise<IteratorResult<RingEvent>> {
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
    this.add({ range, through, isLost: false, changes, bytes });
  }

  lost(range: Arc, through: number): void {
    this.add({ range, through, isLost: true, changes: [], bytes: CHANGE_BYTES });
  }

  /** Once; with an error unless it was asked for. */
  finish(error: RingError | undefined): void {
    if (this.end !== undefined) return;
    this.end = { error };
    if (this.signal !== undefined) forgetAbort(this.signal, this.aborted);
    this.source?.close();
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
    this.waiting.push(told);
    this.waitingBytes += told.bytes;
    while (this.readers.length > 0) {
      const event = this.take();
      if (event === undefined) return;
      this.readers.shift()?.resolve({ done: false, value: event });
    }
    if (this.waitingBytes > WAITING_BYTES_MAX) this.source?.pause(true);
  }

  /** The next event. */
  private take(): RingEvent | undefined {
    for (;;) {
      const [first] = this.waiting;
      if (first === undefined) return undefined;
      const change = first.changes[this.nextAt];
      if (change !== undefined) {
        this.nextAt++;
        return eventOf(change);
      }
      this.waiting.shift();
      this.nextAt = 0;
      this.waitingBytes -= first.bytes;
      if (this.waitingBytes <= WAITING_BYTES_MAX / 2) this.source?.pause(false);
      if (!first.isLost) {
        this.taken?.advance(first.range, first.through);
        continue;
      }
      this.taken?.reset(first.range, first.through);
      const { start, end } = first.range;
      return { kind: 'lost', start: formatPosition(start), end: formatPosition(end) };
    }
  }
}

function eventOf({ kind, key, value, version }: ToldChange): KeyChange {
  return {
    kind,
    key: bufferOfBytes(key),
    value: value === undefined ? undefined : bufferOfBytes(value),
    version,
  };
}
