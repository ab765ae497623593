/**
 * A whole node in a process: storage, core, host and gRPC, as assembly.ts puts it together. main.ts starts and stops
 * it, or a test or service that uses it as a library.
 */

import { RingError, type ClusterParameters } from '@ringkeep/shared';
import {
  VERSION_AND_TTL,
  bufferOfBytes,
  deltaBytes,
  expiryBytes,
  transactionRequest,
  transactResult,
  writeResult,
  type ConditionOptions,
  type ExpireOptions,
  type TransactOperation,
  type TransactOptions,
  type TransactResult,
  type VersionedValue,
  type WriteResult,
} from '@ringkeep/shared/operations';
import type { Range, RangeOptions, Scan, ScanOptions } from '@ringkeep/shared/scans';
import type {
  LockOptions,
  ResyncedEvent,
  RingChanges,
  RingLock,
  WatchOptions,
} from '@ringkeep/client/watching';
import { Lifecycle, silentLogger, type Logger } from '@ringkeep/process/running';
import { parseAddress } from '@ringkeep/shared/channel';
import type { NodeFacts } from './doors/grpc/grpc-service';
import { Assembly } from './assembly';
import type { NodeStatus } from './observing/tallies';
import type { NodeHost } from './hosting/host';
import { Leaving } from './leaving';
import type { NodeOptions } from './node-options';
import { bytesOf, ownExpiry, ownQuery, ownWrite, type Key, type OwnQuery } from './doors/own/own-query';
import type { OwnWatches } from './doors/own/own-watches';
import { ownRange, ownScan } from './doors/own/own-scan';

const STOP_DEADLINE_MS = 10_000;

export class RingNode {
  private readonly lifecycle = new Lifecycle(STOP_DEADLINE_MS);
  private stopAsked = false;
  private readonly log: Logger;
  private readonly assembly: Assembly;
  private readonly leaving = new Leaving();
  private beginning: Promise<void> | undefined;
  private started = false;

  private constructor(private readonly options: NodeOptions) {
    this.log = options.logger ?? silentLogger;
    this.assembly = new Assembly(options, this.lifecycle, this.log, {
      leave: () => this.leave(),
      left: () => this.hasLeft(),
      leaveRefused: (text) => this.leaveRefused(text),
      failed: (error) => this.hasFailed(error),
    });
  }

  /** Starts a node. Resolves when it serves its own part of the ring. */
  static async start(options: NodeOptions): Promise<RingNode> {
    const node = new RingNode(options);
    await node.start();
    return node;
  }

  /** Makes a node that is not started yet, so that it can be stopped while it starts. */
  static prepare(options: NodeOptions): RingNode {
    return new RingNode(options);
  }

  /** Once. Resolves when the node serves its own part of the ring. Throws RingError. */
  async start(): Promise<void> {
    try {
      this.beginning = this.assembly.run();
      await this.beginning;
      this.started = true;
    } catch (error) {
      await this.end().catch(() => undefined);
      // Whatever broke because it was stopped in the middle: that it was stopped is the reason.
      throw this.stopAsked ? new RingError('CANCELLED', 'the node was stopped', { cause: error }) : error;
    }
  }

  /** It has joined and serves its own part of the ring. */
  get serving(): boolean {
    return this.assembly.serving;
  }

  /** The URL under which others reach this node. */
  get address(): string {
    return (this.assembly.facts as NodeFacts).address;
  }

  /** host:port at which Redis clients reach this node; undefined if that door is closed. */
  get redisAddress(): string | undefined {
    return this.assembly.redisAddress;
  }

  /** host:port at which HTTP is spoken; undefined if that door is closed. */
  get httpAddress(): string | undefined {
    return this.assembly.httpAddress;
  }

  get port(): number {
    return parseAddress(this.address).port;
  }

  status(): NodeStatus {
    return this.assembly.status(this.running());
  }

  get parameters(): ClusterParameters {
    return this.running().core.parameters;
  }

  /** The value of a key anywhere on the ring; undefined when there is none. Throws RingError. */
  async get(key: Key): Promise<Uint8Array | undefined> {
    return ownQuery(this.running(), { name: 'get', key, operands: [] });
  }

  /** The value of a key with its version and its time to live; undefined when there is none. Throws RingError. */
  async getVersioned(key: Key): Promise<VersionedValue | undefined> {
    const answer = await ownQuery(this.running(), { name: 'get', key, operands: [] }, VERSION_AND_TTL);
    const { value, version, ttlMs } = writeResult(answer);
    return value && { value, version, ttlMs };
  }

  /** Stores a value; on a condition, or told with its version, where the options say so. Throws RingError. */
  set(key: Key, value: Key, options: ConditionOptions): Promise<WriteResult>;
  set(key: Key, value: Key): Promise<void>;
  async set(key: Key, value: Key, options?: ConditionOptions): Promise<unknown> {
    return this.write({ name: 'set', key, operands: [value] }, options);
  }

  /** Stores a value. @returns the value before, if there was one. Throws RingError. */
  exchange(key: Key, value: Key, options: ConditionOptions): Promise<WriteResult>;
  exchange(key: Key, value: Key): Promise<Uint8Array | undefined>;
  async exchange(key: Key, value: Key, options?: ConditionOptions): Promise<unknown> {
    return this.write({ name: 'exchange', key, operands: [value] }, options);
  }

  /** Removes a key. @returns its value, if there was one. Throws RingError. */
  delete(key: Key, options: ConditionOptions): Promise<WriteResult>;
  delete(key: Key): Promise<Uint8Array | undefined>;
  async delete(key: Key, options?: ConditionOptions): Promise<unknown> {
    return this.write({ name: 'delete', key, operands: [] }, options);
  }

