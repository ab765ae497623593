/**
 * The ring as the commands reach it: one client, made when it is first needed, and questions to single nodes.
 *
 * When something else than expected answers at an address, the error names it (unreachable.ts). When nobody answers,
 * the error comes at once, unless `--wait` says to keep trying.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { RingClient } from '@ringkeep/client';
import type { Ring, RingError } from '@ringkeep/shared';
import { isServing, ROOM_ON_DISK } from '@ringkeep/process/probes';
import { channelTo, fromServiceError, loadTls, type TlsMaterial } from '@ringkeep/shared/channel';
import { dht } from '@ringkeep/shared/wire';
import { Metadata, type ServiceError } from '@grpc/grpc-js';
import type { ConnectionOptions } from './config';
import { explainedCall, explainedConnection, explainedHealth } from './unreachable';

/** A unary method of the generated client whose request is empty. */
type NodeQuestion<Answer> = (
  client: dht.DhtNodeClient,
  deadline: Date,
  done: (error: ServiceError | null, answer: Answer) => void,
) => void;

/** Pause between two questions while it keeps trying. */
const INSIST_EVERY_MS = 200;

export class RingAccess {
  private opened: RingClient | undefined;

  private constructor(
    readonly options: ConnectionOptions,
    private readonly tls: TlsMaterial,
  ) {}

  /** Throws INVALID_ARGUMENT when a file of the options cannot be read. */
  static async create(options: ConnectionOptions): Promise<RingAccess> {
    return new RingAccess(options, await loadTls({ ca: options.tlsCa }));
  }

  /** The client, once it knows the ring. Throws RingError saying what is at each address when it cannot. */
  async client(signal: AbortSignal): Promise<RingClient> {
    this.opened ??= this.clientOf(this.options.nodes);
    await this.ready(this.opened, this.options.nodes, signal);
    return this.opened;
  }

  /** A client of its own, for the caller to close. */
  clientOf(nodes: readonly string[]): RingClient {
    const { registry, timeoutMs } = this.options;
    return new RingClient({ nodes, registry, deadlineMs: timeoutMs, tls: this.tls });
  }

  async ready(client: RingClient, nodes: readonly string[], signal: AbortSignal): Promise<Ring> {
    try {
      return await client.ready({ waitMs: this.options.waitMs, signal });
    } catch (error) {
      throw await explainedConnection(error, { nodes, registry: this.options.registry, tls: this.tls });
    }
  }

  describeNode(address: string, withinMs = this.options.timeoutMs): Promise<dht.NodeDescription> {
    const question: NodeQuestion<dht.NodeDescription> = (client, deadline, done) => {
      client.describeNode({}, new Metadata(), { deadline }, done);
    };
    return this.ask(address, 'DescribeNode', question, withinMs);
  }

  /** Asks a node to leave. The answer may come before it has left; then ask again. */
  leave(address: string): Promise<dht.LeaveAnswer> {
    return this.ask(address, 'LeaveRing', (client, deadline, done) => {
      client.leaveRing({}, new Metadata(), { deadline }, done);
    });
  }

  /** A page of the keys that a node's copies have in a range. */
  listCopy(address: string, range: dht.KeyRange): Promise<dht.ListCopyAnswer> {
    return this.ask(address, 'ListCopy', (client, deadline, done) => {
      client.listCopy({ range }, new Metadata(), { deadline }, done);
    });
  }

  /** Tells a node whose copy of a stopped arc is right. Throws FAILED_PRECONDITION saying why it cannot be. */
  recover(address: string, request: dht.RecoverArcRequest): Promise<dht.RecoverArcAnswer> {
    return this.ask(address, 'RecoverArc', (client, deadline, done) => {
      client.recoverArc(request, new Metadata(), { deadline }, done);
    });
  }

  /**
   * True when the server, a node or the registry, serves. Keeps asking for as long as `--wait` says. Throws when the
   * server does not answer.
   */
  async isServing(address: string, signal: AbortSignal): Promise<boolean> {
    const { waitMs } = this.options;
    const startedMs = performance.now();
    for (;;) {
      const isOver = signal.aborted || performance.now() - startedMs >= waitMs;
      try {
        const serving = await isServing({ address, deadlineMs: this.options.timeoutMs, tls: this.tls });
        if (serving || isOver) return serving;
      } catch (error) {
        const fault = error as RingError;
        if (isOver || fault.advice !== 'retry-later') throw await explainedHealth(fault, address, this.tls);
      }
      await pause(INSIST_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Whether the server's disk has room; undefined when it does not say. */
  async hasRoom(address: string): Promise<boolean | undefined> {
    const question = { address, deadlineMs: this.options.timeoutMs, tls: this.tls, service: ROOM_ON_DISK };
    return isServing(question).catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.opened?.close();
  }

  private async ask<Answer>(
    address: string,
    call: string,
    question: NodeQuestion<Answer>,
    withinMs = this.options.timeoutMs,
  ): Promise<Answer> {
    const client = new dht.DhtNodeClient(...channelTo(address, this.tls));
    const deadline = new Date(Date.now() + withinMs);
    try {
      return await new Promise<Answer>((resolve, reject) => {
        question(client, deadline, (error, answer) => {
          if (error === null) resolve(answer);
          else reject(error);
        });
      });
    } catch (error) {
      throw await explainedCall(fromServiceError(error, { call, address, writes: false }), address, this.tls);
    } finally {
      client.close();
    }
  }
}
