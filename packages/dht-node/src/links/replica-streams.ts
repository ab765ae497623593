/**
 * TransferKeys streams, on both sides, between the core's numbered connections and gRPC.
 *
 * A message that cannot be read ends its stream. The follower then opens another one and is brought up to date. The
 * core limits what is on its way, so nothing is queued here beyond its windows.
 */

import type { ClientDuplexStream, ServerDuplexStream } from '@grpc/grpc-js';
import type { Member } from '@ringkeep/shared';
import type { Logger } from '@ringkeep/process/running';
import type { CallBytes } from '@ringkeep/process/server';
import { cancelSoon, toServiceError } from '@ringkeep/shared/channel';
import type { dht } from '@ringkeep/shared/wire';
import {
  followerMessageFromWire,
  followerMessageToWire,
  primaryMessageFromWire,
  primaryMessageToWire,
} from '../codec';
import type { NodeInput } from '../core/inputs';
import type { FollowerMessage, PrimaryMessage } from '../core/messages';
import type { NodeObserver } from '../observing/node-observer';

type FollowerSide = ClientDuplexStream<dht.FollowerMessage, dht.PrimaryMessage>;
type PrimarySide = ServerDuplexStream<dht.FollowerMessage, dht.PrimaryMessage>;

/** Streams that this node opens as a follower. */
export class PrimaryStreams {
  readonly name = 'streams to primaries';
  private readonly streams = new Map<number, FollowerSide>();

  constructor(
    private readonly client: (member: Member) => dht.DhtNodeClient,
    private readonly post: (input: NodeInput) => void,
    private readonly log: Logger,
    private readonly observer: NodeObserver = {},
  ) {}

  open(connection: number, to: Member, message: FollowerMessage): void {
    const stream = this.client(to).transferKeys();
    this.streams.set(connection, stream);
    stream.on('data', (received: dht.PrimaryMessage) => {
      if (this.streams.get(connection) !== stream) return;
      try {
        const message = primaryMessageFromWire(received);
        this.tell(received, message);
        this.post({ kind: 'primary-message', connection, message });
      } catch (error) {
        this.log.warn('a primary sent a message that cannot be read', {
          primary: to.addr,
          reason: (error as Error).message,
        });
        this.gone(connection, (error as Error).message);
      }
    });
    stream.on('error', (error) => this.gone(connection, error.message));
    stream.on('end', () => this.gone(connection, 'the primary closed the stream'));
    this.send(connection, message);
  }

  send(connection: number, message: FollowerMessage): void {
    this.streams.get(connection)?.write(followerMessageToWire(message));
  }

  close(connection: number): void {
    const stream = this.streams.get(connection);
    this.streams.delete(connection);
    if (stream) cancelSoon(stream);
  }

  stop(): void {
    for (const connection of [...this.streams.keys()]) this.close(connection);
  }

  private tell(received: dht.PrimaryMessage, { body }: PrimaryMessage): void {
    this.observer.replicaReceived?.({ bytes: blobBytes(received) });
    if (body.kind === 'chunk') this.observer.chunkReceived?.({ entries: body.entries.length });
  }

  private gone(connection: number, text: string): void {
    if (!this.streams.has(connection)) return;
    this.close(connection);
    this.post({ kind: 'primary-gone', connection, text });
  }
}

/** What a message without an operation costs in memory. */
const MESSAGE_BYTES_LEAST = 500;

interface Followed {
  readonly stream: PrimarySide;
  readonly callBytes: CallBytes | undefined;
  unsentBytes: number;
}

/** Streams that followers opened here. */
export class FollowerStreams {
  readonly name = 'streams of followers';
  private readonly streams = new Map<number, Followed>();
  private lastConnection = 0;

  constructor(
    private readonly post: (input: NodeInput) => void,
    private readonly log: Logger,
    /** Of the call that is just being accepted. */
    private readonly callBytes: () => CallBytes | undefined = () => undefined,
    private readonly observer: () => NodeObserver = () => ({}),
  ) {}

  accept(stream: PrimarySide): void {
    const connection = ++this.lastConnection;
    this.streams.set(connection, { stream, callBytes: this.callBytes(), unsentBytes: 0 });
    stream.on('data', (received: dht.FollowerMessage) => {
      if (!this.streams.has(connection)) return;
      try {
        this.post({ kind: 'follower-message', connection, message: followerMessageFromWire(received) });
      } catch (error) {
        this.log.warn('a follower sent a message that cannot be read', { reason: (error as Error).message });
        stream.emit('error', toServiceError(error));
        this.gone(connection);
      }
    });
    stream.on('error', () => this.gone(connection));
    stream.on('cancelled', () => this.gone(connection));
    stream.on('end', () => this.gone(connection));
  }

  send(connection: number, message: PrimaryMessage): void {
    const followed = this.streams.get(connection);
    if (!followed) return;
    const { stream, callBytes } = followed;
    const encoded = primaryMessageToWire(message);
    const blob = blobBytes(encoded);
    const bytes = MESSAGE_BYTES_LEAST + blob;
    this.observer().replicaSent?.({ bytes: blob });
    const hold = (more: number): void => {
      followed.unsentBytes += more;
      callBytes?.hold({ here: 0, there: followed.unsentBytes });
    };
    hold(bytes);
    stream.write(encoded, () => {
      callBytes?.moved();
      hold(-bytes);
    });
  }

  close(connection: number): void {
    const followed = this.streams.get(connection);
    this.streams.delete(connection);
    followed?.stream.end();
  }

  stop(): void {
    for (const connection of [...this.streams.keys()]) this.close(connection);
  }

  private gone(connection: number): void {
    if (!this.streams.has(connection)) return;
    this.close(connection);
    this.post({ kind: 'follower-gone', connection });
  }
}

/** Keys and values of a message: by far most of it, where there are any. */
function blobBytes({ body }: dht.PrimaryMessage): number {
  const { ops, entries, window } = (body?.value ?? {}) as Partial<Record<string, dht.EntryColumns>>;
  return (ops ?? entries ?? window)?.blob.length ?? 0;
}