  /** Adds to the number that a value is, 0 for a key without one. @returns the new number. Throws RingError. */
  add(key: Key, delta: number | bigint, options: ConditionOptions): Promise<WriteResult>;
  add(key: Key, delta?: number | bigint): Promise<bigint>;
  async add(key: Key, delta: number | bigint = 1, options?: ConditionOptions): Promise<unknown> {
    const told = await this.write({ name: 'add', key, operands: [deltaBytes(delta)] }, options);
    return told instanceof Uint8Array ? BigInt(Buffer.from(told).toString()) : told;
  }

  /** Adds bytes at the end of a value. @returns its new length, bytes. Throws RingError. */
  append(key: Key, value: Key, options: ConditionOptions): Promise<WriteResult>;
  append(key: Key, value: Key): Promise<number>;
  async append(key: Key, value: Key, options?: ConditionOptions): Promise<unknown> {
    const told = await this.write({ name: 'append', key, operands: [value] }, options);
    return told instanceof Uint8Array ? Number(Buffer.from(told).toString()) : told;
  }

  /** Lets a key end after so many milliseconds, or at a moment; what is over removes it. Throws RingError. */
  async expire(key: Key, end: number | Date, options?: ExpireOptions): Promise<WriteResult> {
    return ownExpiry(this.running(), { name: 'expire', key, operands: [expiryBytes(end, options)] }, options);
  }

  /** Lets a key end no more. Throws RingError. */
  async persist(key: Key, options?: ExpireOptions): Promise<WriteResult> {
    return ownExpiry(this.running(), { name: 'persist', key, operands: [] }, options);
  }

  /** Several operations on keys of one tag as one: all or none, on conditions. Throws RingError. */
  async transact<
    const Then extends readonly TransactOperation[],
    const Else extends readonly TransactOperation[] = readonly [],
  >(options: TransactOptions<Then, Else>): Promise<TransactResult<Then, Else>> {
    const { key, transaction } = transactionRequest(options, bytesOf);
    const operands = [bufferOfBytes(transaction)];
    return transactResult(
      options,
      await ownQuery(this.running(), { name: 'transact', key: bufferOfBytes(key), operands }),
    );
  }

  /** The entries of the ring, in the order of their positions. Throws INVALID_ARGUMENT naming the option. */
  scan(options: ScanOptions = {}): Scan<Uint8Array> {
    return ownScan(this.running(), options, false);
  }

  /** The same without the values. */
  keys(options: ScanOptions = {}): Scan<undefined> {
    return ownScan(this.running(), options, true);
  }

  /** The entries in the order of their keys: of one tag, or of a ring that has an index of its keys. */
  range(options: RangeOptions = {}): Range {
    return ownRange(this.running(), options);
  }

  /** Each committed change, once; what is not kept any more is `lost`, or read anew (`resync`). Throws INVALID_ARGUMENT. */
  watch(options: WatchOptions & { readonly resync: true }): RingChanges<ResyncedEvent>;
  watch(options?: WatchOptions): RingChanges;
  watch(options: WatchOptions = {}): unknown {
    return this.own().open(options);
  }

  /** Acquires a lock on a name, held until it is released, lost, or its holder is gone for `ttlMs`. Throws RingError. */
  async lock(name: Key, options: LockOptions): Promise<RingLock> {
    return this.own().lock(name, options);
  }

  /** Hands everything over to the neighbours and leaves the ring. Throws FAILED_PRECONDITION when it is the last node. */
  leave(): Promise<void> {
    const host = this.running();
    return this.leaving.ask(() => host.post({ kind: 'leave' }));
  }

  /** Stops cleanly; place and data stay on the disk. Idempotent. A start that is under way fails. */
  stop(): Promise<void> {
    this.stopAsked = true;
    return this.end();
  }

  private async end(): Promise<void> {
    const stopped = new RingError('CANCELLED', 'the node was stopped');
    this.assembly.joining?.fail(stopped);
    this.leaving.fail(stopped);
    await this.lifecycle.stop();
    // A part that was just being started, a lock that was just being taken, stops as soon as it has started.
    await this.beginning?.catch(() => undefined);
  }

  // ---- ending ----

  private hasLeft(): void {
    this.log.info('left the ring');
    this.assembly.joining?.fail(new RingError('CANCELLED', 'the node has left the ring'));
    this.leaving.succeed();
    this.options.onLeft?.();
  }

  private leaveRefused(text: string): void {
    this.log.warn('cannot leave the ring', { reason: text });
    this.leaving.refuse(new RingError('FAILED_PRECONDITION', text));
  }

  private hasFailed(fault: Error): void {
    const { dataDir } = this.options;
    const where =
      this.assembly.joining?.registered || dataDir === undefined
        ? ''
        : `; the node's data folder is ${dataDir}`;
    const error = new RingError('FAILED_PRECONDITION', `${fault.message}${where}`, { cause: fault });
    this.leaving.fail(error);
    if (!this.started) return this.assembly.joining?.fail(error);
    this.log.error('the node stops because it cannot continue', { reason: error.message });
    this.stop()
      .catch((failure: Error) => this.log.error('stopping failed', { reason: failure.message }))
      .finally(() => this.options.onFailure?.(error));
  }

  private running(): NodeHost {
    const { host } = this.assembly;
    if (!host) throw new RingError('FAILED_PRECONDITION', 'the node is not running');
    return host;
  }

  private own(): OwnWatches {
    this.running();
    return this.assembly.own as OwnWatches;
  }

  private async write(
    query: OwnQuery,
    options: ConditionOptions | undefined,
  ): Promise<WriteResult | Uint8Array | undefined> {
    return ownWrite(this.running(), query, options);
  }
}
