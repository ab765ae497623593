/**
 * The client of a ring: get, set, delete and conditional writes as plain promises, batched by the client.
 *
 * It knows the ring and talks to the owner of each key; the session (core/session.ts) says how. Errors are RingErrors,
 * whose code says what the caller may do. Operations that are issued without waiting for each other have no order, not
 * even on one key.
 */

import { isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';
import type { Ring } from '@ringkeep/shared';
import { RingError } from '@ringkeep/shared/ring/errors';
import {
  expiryBytes,
  VERSION_AND_TTL,
  writeResult,
  type ExpireOptions,
  type VersionedValue,
  type WriteResult,
} from '@ringkeep/shared/operations/write-options';
import { Random } from '@ringkeep/shared/ring/random';
import { bufferOfBytes } from '@ringkeep/shared/operations/bytes';
import { deltaBytes } from '@ringkeep/shared/operations/integers';
import {
  transactionRequest,
  transactResult,
  type TransactOperation,
  type TransactOptions,
  type TransactResult,
} from '@ringkeep/shared/operations/transact-options';
import type { Range, RangeOptions, Scan, ScanOptions } from '@ringkeep/shared/scans';
import { SessionHost } from './adapters/session-host';
import { Asking } from './asking';
import { ChangeWatches, type WatchOptions } from './change-watches';
import type { SessionCounts } from './core';
import { firstRing } from './first-ring';
import { transactionBytes, type Operand } from './operands';
import {
  checkDuration,
  resolveOptions,
  type CallOptions,
  type ConnectOptions,
  type ResolvedOptions,
  type RingClientOptions,
  type WriteOptions,
} from './options';
import type { ItemResult } from './pending-calls';
import type { ResyncedEvent, RingChanges } from './ring-changes';
import { RingListeners } from './ring-listeners';
import { acquireLock, type LockOptions, type RingLock } from './ring-lock';
import { Scanning } from './scanning';
import { callSafely } from './uncaught';

/** How long `close` waits for what is outstanding. */
const CLOSE_MS = 5_000;
/** A byte order mark is a part of the text. */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

export class RingClient {
  private readonly options: ResolvedOptions;
  private readonly host: SessionHost;
  private readonly listeners = new RingListeners();
  private readonly asking: Asking;
  private readonly scanning: Scanning;
  private readonly watches: ChangeWatches;
  private readonly closed: Promise<void>;
  private closing = false;

  /** Begins to connect at once. Operations may be issued at once, too. */
  constructor(options: RingClientOptions) {
    this.options = resolveOptions(options);
    const { nodes, tls, seed } = this.options;
    this.watches = new ChangeWatches(nodes, tls, new Random(seed), (...of) => this.asking.page(...of));
    let closed = (): void => undefined;
    this.closed = new Promise((resolve) => (closed = resolve));
    this.host = new SessionHost(this.options, new Random(this.options.seed), this.options, {
      ring: (ring) => {
        this.listeners.tell(ring);
        this.watches.ringLearned(ring);
      },
      report: (report) => {
        callSafely(this.options.onReport, report);
        this.listeners.reconsider();
      },
      closed: () => {
        this.listeners.close();
        this.watches.close();
        closed();
      },
    });
    this.asking = new Asking(this.host, this.options);
    this.scanning = new Scanning(this.asking, this);
  }

  /**
   * Returns a client that knows the ring. Throws UNAVAILABLE with the reason when that takes longer than the deadline,
   * and at once when every address that was given fails, unless `waitMs` says to keep trying.
   */
  static async connect(options: RingClientOptions, call: ConnectOptions = {}): Promise<RingClient> {
    const client = new RingClient(options);
    try {
      await client.ready({ waitMs: 0, ...call });
      return client;
    } catch (error) {
      await client.close({ deadlineMs: 1 });
      throw error;
    }
  }

  /** Waits until the ring is known. */
  async ready(options: ConnectOptions = {}): Promise<Ring> {
    return firstRing(this.host, this.listeners, options, this.options.deadlineMs);
  }

  /** The value of a key, undefined when it is not present. */
  get(key: Operand, options?: CallOptions): Promise<Uint8Array | undefined> {
    return this.asking.one('get', key, [], options);
  }

  /** The value of a key with its version and the time that it has still to live, undefined when it is not present. */
  async getVersioned(key: Operand, options?: CallOptions): Promise<VersionedValue | undefined> {
    const told = writeResult(await this.asking.one('get', key, [], options, VERSION_AND_TTL));
    const { value, version, ttlMs } = told;
    return value && { value, version, ttlMs };
  }

  /** The value of a key as text. Throws FAILED_PRECONDITION when it is not UTF-8. */
  async getText(key: Operand, options?: CallOptions): Promise<string | undefined> {
    const value = await this.get(key, options);
    if (value === undefined) return undefined;
    if (!isUtf8(value)) throw new RingError('FAILED_PRECONDITION', 'the value is not UTF-8 text; use get');
    return utf8.decode(value);
  }

  /** Stores a value; under a condition, or told with its version, where the options say so. */
  set(key: Operand, value: Operand, options: WriteOptions): Promise<WriteResult>;
  set(key: Operand, value: Operand, options?: CallOptions): Promise<void>;
  set(key: Operand, value: Operand, options?: CallOptions): Promise<WriteResult | void> {
    return this.asking.write('set', key, [value], options) as Promise<WriteResult | void>;
  }

  /** Stores a value. Returns the one that it replaces, undefined when there was none. */
  exchange(key: Operand, value: Operand, options: WriteOptions): Promise<WriteResult>;
  exchange(key: Operand, value: Operand, options?: CallOptions): Promise<Uint8Array | undefined>;
  exchange(
    key: Operand,
    value: Operand,
    options?: CallOptions,
  ): Promise<WriteResult | Uint8Array | undefined> {
    return this.asking.write('exchange', key, [value], options);
  }

  /** Removes a key. Returns its value, undefined when it was not present. */
  delete(key: Operand, options: WriteOptions): Promise<WriteResult>;
  delete(key: Operand, options?: CallOptions): Promise<Uint8Array | undefined>;
  delete(key: Operand, options?: CallOptions): Promise<WriteResult | Uint8Array | undefined> {
    return this.asking.write('delete', key, [], options);
  }

  /** Adds to the number that a value is in decimal; a key without one counts as 0. Returns the new number. */
  add(key: Operand, delta: number | bigint, options: WriteOptions): Promise<WriteResult>;
  add(key: Operand, delta?: number | bigint, options?: CallOptions): Promise<bigint>;
  async add(key: Operand, delta: number | bigint = 1, options?: CallOptions): Promise<WriteResult | bigint> {
    const told = await this.asking.write('add', key, [deltaBytes(delta)], options);
    return told instanceof Uint8Array ? BigInt(utf8.decode(told)) : (told as WriteResult);
  }

  /** Adds bytes at the end of a value; a key without one has none. Returns the new length, bytes. */
  append(key: Operand, value: Operand, options: WriteOptions): Promise<WriteResult>;
  append(key: Operand, value: Operand, options?: CallOptions): Promise<number>;
  async append(key: Operand, value: Operand, options?: CallOptions): Promise<WriteResult | number> {
    const told = await this.asking.write('append', key, [value], options);
    return told instanceof Uint8Array ? Number(utf8.decode(told)) : (told as WriteResult);
  }

  /**
   * Lets a key end after so many milliseconds, or at a moment by the registry's clock; what is over already removes it.
   * Nothing is done of a key that is not present.
   */
  async expire(
    key: Operand,
    end: number | Date,
    options?: CallOptions & ExpireOptions,
  ): Promise<WriteResult> {
    return this.asking.changeEnd('expire', key, [expiryBytes(end, options)], options);
  }

  /** Lets a key end no more. Nothing is done of a key that is not present. */
  persist(key: Operand, options?: CallOptions & ExpireOptions): Promise<WriteResult> {
    return this.asking.changeEnd('persist', key, [], options);
  }

  /**
   * Several operations on keys of one tag (`{order 7}status`, `{order 7}total`) as one: all or none, on conditions, and
   * seen by nobody in part. Throws what one of its operations throws, and nothing is changed then.
   */
  async transact<
    const Then extends readonly TransactOperation[],
    const Else extends readonly TransactOperation[] = readonly [],
  >(transaction: TransactOptions<Then, Else>, options?: CallOptions): Promise<TransactResult<Then, Else>> {
    const { key, transaction: operand } = transactionRequest(transaction, transactionBytes);
    const asked = [bufferOfBytes(operand)];
    return transactResult(transaction, await this.asking.one('transact', bufferOfBytes(key), asked, options));
  }

  /** The entries in the order of their positions, each once; its `after` is where another scan goes on. */
  scan(options: ScanOptions & CallOptions = {}): Scan<Uint8Array> {
    return this.scanning.scan(options, false);
  }

  /** The same without the values. */
  keys(options: ScanOptions & CallOptions = {}): Scan<undefined> {
    return this.scanning.scan(options, true);
  }

  /** The entries in the order of their keys: of one tag, or of a ring that has an index of its keys. */
  range(options: RangeOptions & CallOptions = {}): Range {
    return this.scanning.range(options);
  }

  /** Many `get`s; each item has its own result, in the order of the keys. */
  getMany(keys: Iterable<Operand>, options?: CallOptions): Promise<ItemResult[]> {
    return this.asking.many('get', keys, (key) => [key], options);
  }

  /** Many `set`s, in no order among themselves; each item has its own result, in the order of the entries. */
  setMany(
    entries: Iterable<readonly [key: Operand, value: Operand]>,
    options?: CallOptions,
  ): Promise<ItemResult[]> {
    return this.asking.many('set', entries, (entry) => entry, options);
  }

  /** Many `delete`s; each item has its own result, in the order of the keys. */
  deleteMany(keys: Iterable<Operand>, options?: CallOptions): Promise<ItemResult[]> {
    return this.asking.many('delete', keys, (key) => [key], options);
  }

  /** Each committed change, once; what is not kept any more is `lost`, or read anew (`resync`). Throws INVALID_ARGUMENT. */
  watch(options: WatchOptions & { readonly resync: true }): RingChanges<ResyncedEvent>;
  watch(options?: WatchOptions): RingChanges;
  watch(options: WatchOptions = {}): unknown {
    return this.watches.open(options, this.host.ring);
  }

  /** Acquires a lock on a name, held until it is released, lost, or its holder is gone for `ttlMs`. Throws RingError. */
  lock(name: Operand, options: LockOptions): Promise<RingLock> {
    return acquireLock(this, name, options);
  }

  /** The ring as far as it is known; version 0 and empty before anything is. */
  ring(): Ring {
    return this.host.ring;
  }

  /**
   * Calls the listener with the ring, now if it is known, and with each newer one. Returns a function that stops this.
   */
  watchRing(listener: (ring: Ring) => void): () => void {
    return this.listeners.add(listener, this.host.ring);
  }

  /** The ring and each newer one, until the client is closed. A slow reader gets only the newest. */
  rings(): AsyncIterableIterator<Ring> {
    return this.listeners.iterate(this.host.ring);
  }

  /** False when one more operation would be refused, because too many are outstanding. */
  get hasRoom(): boolean {
    return this.host.hasRoomFor(0);
  }

  /**
   * Resolves when there is room for more operations, for callers that would rather wait than be refused. It takes no
   * longer than the operations that are outstanding. All who wait are let in together, so ask `hasRoom` again.
   */
  room(): Promise<void> {
    return this.host.room();
  }

  /** What is outstanding and what was sent, for measurements. */
  get counts(): SessionCounts {
    return this.host.counts;
  }

  /** Takes no new operations, waits at most `deadlineMs` for those outstanding, and disconnects. */
  async close(options: { readonly deadlineMs?: number } = {}): Promise<void> {
    const deadlineMs = checkDuration('deadlineMs', options.deadlineMs ?? CLOSE_MS);
    if (!this.closing) {
      this.closing = true;
      this.host.drain();
    }
    const late = setTimeout(() => this.host.stop(), deadlineMs);
    await this.closed;
    clearTimeout(late);
  }
}
