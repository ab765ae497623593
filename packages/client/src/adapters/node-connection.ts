/**
 * One connection to one node: its channel, the stream of batches on it, and watches of its ring.
 *
 * The stream is opened before the channel is connected. Nothing is written to it until the node has sent its header,
 * which a node does at once. So an error before that moment proves that no operation has left, and names its cause:
 * nobody listens there, the process stands still, or it is another kind of server. Each attempt has a channel of its
 * own, so that the only pauses are those of the session.
 */

import { connectivityState, type ClientDuplexStream, type ClientReadableStream } from '@grpc/grpc-js';
import { cancelSoon, causeOf, channelTo, type TlsMaterial } from '@ringkeep/shared/channel';
import { encodeLocated, type dht, type FrameHeader, type registry } from '@ringkeep/shared/wire';
import { NodeCalls } from '@ringkeep/shared/wire/client-services';
import { BatchRequest } from '@ringkeep/shared/wire/generated/dht';
import type { LocatedOperation } from '@ringkeep/shared/operations';

export interface ConnectionEvents {
  opened(): void;
  /** Never opened; nothing was sent. */
  failed(reason: string): void;
  /** Was open; what is unanswered may have happened. */
  ended(reason: string): void;
  /** The node takes no new streams because it is about to stop; what is in flight is still answered. */
  closing(): void;
  reply(reply: dht.BatchReply): void;
  /** Takes frames again after `send` has returned false. */
  writable(): void;
}

export interface ConnectionOptions {
  readonly tls: TlsMaterial | undefined;
  /** How long an attempt may take. */
  readonly connectMs: number;
}

export class NodeConnection {
  private readonly client: NodeCalls;
  private readonly stream: ClientDuplexStream<dht.BatchRequest, dht.BatchReply>;
  private readonly attempt: NodeJS.Timeout;
  private phase: 'connecting' | 'open' | 'over' = 'connecting';

  constructor(
    address: string,
    options: ConnectionOptions,
    private readonly events: ConnectionEvents,
  ) {
    this.client = new NodeCalls(...channelTo(address, options.tls));
    this.stream = this.client.queryBatch();
    this.stream.on('data', (reply: dht.BatchReply) => {
      if (this.phase === 'open') events.reply(reply);
    });
    this.stream.on('drain', () => {
      if (this.phase === 'open') events.writable();
    });
    // An error is followed by its status, which says the same.
    this.stream.on('error', () => undefined);
    this.stream.on('status', (status) =>
      this.lost(causeOf(status, 'the node ended the stream', 'a Ringkeep node')),
    );
    this.attempt = setTimeout(
      () => this.lost(`no connection within ${options.connectMs} ms`),
      options.connectMs,
    );
    this.stream.once('metadata', () => this.accepted());
    // Without a question of somebody's a channel does not say why it cannot connect.
    this.client.getChannel().getConnectivityState(true);
  }

  /** Hands a frame to the stream. False asks to wait for `writable` before the next one. */
  send(header: FrameHeader, operations: readonly LocatedOperation[]): boolean {
    return this.stream.write(encodeLocated(header, operations));
  }

  cancel(frame: number): void {
    this.stream.write(BatchRequest.fromPartial({ cancel: frame }));
  }

  watchRing(request: registry.WatchRingRequest): ClientReadableStream<registry.RingUpdate> {
    return this.client.watchRing(request);
  }

  /** Ends it in whatever state it is; no event follows. */
  close(): void {
    if (this.phase === 'over') return;
    this.phase = 'over';
    clearTimeout(this.attempt);
    cancelSoon(this.stream);
    this.client.close();
  }

  private accepted(): void {
    if (this.phase !== 'connecting') return;
    clearTimeout(this.attempt);
    this.phase = 'open';
    // Before anybody hears of it: who does may close it, and then the channel can be watched no more.
    this.client.getChannel().watchConnectivityState(connectivityState.READY, Infinity, () => {
      if (this.phase === 'open') this.events.closing();
    });
    this.events.opened();
  }

  private lost(reason: string): void {
    const { phase } = this;
    if (phase === 'over') return;
    this.close();
    if (phase === 'open') this.events.ended(reason);
    else this.events.failed(reason);
  }
}
