/**
 * The other nodes: one channel and one QueryBatch stream to each, opened when first needed.
 *
 * Frames wait here until the stream is known to be open and takes more. So frames that were not written have certainly
 * not left. Frames that were written when a stream breaks may have been carried out. The number of waiting frames is
 * limited. Frames beyond the limit, and frames whose time is over, are given back.
 */

import { type ClientDuplexStream } from '@grpc/grpc-js';
import { NumberMap, type Member, type NodeId, type RingUpdate } from '@ringkeep/shared';
import { type OperationResult } from '@ringkeep/shared/operations';
import { processAt } from '@ringkeep/process/probes';
import type { Logger } from '@ringkeep/process/running';
import { cancelSoon, channelTo, NODE_CHANNEL, type TlsMaterial } from '@ringkeep/shared/channel';
import { decodeReply, dht, encodeRequest, updateFromWire } from '@ringkeep/shared/wire';
import type { NodeEffect } from '../core/effects';
import type { NodeInput } from '../core/inputs';
import type { EndedForward, NodeObserver } from '../observing/node-observer';

type Forward = Extract<NodeEffect, { kind: 'forward' }>;
type BatchStream = ClientDuplexStream<dht.BatchRequest, dht.BatchReply>;

/** How long an introduction may take; nothing depends on it. */
const INTRODUCTION_TIMEOUT_MS = 1_000;
/** How long a stream may take to open before the waiting frames are given back. */
const OPEN_TIMEOUT_MS = 1_000;
/** Frames for one node that may wait for its stream: at most 64 MiB of keys and values. */
const FRAMES_WAITING_MAX = 256;

/** A frame that has not left yet. */
interface Waiting {
  readonly effect: Forward;
  readonly expiresAtMs: number;
}

/** A frame that has left, and what was answered so far. */
interface Written {
  readonly operations: number;
  readonly sentBytes: number;
  readonly sentAtMs: number;
  receivedBytes: number;
  results: readonly OperationResult[];
  ring: RingUpdate | undefined;
}

export class Peers {
  readonly name = 'peers';
  private readonly peers = new Map<NodeId, Peer>();
  private stopped = false;

  constructor(
    private readonly self: () => { readonly id: NodeId; readonly addr: string },
    private readonly tls: TlsMaterial | undefined,
    private readonly post: (input: NodeInput) => void,
    private readonly log: Logger,
    private readonly observer: NodeObserver = {},
  ) {}

  forward(effect: Forward, remainingMs: number): void {
    if (!this.stopped) return this.peer(effect.to).forward(effect, remainingMs);
    this.post({ kind: 'forward-failed', forward: effect.forward, sent: false, text: 'the node is stopping' });
  }

  /** Nobody waits for the answer any more. */
  cancel(to: NodeId, forward: number): void {
    this.peers.get(to)?.cancel(forward);
  }

  /** Opens channel and stream to a node ahead of time. */
  connect(to: Member): void {
    if (!this.stopped) this.peer(to).connect();
  }

  /** Tells a neighbour who is next to it now. This is a courtesy: the ring itself comes from the registry. */
  introduce(to: Member, as: 'previous' | 'next'): void {
    if (this.stopped) return;
    const { id, addr } = this.self();
    const ty = as === 'previous' ? dht.NeighborType.Previous : dht.NeighborType.Next;
    this.peer(to).introduce({ ty, id, addr }, (reason) => {
      this.log.debug('a neighbour did not take the introduction', { neighbour: to.addr, reason });
    });
  }

  /** Finds which process is at a member's address, on a connection of its own. */
  dial({ id, addr }: Member): void {
    processAt(addr, { own: this.tls }).then(
      (process) => this.post({ kind: 'dialled', node: id, process }),
      () => this.post({ kind: 'dialled', node: id, process: undefined }),
    );
  }

  /** The client for a member, for streams of other kinds. */
  client(member: Member): dht.DhtNodeClient {
    return this.peer(member).client;
  }

  /** Closes the channels to nodes that are no longer members, except those that owe an answer. */
  retain(isMember: (id: NodeId) => boolean): void {
    for (const [id, peer] of this.peers) {
      if (isMember(id) || peer.busy) continue;
      peer.close();
      this.peers.delete(id);
    }
  }

  stop(): void {
    this.stopped = true;
    for (const peer of this.peers.values()) peer.close();
    this.peers.clear();
  }

  private peer(member: Member): Peer {
    const known = this.peers.get(member.id);
    if (known?.addr === member.addr) return known;
    known?.close();
    const peer = new Peer(member, this.tls, this.post, this.observer);
    this.peers.set(member.id, peer);
    return peer;
  }
}

class Peer {
  readonly client: dht.DhtNodeClient;
  readonly addr: string;
  private stream: BatchStream | undefined;
  /** The stream is known to be open, and takes more. */
  private writable = false;
  private openTimer: NodeJS.Timeout | undefined;
  private readonly waiting = new NumberMap<Waiting>();
  private readonly written = new NumberMap<Written>();

