/**
 * The node's line to the registry: carries the core's calls, keeps a watch on the ring, and makes the
 * node's identity durable before the core hears of it.
 */

import {
  Metadata,
  type CallOptions,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ServiceError,
} from '@grpc/grpc-js';
import { position, Random, RingError, type ErrorCode, type NodeId } from '@ringkeep/shared';
import {
  Backoff,
  cancelSoon,
  channelTo,
  fromServiceError,
  type Logger,
  type TlsMaterial,
} from '@ringkeep/shared/runtime';
import {
  parametersFromWire,
  proposalToWire,
  ringFromWire,
  registry as wire,
  updateFromWire,
} from '@ringkeep/shared/wire';
import type { RegistryCall } from '../core/effects';
import type { NodeInput } from '../core/inputs';
import type { IdentityKeeper } from './identity-keeper';

/** How long a call may take before it counts as unanswered. */
const CALL_TIMEOUT_MS = 2_000;

/** What the registry answers when asking again would not help; anything else may pass. */
const FINAL: ReadonlySet<ErrorCode> = new Set(['FAILED_PRECONDITION', 'ALREADY_EXISTS', 'INVALID_ARGUMENT']);

export interface RegistryLinkSettings {
  readonly registryAddress: string;
  /** The URL under which others reach this node. */
  readonly ownAddress: string;
  readonly incarnation: number;
  /** Names a newcomer that asks again because it did not hear the first answer. */
  readonly claim: string;
  readonly coordinates: readonly number[];
  readonly tls: TlsMaterial | undefined;
}

type Method<Request, Answer> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, answer: Answer) => void,
) => ClientUnaryCall;

export class RegistryLink {
  readonly name = 'registry link';
  private readonly client: wire.RegistryClient;
  private readonly backoff = new Backoff(new Random(Date.now()));
  private watch: ClientReadableStream<wire.RingUpdate> | undefined;
  private watchTimer: NodeJS.Timeout | undefined;
  private closed = false;
  private id: NodeId | undefined;

  constructor(
    private readonly settings: RegistryLinkSettings,
    private readonly identity: IdentityKeeper,
    private readonly ringVersion: () => number,
    private readonly post: (input: NodeInput) => void,
    private readonly log: Logger,
  ) {
    this.client = new wire.RegistryClient(...channelTo(settings.registryAddress, settings.tls));
  }

  call(call: number, request: RegistryCall): void {
    this.carry(call, request).then(
      (input) => this.post(input),
      (error: unknown) => this.failed(call, request, error),
    );
  }

  stop(): void {
    this.closed = true;
    clearTimeout(this.watchTimer);
    if (this.watch) cancelSoon(this.watch);
    this.client.close();
  }

  private async carry(call: number, request: RegistryCall): Promise<NodeInput> {
    const { client } = this;
    if (request.kind === 'register') {
      return this.registered(call, await this.ask(client.registerNode.bind(client), this.registration()));
    }
    const origin = {
      id: this.id ?? (0n as NodeId),
      incarnation: this.settings.incarnation,
      knownVersion: request.knownVersion,
    };
    if (request.kind === 'propose') {
      const answer = await this.ask(
        client.proposeChange.bind(client),
        proposalToWire(origin, request.proposal),
      );
      const { accepted, reason } = answer;
      return { kind: 'proposal-answer', call, accepted, reason, update: updateFromWire(answer.ring) };
    }
    const method = request.kind === 'renew' ? client.renewLease.bind(client) : client.leaveRing.bind(client);
    const answer = await this.ask(method, origin);
    return { kind: 'member-answer', call, live: answer.live, update: updateFromWire(answer.ring) };
  }

  private ask<Request, Answer>(method: Method<Request, Answer>, request: Request): Promise<Answer> {
    return new Promise((resolve, reject) => {
      method(request, new Metadata(), { deadline: Date.now() + CALL_TIMEOUT_MS }, (error, answer) => {
        if (error) reject(error);
        else resolve(answer);
      });
    });
  }

  private registration(): wire.ConnectionAddr {
    const { ownAddress, incarnation, coordinates, claim } = this.settings;
    const { known } = this.identity;
    return {
      addr: ownAddress,
      identity: known && { id: known.nodeId, salt: known.salt, clusterId: known.clusterId },
      incarnation,
      coordinates: [...coordinates],
      claim,
    };
  }

  private async registered(call: number, answer: wire.RegisterInfo): Promise<NodeInput> {
    const { identity } = answer;
    const update = answer.ring?.update;
    if (!identity || update?.$case !== 'ring') {
      throw new RingError('FAILED_PRECONDITION', 'the registry answered without an identity or a ring');
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
      parameters,
      ring: ringFromWire(update.value),
    };
  }

  private failed(call: number, request: RegistryCall, error: unknown): void {
    if (this.closed) return;
    const facts = { call: request.kind, address: this.settings.registryAddress, writes: false };
    const fault = fromServiceError(error, facts);
    this.log.debug('a call to the registry failed', { call: request.kind, reason: fault.message });
    const final = FINAL.has(fault.code);
    this.post({ kind: final ? 'registry-refused' : 'registry-failed', call, text: fault.message });
  }

  // ---- the watch ----

  private watchRing(): void {
    if (this.closed || this.watch) return;
    const clusterId = this.identity.known?.clusterId ?? '';
    const watch = this.client.watchRing({ fromVersion: this.ringVersion(), clusterId });
    this.watch = watch;
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
