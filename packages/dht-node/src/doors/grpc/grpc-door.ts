/** The door for clients, other nodes and people with grpcurl: dht.DhtNode, reflection and health on one gRPC server. */

import { ringBeat, type Member } from '@ringkeep/shared';
import { keyTermsOf } from '@ringkeep/shared/operations';
import type { dht } from '@ringkeep/shared/wire';
import { limited, type Lifecycle, type Logger } from '@ringkeep/process/running';
import { GrpcServer } from '@ringkeep/process/server';
import type { NodeInput } from '../../core';
import type { NodeHost } from '../../hosting/host';
import { FollowerStreams } from '../../links/replica-streams';
import type { NodeOptions } from '../../node-options';
import type { Door } from '../door';
import { GRPC } from './name';
import { advertisedAddress } from './advertised-address';
import { BatchStreams } from './batch-streams';
import { addNodeService, type ServiceParts } from './grpc-service';
import { RingWatchers } from './ring-watchers';
import { WatchStreams } from './watch-streams';

/** How long the server may take to stop. */
const SERVER_STOP_MS = 2_500;

type Options = Pick<NodeOptions, 'host' | 'port' | 'advertise' | 'tls'>;

interface WatchParts {
  /** For streams to another node. */
  readonly client: (member: Member) => dht.DhtNodeClient;
}

export class GrpcDoor implements Door {
  /** Streams that followers open here. */
  readonly followers: FollowerStreams;
  private readonly server: GrpcServer;
  private readonly watchers: RingWatchers;
  private readonly batches: BatchStreams;
  private readonly watches: WatchStreams;
  private readonly health: ReturnType<typeof addNodeService>;

  constructor(
    host: NodeHost,
    private readonly options: Options,
    now: () => number,
    post: (input: NodeInput) => void,
    log: Logger,
    parts: Pick<ServiceParts, 'status' | 'facts' | 'leave'> & Pick<WatchParts, 'client'>,
  ) {
    const { core } = host;
    this.server = new GrpcServer(options.tls, log.child('server'));
    this.server.onRefusal(() => host.observer.callerRefused?.({ door: GRPC }));
    const callBytes = (): GrpcServer['callBytes'] => this.server.callBytes;
    this.followers = new FollowerStreams(
      post,
      limited(log.child('followers')),
      callBytes,
      () => host.observer,
    );
    this.watchers = new RingWatchers(
      () => core.view.ring,
      () => ringBeat(core.parameters.leaseMs, now() - core.registryAnsweredAt),
    );
    const terms = (): ReturnType<typeof keyTermsOf> => keyTermsOf(core.view.ring);
    this.batches = new BatchStreams(host, terms, callBytes);
    this.watches = new WatchStreams(host, terms, parts.client, callBytes);
    const { batches, followers, watchers, watches } = this;
    this.health = addNodeService(this.server, { host, batches, followers, watchers, watches, ...parts });
  }

  async listen(lifecycle: Lifecycle): Promise<string> {
    const { options, server } = this;
    const host = options.host ?? '127.0.0.1';
    const portOption = 'the PORT argument or NODE_PORT';
    const port = await server.listen({ host, port: options.port, portOption });
    await lifecycle.start(() => ({ name: 'server', stop: () => server.stop(SERVER_STOP_MS) }));
    for (const part of [this.batches, this.followers, this.watchers, this.watches])
      await lifecycle.start(() => part);
    return advertisedAddress(options.advertise ?? host, options.tls?.identity !== undefined, port);
  }

  setServing(serving: boolean): void {
    this.health.setServing(serving);
  }

  setRoom(hasRoom: boolean): void {
    this.health.setRoom(hasRoom);
  }

  ringChanged(): void {
    this.watchers.changed();
  }
}
