/** The door for clients, other nodes and people with grpcurl: dht.DhtNode, reflection and health on one gRPC server. */

import { ringBeat } from '@ringkeep/shared';
import { keyTermsOf } from '@ringkeep/shared/operations';
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

/** How long the server may take to stop. */
const SERVER_STOP_MS = 2_500;

type Options = Pick<NodeOptions, 'host' | 'port' | 'advertise' | 'tls'>;

export class GrpcDoor implements Door {
  /** Streams that followers open here. */
  readonly followers: FollowerStreams;
  private readonly server: GrpcServer;
  private readonly watchers: RingWatchers;
  private readonly batches: BatchStreams;
  private readonly health: ReturnType<typeof addNodeService>;

  constructor(
    host: NodeHost,
    private readonly options: Options,
    now: () => number,
    post: (input: NodeInput) => void,
    log: Logger,
    parts: Pick<ServiceParts, 'status' | 'facts' | 'leave'>,
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
    this.batches = new BatchStreams(host, () => keyTermsOf(core.view.ring), callBytes);
    const { batches, followers, watchers } = this;
    this.health = addNodeService(this.server, { host, batches, followers, watchers, ...parts });
  }

  async listen(lifecycle: Lifecycle): Promise<string> {
    const { options, server } = this;
    const host = options.host ?? '127.0.0.1';
    const portOption = 'the PORT argument or NODE_PORT';
    const port = await server.listen({ host, port: options.port, portOption });
    await lifecycle.start(() => ({ name: 'server', stop: () => server.stop(SERVER_STOP_MS) }));
    for (const part of [this.batches, this.followers, this.watchers]) await lifecycle.start(() => part);
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
