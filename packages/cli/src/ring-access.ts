/** The ring as the commands reach it: one client, made when it is first needed, and questions to single nodes. */

import { RingClient } from '@ringkeep/client';
import { channelTo, fromServiceError, isServing, loadTls, type TlsMaterial } from '@ringkeep/shared/runtime';
import { dht } from '@ringkeep/shared/wire';
import { Metadata, type ServiceError } from '@grpc/grpc-js';
import type { ConnectionOptions } from './config';

/** One of the generated client's unary methods that ask without saying anything. */
type Question<Answer> = (
  client: dht.DhtNodeClient,
  deadline: Date,
  done: (error: ServiceError | null, answer: Answer) => void,
) => void;

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

  get client(): RingClient {
    this.opened ??= this.clientOf(this.options.nodes);
    return this.opened;
  }

  /** A client of its own, for the caller to close. */
  clientOf(nodes: readonly string[]): RingClient {
    const { registry, timeoutMs } = this.options;
    return new RingClient({ nodes, registry, deadlineMs: timeoutMs, tls: this.tls });
  }

  describe(address: string): Promise<dht.NodeDescription> {
    return this.ask(address, 'DescribeNode', (client, deadline, done) => {
      client.describeNode({}, new Metadata(), { deadline }, done);
    });
  }

  /** Asks a node to leave. It may answer before it has: then it is asked again. */
  leave(address: string): Promise<dht.LeaveAnswer> {
    return this.ask(address, 'LeaveRing', (client, deadline, done) => {
      client.leaveRing({}, new Metadata(), { deadline }, done);
    });
  }

  /** True when the server, a node or the registry, serves. Throws when it does not answer. */
  isServing(address: string): Promise<boolean> {
    return isServing({ address, deadlineMs: this.options.timeoutMs, tls: this.tls });
  }

  async close(): Promise<void> {
    await this.opened?.close();
  }

  private ask<Answer>(address: string, call: string, question: Question<Answer>): Promise<Answer> {
    const client = new dht.DhtNodeClient(...channelTo(address, this.tls));
    const deadline = new Date(Date.now() + this.options.timeoutMs);
    return new Promise<Answer>((resolve, reject) => {
      question(client, deadline, (error, answer) => {
        client.close();
        if (error === null) resolve(answer);
        else reject(fromServiceError(error, { call, address, writes: false }));
      });
    });
  }
}
