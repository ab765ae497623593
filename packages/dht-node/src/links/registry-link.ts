/**
 * The node's link to the registry. It carries the core's calls, keeps a watch on the ring, and makes the node's
 * identity durable before the core hears of it.
 */

import {
  Metadata,
  status,
  type CallOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ServiceError,
} from '@grpc/grpc-js';
import { position, Random, RingError, type ErrorCode, type KnownRing, type NodeId } from '@ringkeep/shared';
import { Backoff, type Logger } from '@ringkeep/process/running';
import {
  cancelSoon,
  channelTo,
  fromServiceError,
  NODE_CHANNEL,
  type TlsMaterial,
} from '@ringkeep/shared/channel';
import {
  dht,
  NODE_PROTOCOL,
  type registry as wire,
  parametersFromWire,
  proposalToWire,
  ringFromWire,
  updateFromWire,
} from '@ringkeep/shared/wire';
import type { RegistryCall } from '../core/effects';
import type { NodeInput } from '../core/inputs';
import type { IdentityKeeper } from '../storage/identity-keeper';
import { RegistryChannel } from './registry-channel';

/** Errors of the registry for which asking again would not help; any other may pass. */
const FINAL: ReadonlySet<ErrorCode> = new Set(['FAILED_PRECONDITION', 'ALREADY_EXISTS', 'INVALID_ARGUMENT']);

/** How long the holder of our address may take to answer there. */
const HOLDER_ANSWER_MS = 1_000;

export interface RegistryLinkSettings {
  readonly registryAddress: string;
  /** The URL under which others reach this node. */
  readonly ownAddress: string;
  readonly incarnation: number;
  /** Drawn when this process started. */
  readonly process: bigint;
  /** Identifies a new node that asks again because it did not hear the first answer. */
  readonly claim: string;
  readonly coordinates: readonly number[];
  readonly tls: TlsMaterial | undefined;
  /** Called with the reason when the registry has no place for this node yet. */
  readonly placeHeld: (reason: string) => void;
}

type RegisterCall = Extract<RegistryCall, { kind: 'register' }>;
type Method<Request, Answer> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, answer: Answer) => void,
) => ClientUnaryCall;

export class RegistryLink {
  readonly name = 'registry link';
  private readonly channel: RegistryChannel;
  private readonly backoff = new Backoff(new Random(Date.now()));
  private watch: ClientReadableStream<wire.RingUpdate> | undefined;
  /** Over which connection; one that was given up may keep a dead watch for long. */
  private watchedBy: wire.RegistryClient | undefined;
  private watchTimer: NodeJS.Timeout | undefined;
  private closed = false;
  private id: NodeId | undefined;

  constructor(
    private readonly settings: RegistryLinkSettings,
    private readonly identity: IdentityKeeper,
    private readonly known: () => KnownRing,
    private readonly post: (input: NodeInput) => void,
    now: () => number,
    private readonly log: Logger,
  ) {
    this.channel = new RegistryChannel(settings.registryAddress, settings.tls, now, () => this.reached());
  }

  /** An answer that has not come after `withinMs` counts as none. */
  call(call: number, request: RegistryCall, withinMs: number): void {
    const { client } = this.channel;
    this.carry(client, call, request, withinMs).then(
      (input) => this.post(input),
      (error: unknown) => {
        if ((error as Partial<ServiceError>).code === status.DEADLINE_EXCEEDED)
          this.channel.unanswered(client);
        this.failed(call, request, error);
      },
    );
  }

  stop(): void {
    this.closed = true;
    clearTimeout(this.watchTimer);
    this.endWatch();
    this.channel.close();
  }

  private async carry(
    client: wire.RegistryClient,
    call: number,
    request: RegistryCall,
    withinMs: number,
  ): Promise<NodeInput> {
    if (request.kind === 'register') {
      const register = client.registerNode.bind(client);
      return this.registered(call, await ask(register, this.registration(request), withinMs));
    }
    const origin = {
      id: this.id ?? (0n as NodeId),
      incarnation: this.settings.incarnation,
      process: this.settings.process,
      knownVersion: request.known.version,
      knownRun: request.known.run,
      clusterId: this.identity.known?.clusterId ?? '',
    };
    if (request.kind === 'propose') {
      const propose = client.proposeChange.bind(client);
      const answer = await ask(propose, proposalToWire(origin, request.proposal), withinMs);
      const { accepted, reason } = answer;
      return { kind: 'proposal-answer', call, accepted, reason, update: updateFromWire(answer.ring) };
    }
    const answer =
      request.kind === 'renew'
        ? await ask(
            client.renewLease.bind(client),
            { ...origin, complaints: [...request.complaints] },
            withinMs,
          )
        : await ask(client.leaveRing.bind(client), origin, withinMs);
    const { ring, ...told } = answer;
    return { kind: 'member-answer', call, ...told, update: updateFromWire(ring) };
  }

