/**
 * A node put together, in named steps: the data, the core in its host, the server, the links to others, and what looks
 * after the data. What was started stops in reverse order, also when a later step fails.
 *
 * Order of a start: the data folder is locked and the log replayed before the node is heard of; the server listens before
 * it registers, because its address must be true; the node is ready when it serves its own arc.
 */

import { randomUUID } from 'node:crypto';
import { RingError } from '@ringkeep/shared';
import { whatAnswers } from '@ringkeep/process/probes';
import { limited, MonotonicClock, type Lifecycle, type Logger } from '@ringkeep/process/running';
import { addressUrl, parseAddress } from '@ringkeep/shared/channel';
import { GrpcDoor } from './doors/grpc/grpc-door';
import type { Door } from './doors/door';
import type { NodeFacts } from './doors/grpc/grpc-service';
import type { ClientOf } from './doors/resp/keyspace/node-keyspace';
import { RespDoor } from './doors/resp/resp-door';
import { HttpDoor } from './doors/http/http-door';
import { OwnWatches } from './doors/own/own-watches';
import { keeperOf } from './storage/identity-keeper';
import { Peers } from './links/peers';
import { RegistryLink } from './links/registry-link';
import { RegistryOfRing } from './links/registry-of-ring';
import { PrimaryStreams } from './links/replica-streams';
import { RoundTrips } from './links/round-trips';
import type { NodeEvent, NodeInput } from './core';
import type { NodeSettings } from './core/config';
import type { NodeHost } from './hosting/host';
import type { NodeObserver } from './observing/node-observer';
import type { HostPorts } from './hosting/ports';
import { takeUp } from './hosting/taking-up';
import { Joining, whatIsLacking } from './joining';
import { NodeData } from './node-data';
import { REGISTRY_TIMEOUT_MS, type NodeOptions } from './node-options';
import { coordinatesOf } from './proximity';
import { observersOf } from './observing/observers-of';
import { Tallies, type NodeStatus } from './observing/tallies';
import { addNodeGauges } from './observing/meters/node-gauges';
import { DiscardFile, type DataFolder } from './storage';

/** How long it may take to find out what there is at the registry's address. */
const EXAMINE_MS = 2_000;

/** The owner of the node: is told what becomes of it. */
export interface NodeOwner extends Pick<HostPorts['owner'], 'left' | 'leaveRefused' | 'failed'> {
  /** A caller wants it to leave the ring. */
  leave(): Promise<void>;
}

type Links = Pick<HostPorts, 'registry' | 'primaries'> & { readonly peers: Peers };

export class Assembly {
  /** What there is of it so far. */
  host: NodeHost | undefined;
  facts: NodeFacts | undefined;
  joining: Joining | undefined;
  /** host:port of the door for Redis clients, if it is open. */
  redisAddress: string | undefined;
  /** host:port of the door for HTTP, if it is open. */
  httpAddress: string | undefined;
  /** Watches and locks of the program around it. */
  own: OwnWatches | undefined;
  private peers: Peers | undefined;
  private readonly clock = new MonotonicClock();
  private readonly tallies = new Tallies();
  private readonly observer: NodeObserver;
  private readonly post = (input: NodeInput): void => this.host?.post(input);

  constructor(
    private readonly options: NodeOptions,
    private readonly lifecycle: Lifecycle,
    private readonly log: Logger,
    private readonly owner: NodeOwner,
  ) {
    this.observer = observersOf(options, log, this.tallies);
  }

  /** Resolves when the node serves its own part of the ring. */
  async run(): Promise<void> {
    const registryAddress = await this.findRegistry();
    const data = new NodeData(this.options, this.lifecycle, this.log);
    const folder = await data.openFolder();
    const storage = await data.openStorage(folder);
    const host = await takeUp(folder?.identity, storage, this.clock, undefined, watchSettings(this.options));
    this.host = host;
    await this.lifecycle.start(() => host);
    await this.addGauges(host);
    const door = new GrpcDoor(host, this.options, () => this.clock.now(), this.post, this.log, {
      status: () => this.status(host),
      facts: () => this.facts as NodeFacts,
      leave: () => this.owner.leave(),
      client: (member) => (this.peers as Peers).client(member),
    });
    const address = await door.listen(this.lifecycle);
    const own = new OwnWatches(host, { address, tls: this.options.tls });
    this.own = await this.lifecycle.start(() => own);
    const doors = [door, ...(await this.openRedisDoor(host)), ...(await this.openHttpDoor(host, address))];
    const facts = { address, registryAddress, storage: storage.name };
    this.facts = facts;
    const links = await this.connect(host, facts, folder);
    this.peers = links.peers;
    await this.lifecycle.start(() => ({
      name: 'health',
      drain: () => doors.forEach((each) => each.setServing(false)),
      stop: () => undefined,
    }));
    const joining = this.begin(host, door, doors, links, folder);
    await data.startScrub(storage, this.post);
    await data.watchFolder(folder, host.core);
    await joining.done;
  }