  constructor(
    private readonly member: Member,
    tls: TlsMaterial | undefined,
    private readonly post: (input: NodeInput) => void,
    private readonly observer: NodeObserver,
  ) {
    this.addr = member.addr;
    this.client = new dht.DhtNodeClient(...channelTo(member.addr, tls, NODE_CHANNEL));
  }

  get busy(): boolean {
    return this.waiting.size + this.written.size > 0;
  }

  forward(effect: Forward, remainingMs: number): void {
    this.connect();
    if (this.waiting.size >= FRAMES_WAITING_MAX) return this.giveBack(effect, 'the node does not keep up');
    this.waiting.set(effect.forward, { effect, expiresAtMs: performance.now() + remainingMs });
    this.flush();
  }

  /**
   * Cancels a frame. One that has not left stays here; for one that has, the other node is told, and its answer is
   * dropped.
   */
  cancel(forward: number): void {
    if (this.waiting.delete(forward) || !this.end(forward, 'cancelled')) return;
    this.writable = this.stream?.write(dht.BatchRequest.fromPartial({ cancel: forward })) ?? false;
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

  private flush(): void {
    const now = performance.now();
    while (this.writable && this.waiting.first !== undefined) {
      const { effect, expiresAtMs } = this.waiting.first;
      this.waiting.delete(effect.forward);
      if (expiresAtMs <= now) this.giveBack(effect, 'the node does not keep up');
      else this.write(effect, Math.ceil(expiresAtMs - now), now);
    }
  }

  private write(effect: Forward, deadlineMs: number, sentAtMs: number): void {
    const { forward, hops, ringVersion, operations } = effect;
    const frame = encodeRequest({ frame: forward, deadlineMs, hops, ringVersion, direct: false }, operations);
    this.written.set(forward, {
      operations: operations.length,
      sentBytes: frame.blob.length,
      sentAtMs,
      receivedBytes: 0,
      results: [],
      ring: undefined,
    });
    this.writable = this.stream?.write(frame) ?? false;
  }

  private giveBack({ forward }: Forward, text: string): void {
    this.post({ kind: 'forward-failed', forward, sent: false, text });
  }

  /** Opens the stream, unless it is. */
  connect(): void {
    if (this.stream) return;
    const stream = this.client.queryBatch();
    this.stream = stream;
    // The server sends its header at once; only then is the stream known to be open.
    stream.once('metadata', () => {
      if (this.stream !== stream) return;
      clearTimeout(this.openTimer);
      this.writable = true;
      this.flush();
    });
    stream.on('drain', () => {
      if (this.stream !== stream) return;
      this.writable = true;
      this.flush();
    });
    stream.on('data', (reply: dht.BatchReply) => this.answered(reply));
    stream.on('error', (error) => this.broken(stream, error.message));
    stream.on('end', () => this.broken(stream, 'the node closed the stream'));
    this.openTimer = setTimeout(() => this.broken(stream, 'the node does not answer'), OPEN_TIMEOUT_MS);
  }

  /** A reply may come in several messages. */
  private answered(reply: dht.BatchReply): void {
    const forward = reply.frame;
    const written = this.written.get(forward);
    if (!written) return;
    written.receivedBytes += reply.blob.length;
    try {
      const results = decodeReply(reply);
      written.results = written.results.length === 0 ? results : [...written.results, ...results];
      if (reply.ring) written.ring = updateFromWire(reply.ring);
    } catch (error) {
      this.end(forward, 'broken');
      return this.post({ kind: 'forward-failed', forward, sent: true, text: (error as Error).message });
    }
    if (written.results.length < written.operations) return;
    this.end(forward, 'answered');
    const { results, ring } = written;
    this.post({ kind: 'forward-answer', forward, results, hops: reply.hops, ring });
  }

  private broken(stream: BatchStream | undefined, text: string): void {
    if (!stream || this.stream !== stream) return;
    this.stream = undefined;
    this.writable = false;
    clearTimeout(this.openTimer);
    stream.on('error', () => undefined);
    cancelSoon(stream);
    for (const forward of [...this.written.keys()]) {
      this.end(forward, 'broken');
      this.post({ kind: 'forward-failed', forward, sent: true, text });
    }
    for (const { effect } of this.waiting.values()) this.giveBack(effect, text);
    this.waiting.clear();
  }

  /** Nothing is expected any more of a frame that has left. @returns whether anything was */
  private end(forward: number, outcome: EndedForward['outcome']): boolean {
    const written = this.written.get(forward);
    if (!written) return false;
    this.written.delete(forward);
    if (this.observer.forwarded === undefined) return true;
    const { operations, sentBytes, receivedBytes, sentAtMs } = written;
    const durationMs = performance.now() - sentAtMs;
    this.observer.forwarded({
      to: this.member.id,
      operations,
      sentBytes,
      receivedBytes,
      durationMs,
      outcome,
    });
    return true;
  }
}
