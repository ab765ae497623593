/**
 * The connection to the registry. It reports when it is there, so that nobody has to find out by trying, and it is made
 * anew when a call got no answer over it in time.
 *
 * A registry that has crashed refuses connections, and the channel tries again after short, jittered pauses. A registry
 * whose machine is gone leaves a connection behind that looks alive: TCP repeats what was sent at ever longer pauses,
 * and keepalive takes its time as well. Only a new connection finds out soon.
 */

import { connectivityState, type ChannelOptions } from '@grpc/grpc-js';
import { channelTo, NODE_CHANNEL, type TlsMaterial } from '@ringkeep/shared/channel';
import { registry as wire } from '@ringkeep/shared/wire';

/** The longest pause between two attempts to connect: a registry that is back is found within that. */
const RECONNECT_MS_MAX = 400;
/** A registry that is only slow must not have to accept connections more often than this, ms. */
const RENEWAL_PAUSE_MS = 1_000;

export class RegistryChannel {
  private current: wire.RegistryClient;
  private renewedAt: number;
  private closed = false;

  /** `onReady`: the registry can be reached, for the first time or again. */
  constructor(
    private readonly address: string,
    private readonly tls: TlsMaterial | undefined,
    private readonly now: () => number,
    private readonly onReady: () => void,
  ) {
    this.renewedAt = now();
    this.current = this.connect();
  }

  get client(): wire.RegistryClient {
    return this.current;
  }

  /** A call that was begun over `client` got no answer in time. */
  unanswered(client: wire.RegistryClient): void {
    if (this.closed || client !== this.current || this.now() - this.renewedAt < RENEWAL_PAUSE_MS) return;
    this.renewedAt = this.now();
    this.current = this.connect();
    client.close();
  }

  close(): void {
    this.closed = true;
    this.current.close();
  }

  private connect(): wire.RegistryClient {
    const [target, credentials, options] = channelTo(this.address, this.tls, NODE_CHANNEL);
    const short: ChannelOptions = { ...options, 'grpc.max_reconnect_backoff_ms': RECONNECT_MS_MAX };
    const client = new wire.RegistryClient(target, credentials, short);
    // Not before the constructor is done: whoever is told may want the client.
    setImmediate(() => this.follow(client));
    return client;
  }

  private follow(client: wire.RegistryClient): void {
    if (this.closed || client !== this.current) return;
    const channel = client.getChannel();
    channel.watchConnectivityState(channel.getConnectivityState(true), Infinity, () => {
      if (this.closed || client !== this.current) return;
      if (channel.getConnectivityState(true) === connectivityState.READY) this.onReady();
      this.follow(client);
    });
  }
}
