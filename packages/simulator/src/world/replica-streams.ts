/** The streams of a simulated node: those that it opened to primaries, and those that followers opened to it. */

import { dht } from '@ringkeep/shared/wire';
import {
  followerMessageFromWire,
  followerMessageToWire,
  primaryMessageFromWire,
  primaryMessageToWire,
} from '@ringkeep/dht-node/codec';
import type { NodeEffect, NodeInput } from '@ringkeep/dht-node/core';
import { Stream } from './stream';
import type { Home, Neighbourhood, StreamsTaken } from './surroundings';

type Effect<Kind extends NodeEffect['kind']> = Omit<Extract<NodeEffect, { kind: Kind }>, 'kind'>;

/** The process whose streams they are. */
export interface ReplicaStreamsHost {
  post(input: NodeInput): void;
  /** A broken invariant in there ends the run. */
  guard(action: () => void): void;
}

export class ReplicaStreams implements StreamsTaken {
  private lastInbound = 0;
  private readonly outbound = new Map<number, Stream>();
  private readonly inbound = new Map<number, Stream>();
  /** What a stream brings that its node has closed: never, but where a rule is left out. */
  private readonly hearsLate: boolean;

  constructor(
    private readonly host: ReplicaStreamsHost,
    private readonly world: Neighbourhood,
    private readonly machine: Home,
  ) {
    this.hearsLate = world.rules.leftOut.includes('eraseOnNewestStreamOnly');
  }

  die(): void {
    for (const stream of this.outbound.values()) stream.die(0);
    for (const stream of this.inbound.values()) stream.die(1);
  }

  open({ connection, to, message }: Effect<'open-stream'>): void {
    const target = this.world.machineAt(to.addr);
    const bytes = dht.FollowerMessage.encode(followerMessageToWire(message)).finish();
    let accepting: { readonly streams: StreamsTaken; readonly connection: number } | undefined;
    const stream: Stream = new Stream(
      this.world.network,
      [this.machine.party, target?.party ?? 0],
      {
        receive: (received) => {
          if (this.outbound.get(connection) !== stream && !this.hearsLate) return;
          this.host.guard(() => {
            const decoded = primaryMessageFromWire(dht.PrimaryMessage.decode(received));
            this.world.witness.primaryHeard(this.machine.id, decoded.stream);
            this.host.post({ kind: 'primary-message', connection, message: decoded });
          });
        },
        gone: (text) => {
          if (this.outbound.delete(connection)) this.host.post({ kind: 'primary-gone', connection, text });
        },
      },
      {
        receive: (received) => {
          const streams = target?.process?.streams;
          if (!accepting) {
            if (!streams) return stream.die(1);
            accepting = { streams, connection: streams.accept(stream) };
          }
          accepting.streams.heard(accepting.connection, received);
        },
        gone: () => accepting?.streams.lost(accepting.connection),
      },
    );
    this.outbound.set(connection, stream);
    const machine = this.machine.party;
    const { start: at } = message.stream;
    this.world.occurred({ name: 'opening', machine, other: target?.party, at, stream, side: 0 });
    stream.send(0, bytes);
  }

  sendToFollower({ connection, message }: Effect<'send-to-follower'>): void {
    const stream = this.inbound.get(connection);
    if (!stream) return;
    const { kind } = message.body;
    if (kind === 'align' || kind === 'start-over' || kind === 'live' || kind === 'release') {
      const machine = this.machine.party;
      const { start: at } = message.stream;
      this.world.occurred({ name: `sent ${kind}`, machine, other: stream.peerOf(1), at, stream, side: 1 });
    }
    stream.send(1, dht.PrimaryMessage.encode(primaryMessageToWire(message)).finish());
  }

  accept(stream: Stream): number {
    this.inbound.set(++this.lastInbound, stream);
    return this.lastInbound;
  }

  heard(connection: number, bytes: Uint8Array): void {
    if (!this.inbound.has(connection)) return;
    this.host.guard(() => {
      const message = followerMessageFromWire(dht.FollowerMessage.decode(bytes));
      this.host.post({ kind: 'follower-message', connection, message });
    });
  }

  lost(connection: number): void {
    if (this.inbound.delete(connection)) this.host.post({ kind: 'follower-gone', connection });
  }

  sendToPrimary({ connection, message }: Effect<'send-to-primary'>): void {
    const stream = this.outbound.get(connection);
    stream?.send(0, dht.FollowerMessage.encode(followerMessageToWire(message)).finish());
  }

  close(connection: number): void {
    if (!this.hearsLate) this.outbound.get(connection)?.close(0);
    this.outbound.delete(connection);
  }

  closeFollower(connection: number): void {
    this.inbound.get(connection)?.close(1);
    this.inbound.delete(connection);
  }
}
