/**
 * A whole node in a process: storage, core, host, gRPC. Started and stopped as a library, inside a test or
 * a service, as well as by main.ts.
 *
 * Order of a start: the data folder is locked and the log replayed before the node is heard of; the server
 * listens before it registers, because its address must be true; the node is ready when it serves its own
 * arc.
 */

import { randomInt, randomUUID } from 'node:crypto';
import { OperationType, RingError, ringBeat, type ClusterParameters } from '@ringkeep/shared';
import { roomOf } from '@ringkeep/process/disk';
import { whatAnswers, type ServerFound } from '@ringkeep/process/probes';
import {
  Lifecycle,
  limited,
  MonotonicClock,
  RepeatedLook,
  silentLogger,
  type Logger,
} from '@ringkeep/process/running';
import { GrpcServer } from '@ringkeep/process/server';
import { addressUrl, parseAddress, type TlsMaterial } from '@ringkeep/shared/channel';
import { advertisedAddress } from './adapters/advertised-address';
import { BatchStreams } from './adapters/batch-streams';
import { addNodeService, type NodeFacts } from './adapters/grpc-service';
import { keeperOf } from './adapters/identity-keeper';
import { Peers } from './adapters/peers';
import { RegistryLink } from './adapters/registry-link';
import { RegistryOfRing } from './adapters/registry-of-ring';
import { FollowerStreams, PrimaryStreams } from './adapters/replica-streams';
import { RingWatchers } from './adapters/ring-watchers';
import { RoundTrips } from './adapters/round-trips';
import type { NodeInput } from './core';
import { beatMs } from './core/limits';
import type { NodeCore } from './core/node';
import type { NodeStatus } from './core/node-status';
import { logEvent } from './event-log';
import type { NodeHost } from './hosting/host';
import { Joining, whatIsLacking } from './joining';
import { ownQuery, type Key } from './own-query';
import { coordinatesOf, type Proximity } from './proximity';
import { Scrub } from './scrub';
import { DataFolder, DiscardFile, MemoryStorage, PARTS, type Durability, type NodeStorage } from './storage';
import { takeUp } from './hosting/taking-up';

export interface NodeOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly host?: string;
  /** The address under which others reach this node; by default host and port. */
  readonly advertise?: string | undefined;
  /** The registry's address, or … */
  readonly registry?: string | undefined;
  /** … the address of any node of the ring, which names the registry. */
  readonly join?: string | undefined;
  readonly storage: 'disk' | 'memory';
  /** Needed for storage 'disk'. */
  readonly dataDir?: string | undefined;
  readonly durability?: Durability;
  /** Free space on the disk below which no new entry is taken, bytes. */
  readonly diskReserveBytes?: number | undefined;
  /** A node that has lost a part of its data becomes a new one; otherwise it refuses to start. */
  readonly acceptDataLoss?: boolean;
  /** How long to try to register before the start fails, ms. */
  readonly registryTimeoutMs?: number;
  /** What routing by proximity goes by: random co-ordinates (the default), round-trip times, or nothing. */
  readonly proximity?: Proximity;
  /** How often all that is kept is read and checked, ms; 0 for never. */
  readonly scrubEveryMs?: number;
  readonly tls?: TlsMaterial | undefined;
  readonly logger?: Logger;
  /** The node, once started, cannot go on; it has stopped. */
  readonly onFailure?: (error: Error) => void;
  /** The node has left the ring, on whoever's wish. */
  readonly onLeft?: () => void;
}

const STOP_DEADLINE_MS = 10_000;
const REGISTRY_TIMEOUT_DEFAULT_MS = 60_000;
export const SCRUB_EVERY_MS = 7 * 24 * 3_600_000;
/** How long it may take to find out what there is at the registry's address. */
const EXAMINE_MS = 2_000;