  private async openRedisDoor(host: NodeHost): Promise<readonly RespDoor[]> {
    const { redis, storage, durability = 'always' } = this.options;
    if (redis === undefined) return [];
    const client: ClientOf = (member) => (this.peers as Peers).client(member);
    const log = this.log.child('redis');
    const kept = storage === 'disk' ? durability : undefined;
    const door = new RespDoor(host, redis, () => this.clock.now(), log, client, kept);
    this.redisAddress = await door.listen(this.lifecycle);
    return [door];
  }

  private async openHttpDoor(host: NodeHost, address: string): Promise<readonly HttpDoor[]> {
    const { http, tls } = this.options;
    if (http === undefined) return [];
    const door = new HttpDoor(host, http, () => this.clock.now(), this.log.child('http'), { address, tls });
    this.httpAddress = await door.listen(this.lifecycle);
    return [door];
  }

  status(host: NodeHost): NodeStatus {
    return { ...host.core.inspection.status(), ...this.tallies.tallied };
  }

  private async addGauges(host: NodeHost): Promise<void> {
    const { meter } = this.options;
    if (meter === undefined) return;
    const takeBack = addNodeGauges(meter, host, () => this.clock.now());
    await this.lifecycle.start(() => ({ name: 'gauges', stop: takeBack }));
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

  // ---- the links to others ----

  private async connect(
    { core }: NodeHost,
    { address, registryAddress }: NodeFacts,
    folder: DataFolder | undefined,
  ): Promise<Links> {
    const { lifecycle, post, clock, log, observer } = this;
    const { tls, proximity = 'random' } = this.options;
    const self = (): { id: typeof core.self; addr: string } => ({ id: core.self, addr: address });
    const peers = await lifecycle.start(() => new Peers(self, tls, post, log.child('peers'), observer));
    const primaries = await lifecycle.start(
      () =>
        new PrimaryStreams((member) => peers.client(member), post, limited(log.child('following')), observer),
    );
    const claim = folder?.identity.claim ?? randomUUID();
    const settings = {
      registryAddress,
      ownAddress: address,
      incarnation: core.incarnation,
      process: core.process,
      claim,
      coordinates: coordinatesOf(proximity, claim),
      tls,
      placeHeld: (reason: string) => this.joining?.placeIsHeld(reason),
    };
    const now = (): number => clock.now();
    const registry = await lifecycle.start(
      () => new RegistryLink(settings, keeperOf(folder), () => core.known, post, now, log.child('registry')),
    );
    if (proximity === 'rtt') await lifecycle.start(() => new RoundTrips(core, tls, post));
    return { peers, primaries, registry };
  }

  // ---- the first step, and what comes of it ----

  private begin(
    host: NodeHost,
    { followers }: GrpcDoor,
    doors: readonly Door[],
    links: Links,
    folder: DataFolder | undefined,
  ): Joining {
    const { core } = host;
    const joining = this.join(host);
    const discards = folder && new DiscardFile(folder.path);
    const react = (event: NodeEvent): void => {
      if (event.kind === 'ring-adopted') {
        joining.registered = true;
        for (const door of doors) door.ringChanged();
        this.own?.ringChanged();
        links.peers.retain((id) => core.view.member(id) !== undefined);
      }
      if (event.kind === 'registry-silent') joining.registryIsSilent(event.text);
      if (event.kind === 'room') for (const door of doors) door.setRoom(event.lacking === undefined);
      if (event.kind !== 'role-open' && event.kind !== 'joined') return;
      if (!this.serving) return;
      for (const door of doors) door.setServing(true);
      joining.succeed();
    };
    host.start({
      ...links,
      followers,
      observer: {
        ...this.observer,
        event: (event) => {
          this.observer.event?.(event);
          react(event);
        },
      },
      owner: {
        discarded: (range, ops) => discards?.keep(range, ops),
        left: () => this.owner.left(),
        leaveRefused: (text) => this.owner.leaveRefused(text),
        failed: (error) => this.owner.failed(error),
      },
    });
    return joining;
  }

  private join({ core }: NodeHost): Joining {
    const { registryAddress } = this.facts as NodeFacts;
    const { tls } = this.options;
    const joining = new Joining(
      {
        registryAddress,
        timeoutMs: this.registryTimeoutMs,
        examine: () => whatAnswers({ address: registryAddress, deadlineMs: EXAMINE_MS, tls }),
      },
      this.log,
      () => whatIsLacking(core),
    );
    this.joining = joining;
    return joining;
  }

  /** It has joined and serves its own part of the ring. */
  get serving(): boolean {
    const core = this.host?.core;
    return (
      core !== undefined &&
      core.view.arcAt(core.self)?.primary === core.self &&
      core.inspection.serves(core.self)
    );
  }

  private get registryTimeoutMs(): number {
    return this.options.registryTimeoutMs ?? REGISTRY_TIMEOUT_MS;
  }
}

function watchSettings({
  watchHistoryBytes,
  watchesMax,
}: NodeOptions): Pick<NodeSettings, 'historyBytes' | 'watchesMax'> {
  return {
    ...(watchHistoryBytes !== undefined && { historyBytes: watchHistoryBytes }),
    ...(watchesMax !== undefined && { watchesMax }),
  };
}