  private registration({ held, known }: RegisterCall): wire.ConnectionAddr {
    const { ownAddress, incarnation, process, coordinates, claim } = this.settings;
    const own = this.identity.known;
    return {
      addr: ownAddress,
      identity: own && { id: own.nodeId, salt: own.salt, clusterId: own.clusterId },
      incarnation,
      process,
      knownVersion: known.version,
      knownRun: known.run,
      coordinates: [...coordinates],
      claim,
      held: [...held],
      nodeProtocol: NODE_PROTOCOL,
    };
  }

  private async registered(call: number, answer: wire.RegisterInfo): Promise<NodeInput> {
    const { identity } = answer;
    const update = answer.ring?.update;
    if (!identity || update?.$case !== 'ring') {
      throw new RingError(
        'FAILED_PRECONDITION',
        'the registry speaks the first protocol: it answered without an identity or a ring',
      );
    }
    const id = position(identity.id);
    const parameters = parametersFromWire(answer.parameters);
    await this.identity
      .save({ nodeId: id, salt: identity.salt, clusterId: identity.clusterId }, parameters.leaseMs)
      .catch((error: Error) => {
        const text = `cannot keep the node's identity: ${error.message}`;
        throw new RingError('FAILED_PRECONDITION', text, { cause: error });
      });
    this.id = id;
    this.watchRing();
    return {
      kind: 'registered',
      call,
      id,
      ring: ringFromWire(update.value),
      ringTimeMs: answer.ringTimeMs,
    };
  }

  private failed(call: number, request: RegistryCall, error: unknown): void {
    if (this.closed) return;
    const facts = { call: request.kind, address: this.settings.registryAddress, writes: false };
    const fault = fromServiceError(error, facts);
    this.log.debug('a call to the registry failed', { call: request.kind, reason: fault.message });
    if (fault.code === 'ALREADY_EXISTS' && this.identity.known === undefined) {
      void this.addressHeld(call, fault.message);
      return;
    }
    if (fault.code === 'RESOURCE_EXHAUSTED' && request.kind === 'register') {
      this.settings.placeHeld(fault.message);
      return this.post({ kind: 'registry-reached' });
    }
    // Another server, which may have the registry's port for the moment only; `joining.ts` says what it is.
    const stranger = (error as Partial<ServiceError>).code === status.UNIMPLEMENTED;
    if (fault.code === 'WRONG_REGISTRY') this.post({ kind: 'registry-wrong', call, text: fault.message });
    else {
      const final = FINAL.has(fault.code) && !stranger;
      this.post({ kind: final ? 'registry-refused' : 'registry-failed', call, text: fault.message });
    }
  }

  /**
   * A live member has our address. Either its process answers there, or it is gone and its lease runs out: a node that
   * keeps nothing was killed and started again. In that case the core asks again in a moment.
   */
  private async addressHeld(call: number, text: string): Promise<void> {
    const holder = await nodeAt(this.settings.ownAddress, this.settings.tls);
    if (this.closed) return;
    if (holder !== undefined && holder !== 0n) return this.post({ kind: 'registry-refused', call, text });
    this.settings.placeHeld(text);
    this.post({ kind: 'registry-reached' });
  }

  private reached(): void {
    this.post({ kind: 'registry-reached' });
    this.backoff.reset();
    if (this.watchedBy !== this.channel.client) this.endWatch();
    if (this.id !== undefined) this.watchRing();
  }

  // ---- the watch ----

  private endWatch(): void {
    const { watch } = this;
    this.watch = undefined;
    if (watch) cancelSoon(watch);
  }

  private watchRing(): void {
    if (this.closed || this.watch) return;
    clearTimeout(this.watchTimer);
    const clusterId = this.identity.known?.clusterId ?? '';
    const { client } = this.channel;
    const { version, run } = this.known();
    const watch = client.watchRing({ fromVersion: version, fromRun: run, clusterId, beats: false });
    this.watch = watch;
    this.watchedBy = client;
    watch.on('data', (message: wire.RingUpdate) => {
      this.backoff.reset();
      try {
        this.post({ kind: 'ring', update: updateFromWire(message) });
      } catch (error) {
        this.log.warn('ignored a ring update', { reason: (error as Error).message });
      }
    });
    const again = (): void => {
      if (this.closed || this.watch !== watch) return;
      this.watch = undefined;
      clearTimeout(this.watchTimer);
      this.watchTimer = setTimeout(() => this.watchRing(), this.backoff.nextMs());
    };
    watch.on('error', again);
    watch.on('end', again);
  }
}

/** The id of the node that answers at an address: 0 for one that has no place yet, undefined for none. */
function nodeAt(address: string, tls: TlsMaterial | undefined): Promise<bigint | undefined> {
  const client = new dht.DhtNodeClient(...channelTo(address, tls, NODE_CHANNEL));
  const options = { deadline: Date.now() + HOLDER_ANSWER_MS };
  return new Promise((resolve) => {
    client.describeNode({}, new Metadata(), options, (_error, description) => {
      client.close();
      resolve(description?.id);
    });
  });
}

function ask<Request, Answer>(
  method: Method<Request, Answer>,
  request: Request,
  withinMs: number,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    method(request, new Metadata(), { deadline: Date.now() + withinMs }, (error, answer) => {
      if (error) reject(error);
      else resolve(answer);
    });
  });
}
