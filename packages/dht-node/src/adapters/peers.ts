/**
 * The other nodes: one channel and one QueryBatch stream to each, opened when first needed.
 *
 * Frames wait here until the stream is known to be open, so that of those that were not written it is
 * certain that they never left. What was written when a stream breaks may have been carried out.
 */

import { type ClientDuplexStream } from '@grpc/grpc-js';
import type { Member, NodeId } from '@ringkeep/shared';
import { channelTo, type Logger, type TlsMaterial } from '@ringkeep/shared/runtime';
import { decodeReply, dht, encodeRequest, updateFromWire } from '@ringkeep/shared/wire';
import type { NodeEffect } from '../core/effects';
import type { NodeInput } from '../core/inputs';

type Forward = Extract<NodeEffect, { kind: 'forward' }>;
type BatchStream = ClientDuplexStream<dht.BatchRequest, dht.BatchReply>;

/** How long an introduction may take; nothing depends on it. */
const INTRODUCTION_TIMEOUT_MS = 1_000;
/** How long a stream may take to open before what waits for it is given back. */
const OPEN_TIMEOUT_MS = 1_000;

export class Peers {
  readonly name = 'peers';
  private readonly peers = new Map<NodeId, Peer>();

  constructor(
    private readonly self: () => { readonly id: NodeId; readonly addr: string },
    private readonly tls: TlsMaterial | undefined,
    private readonly post: (input: NodeInput) => void,
    private readonly log: Logger,
  ) {}

  forward(effect: Forward, remainingMs: number): void {
    this.peer(effect.to).forward(effect, remainingMs);
  }

  /** Tells a neighbour who is next to it now. A courtesy: the ring itself comes from the registry. */
  introduce(to: Member, as: 'previous' | 'next'): void {
    const { id, addr } = this.self();
    const ty = as === 'previous' ? dht.NeighborType.Previous : dht.NeighborType.Next;
    this.peer(to).introduce({ ty, id, addr }, (reason) => {
      this.log.debug('a neighbour did not take the introduction', { neighbour: to.addr, reason });
    });
  }

  /** The client for a member, for streams of other kinds. */
  client(member: Member): dht.DhtNodeClient {
    return this.peer(member).client;
  }

  stop(): void {
    for (const peer of this.peers.values()) peer.close();
    this.peers.clear();
  }

  private peer(member: Member): Peer {
    const known = this.peers.get(member.id);
    if (known?.addr === member.addr) return known;
    known?.close();
    const peer = new Peer(member.addr, this.tls, this.post);
    this.peers.set(member.id, peer);
    return peer;
  }
}

class Peer {
  readonly client: dht.DhtNodeClient;
  private stream: BatchStream | undefined;
  private open = false;
  private openTimer: NodeJS.Timeout | undefined;
  private waiting = new Map<number, dht.BatchRequest>();
  private readonly written = new Set<number>();

  constructor(
    readonly addr: string,
    tls: TlsMaterial | undefined,
    private readonly post: (input: NodeInput) => void,
  ) {
    this.client = new dht.DhtNodeClient(...channelTo(addr, tls));
  }

  forward(effect: Forward, remainingMs: number): void {
    const header = {
      frame: effect.forward,
      deadlineMs: Math.ceil(remainingMs),
      hops: effect.hops,
      ringVersion: effect.ringVersion,
      direct: false,
    };
    const frame = encodeRequest(header, effect.operations);
    if (!this.stream) this.connect();
    if (this.open) this.write(frame);
    else this.waiting.set(frame.frame, frame);
  }

  introduce(info: dht.NeighborRegisterInfo, failed: (reason: string) => void): void {
    this.client.waitForReady(Date.now() + INTRODUCTION_TIMEOUT_MS, (error) => {
      if (error) return failed(error.message);
      this.client.registerAsNeighbor(info, (fault) => fault && failed(fault.message));
    });
  }

  close(): void {
    this.broken(this.stream, 'closed');
    this.client.close();
  }

  private write(frame: dht.BatchRequest): void {
    this.written.add(frame.frame);
    this.stream?.write(frame);
  }

  private connect(): void {
    const stream = this.client.queryBatch();
    this.stream = stream;
    // The server sends its header at once; only then is the stream known to be open.
    stream.once('metadata', () => {
      if (this.stream !== stream) return;
      this.open = true;
      clearTimeout(this.openTimer);
      const waiting = this.waiting;
      this.waiting = new Map();
      for (const frame of waiting.values()) this.write(frame);
    });
    stream.on('data', (reply: dht.BatchReply) => this.answered(reply));
    stream.on('error', (error) => this.broken(stream, error.message));
    stream.on('end', () => this.broken(stream, 'the node closed the stream'));
    this.openTimer = setTimeout(() => this.broken(stream, 'the node does not answer'), OPEN_TIMEOUT_MS);
  }

  private answered(reply: dht.BatchReply): void {
    if (!this.written.delete(reply.frame)) return;
    try {
      this.post({
        kind: 'forward-answer',
        forward: reply.frame,
        results: decodeReply(reply),
        hops: reply.hops,
        ring: reply.ring && updateFromWire(reply.ring),
      });
    } catch (error) {
      this.post({ kind: 'forward-failed', forward: reply.frame, sent: true, text: (error as Error).message });
    }
  }

  private broken(stream: BatchStream | undefined, text: string): void {
    if (!stream || this.stream !== stream) return;
    this.stream = undefined;
    this.open = false;
    clearTimeout(this.openTimer);
    stream.on('error', () => undefined);
    stream.cancel();
    for (const forward of this.written) this.post({ kind: 'forward-failed', forward, sent: true, text });
    for (const forward of this.waiting.keys())
      this.post({ kind: 'forward-failed', forward, sent: false, text });
    this.written.clear();
    this.waiting.clear();
  }
}