export class RingNode {
  private readonly lifecycle = new Lifecycle(STOP_DEADLINE_MS);
  private stopAsked = false;
  private readonly log: Logger;
  private core: NodeCore | undefined;
  private host: NodeHost | undefined;
  private facts: NodeFacts | undefined;
  private joining: Joining | undefined;
  private leaving:
    { promise: Promise<void>; resolve: () => void; reject: (error: Error) => void } | undefined;
  private beginning: Promise<void> | undefined;
  private started = false;

  private constructor(private readonly options: NodeOptions) {
    this.log = options.logger ?? silentLogger;
  }

  /** Starts a node. Resolves when it serves its own part of the ring. */
  static async start(options: NodeOptions): Promise<RingNode> {
    const node = new RingNode(options);
    await node.start();
    return node;
  }

  /** A node that is not started yet, so that it can be stopped while it starts. */
  static prepare(options: NodeOptions): RingNode {
    return new RingNode(options);
  }

  /** Once. Resolves when the node serves its own part of the ring. Throws RingError. */
  async start(): Promise<void> {
    try {
      this.beginning = this.begin();
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
    const { core } = this;
    return core !== undefined && core.view.arcAt(core.self)?.primary === core.self && core.serves(core.self);
  }

  /** The URL under which others reach this node. */
  get address(): string {
    return (this.facts as NodeFacts).address;
  }

  get port(): number {
    return parseAddress(this.address).port;
  }

  status(): NodeStatus {
    return this.running().core.status();
  }

  get parameters(): ClusterParameters {
    return this.running().core.parameters;
  }

  /** The value of a key anywhere on the ring; undefined when there is none. Throws RingError. */
  async get(key: Key): Promise<Uint8Array | undefined> {
    return this.query(OperationType.Get, key);
  }

  /** Stores a value. Throws RingError. */
  async set(key: Key, value: Key): Promise<void> {
    await this.query(OperationType.Put, key, value);
  }

  /** Stores a value. @returns the value before, if there was one. Throws RingError. */
  async exchange(key: Key, value: Key): Promise<Uint8Array | undefined> {
    return this.query(OperationType.Set, key, value);
  }

  /** Removes a key. @returns its value, if there was one. Throws RingError. */
  async delete(key: Key): Promise<Uint8Array | undefined> {
    return this.query(OperationType.Delete, key);
  }

  /** Hands everything over to the neighbours and leaves the ring. Throws FAILED_PRECONDITION when it is the last node. */
  leave(): Promise<void> {
    if (!this.leaving) {
      const { host } = this.running();
      let resolve: () => void = () => undefined;
      let reject: (error: Error) => void = () => undefined;
      const promise = new Promise<void>((yes, no) => {
        resolve = yes;
        reject = no;
      });
      this.leaving = { promise, resolve, reject };
      host.post({ kind: 'leave' });
    }
    return this.leaving.promise;
  }

  /** Stops cleanly; place and data stay on the disk. Idempotent. A start that is under way fails. */
  stop(): Promise<void> {
    this.stopAsked = true;
    return this.end();
  }

  private async end(): Promise<void> {
    const stopped = new RingError('CANCELLED', 'the node was stopped');
    this.joining?.fail(stopped);
    this.leaving?.reject(stopped);
    await this.lifecycle.stop();
    // A part that was just being started, a lock that was just being taken, stops as soon as it has started.
    await this.beginning?.catch(() => undefined);
  }

  // ---- starting ----

  private async begin(): Promise<void> {
    const { options, lifecycle } = this;
    const registryAddress = await this.findRegistry();
    const folder = await this.openFolder();
    const storage = await this.openStorage(folder);
    const clock = new MonotonicClock();
    const host = await takeUp(folder?.identity, storage, clock);
    const { core } = host;
    this.core = core;
    this.host = host;
    await lifecycle.start(() => host);
    const server = new GrpcServer(options.tls, this.log.child('server'));
    const followers = new FollowerStreams(
      (input) => host.post(input),
      limited(this.log.child('followers')),
      () => server.callBytes,
    );
    const watchers = new RingWatchers(
      () => core.view.ring,
      () => ringBeat(core.parameters.leaseMs, clock.now() - core.registryAnsweredAt),
    );
    const batches = new BatchStreams(
      host,
      () => core.parameters,
      () => server.callBytes,
    );
    const health = addNodeService(server, {
      host,
      batches,
      followers,
      watchers,
      facts: () => this.facts as NodeFacts,
      leave: () => this.leave(),
    });
    const listenHost = options.host ?? '127.0.0.1';
    const port = await server.listen({
      host: listenHost,
      port: options.port,
      portOption: 'the PORT argument or NODE_PORT',
    });
    await lifecycle.start(() => ({ name: 'server', stop: () => server.stop(STOP_DEADLINE_MS / 4) }));
    const address = advertisedAddress(
      options.advertise ?? listenHost,
      options.tls?.identity !== undefined,
      port,
    );
    this.facts = { address, registryAddress, storage: storage.name };
    await lifecycle.start(() => batches);
    await lifecycle.start(() => followers);
    await lifecycle.start(() => watchers);
    const peers = await lifecycle.start(
      () =>
        new Peers(
          () => ({ id: core.self, addr: address }),
          options.tls,
          (input) => host.post(input),
          this.log.child('peers'),
        ),
    );
    const primaries = await lifecycle.start(
      () =>
        new PrimaryStreams(
          (member) => peers.client(member),
          (input) => host.post(input),
          limited(this.log.child('following')),
        ),
    );
    const claim = folder?.identity.claim ?? randomUUID();
    const proximity = options.proximity ?? 'random';
    const registry = await lifecycle.start(
      () =>
        new RegistryLink(
          {
            registryAddress,
            ownAddress: address,
            incarnation: core.incarnation,
            process: core.process,
            claim,
            coordinates: coordinatesOf(proximity, claim),
            tls: options.tls,
            placeHeld: (reason) => this.joining?.placeIsHeld(reason),
          },
          keeperOf(folder),
          () => core.known,
          (input) => host.post(input),
          () => clock.now(),
          this.log.child('registry'),
        ),
    );
    if (proximity === 'rtt') {
      await lifecycle.start(() => new RoundTrips(core, options.tls, (input) => host.post(input)));
    }
    await lifecycle.start(() => ({
      name: 'health',
      drain: () => health.setServing(false),
      stop: () => undefined,
    }));
    const examine = (): Promise<ServerFound> =>
      whatAnswers({ address: registryAddress, deadlineMs: EXAMINE_MS, tls: options.tls });
    const discards = folder && new DiscardFile(folder.path);
    const joining = new Joining(
      { registryAddress, timeoutMs: this.registryTimeoutMs, examine },
      this.log,
      () => whatIsLacking(core),
    );
    this.joining = joining;
    const violations = limited(this.log);
    host.start({
      registry,
      peers,
      primaries,
      followers,
      observer: {
        event: (event) => {
          logEvent(event.kind === 'protocol-violation' ? violations : this.log, event);
          if (event.kind === 'ring-adopted') {
            joining.registered = true;
            watchers.changed();
            peers.retain((id) => core.view.member(id) !== undefined);
          }
          if (event.kind === 'registry-silent') joining.registryIsSilent(event.text);
          if (event.kind === 'room') health.setRoom(event.lacking === undefined);
          if (event.kind === 'role-open' || event.kind === 'joined') this.checkJoined(health);
        },
        discarded: (range, ops) => discards?.keep(range, ops),
        left: () => this.hasLeft(),
        leaveRefused: (text) => this.leaveRefused(text),
        failed: (error) => this.hasFailed(error),
      },
    });
    await this.startScrub(storage, host);
    await this.watchFolder(folder, core);
    await joining.done;
  }

  private async startScrub(storage: NodeStorage, host: NodeHost): Promise<void> {
    const everyMs = this.options.scrubEveryMs ?? SCRUB_EVERY_MS;
    const log = this.log.child('scrub');
    const post = (input: NodeInput): void => host.post(input);
    await this.lifecycle.start(() => new Scrub(storage, everyMs, randomInt(PARTS), post, log));
  }

  private async findRegistry(): Promise<string> {
    const { registry, join, tls } = this.options;
    if (registry !== undefined) return addressUrl(parseAddress(registry));
    if (join === undefined)
      throw new RingError(
        'INVALID_ARGUMENT',
        'a node needs the address of the registry or of a node to join',
      );
    const line = await this.lifecycle.start(() => new RegistryOfRing(join, tls, this.log));
    return line.find(this.registryTimeoutMs).finally(() => line.stop());
  }

  private async openFolder(): Promise<DataFolder | undefined> {
    const { storage, dataDir, acceptDataLoss = false } = this.options;
    if (storage === 'memory') return undefined;
    if (dataDir === undefined) throw new RingError('INVALID_ARGUMENT', 'storage on disk needs a data folder');
    const folder = await DataFolder.open(dataDir, undefined, { acceptDataLoss });
    if (folder.givenUp !== undefined) this.log.warn('starts as a new node', { reason: folder.givenUp });
    await this.lifecycle.start(() => ({ name: 'data folder', stop: () => folder.close() }));
    return folder;
  }

  /** With every heartbeat; the storage tells the host when its folder is not there any more. */
  private async watchFolder(folder: DataFolder | undefined, core: NodeCore): Promise<void> {
    const guard = await folder?.guard();
    if (!guard) return;
    const pauseMs = (): number => beatMs(core.parameters);
    const look = (): Promise<string | undefined> => guard.look();
    const onFault = (): void => undefined;
    await this.lifecycle.start(() => new RepeatedLook({ name: 'folder guard', look, pauseMs, onFault }));
  }

  private async openStorage(folder: DataFolder | undefined): Promise<NodeStorage> {
    const { durability = 'always', diskReserveBytes } = this.options;
    const storage = folder
      ? await folder.openStorage({
          durability,
          measureRoom: () => roomOf(folder.path),
          ...(diskReserveBytes !== undefined && { reserveBytes: diskReserveBytes }),
        })
      : new MemoryStorage();
    await this.lifecycle.start(() => ({ name: 'storage', stop: () => storage.close() }));
    return storage;
  }

  private get registryTimeoutMs(): number {
    return this.options.registryTimeoutMs ?? REGISTRY_TIMEOUT_DEFAULT_MS;
  }

  private checkJoined(health: { setServing(serving: boolean): void }): void {
    if (!this.serving) return;
    health.setServing(true);
    this.joining?.succeed();
  }

  // ---- ending ----

  private hasLeft(): void {
    this.log.info('left the ring');
    this.joining?.fail(new RingError('CANCELLED', 'the node has left the ring'));
    this.leaving?.resolve();
    this.options.onLeft?.();
  }

  private leaveRefused(text: string): void {
    this.log.warn('cannot leave the ring', { reason: text });
    this.leaving?.reject(new RingError('FAILED_PRECONDITION', text));
    this.leaving = undefined;
  }

  private hasFailed(fault: Error): void {
    const { dataDir } = this.options;
    const where =
      this.joining?.registered || dataDir === undefined ? '' : `; the node's data folder is ${dataDir}`;
    const error = new RingError('FAILED_PRECONDITION', `${fault.message}${where}`, { cause: fault });
    this.leaving?.reject(error);
    if (!this.started) return this.joining?.fail(error);
    this.log.error('the node stops: it cannot go on', { reason: error.message });
    this.stop()
      .catch((failure: Error) => this.log.error('stopping failed', { reason: failure.message }))
      .finally(() => this.options.onFailure?.(error));
  }

  private running(): { core: NodeCore; host: NodeHost } {
    if (!this.core || !this.host) throw new RingError('FAILED_PRECONDITION', 'the node is not running');
    return { core: this.core, host: this.host };
  }

  private query(type: OperationType, key: Key, value?: Key): Promise<Uint8Array | undefined> {
    const { core, host } = this.running();
    return ownQuery(core, host, type, key, value);
  }
}
