/** Operations asked of one node after another with the plain call, as grpcurl does; the node forwards them. */

import { Metadata } from '@grpc/grpc-js';
import type { Action, Value } from '@ringkeep/checker';
import { type Random, RingError } from '@ringkeep/shared';
import { OperationType } from '@ringkeep/shared/operations';
import { channelTo, fromServiceError } from '@ringkeep/shared/channel';
import { dht } from '@ringkeep/shared/wire';

const TYPES = {
  get: OperationType.get,
  set: OperationType.exchange,
  delete: OperationType.delete,
  cas: OperationType.compareAndSet,
} as const;

const NOT_PRESENT = 'Key not present';

/** What a ring carries out: it compares with a value, never with none. */
export type RingAction =
  Exclude<Action, { op: 'cas' }> | { readonly op: 'cas'; readonly expected: string; readonly value: string };

export class SingleCalls {
  private readonly clients = new Map<string, dht.DhtNodeClient>();

  constructor(
    private readonly random: Random,
    private readonly addresses: () => readonly string[],
  ) {}

  /** Asks any node. Returns the value that the key had. */
  ask(key: string, action: RingAction, deadlineMs: number): Promise<Value> {
    const { op } = action;
    const address = this.random.pick(this.addresses());
    const query = {
      ty: TYPES[op],
      key: Buffer.from(key),
      value: action.op === 'set' || action.op === 'cas' ? Buffer.from(action.value) : undefined,
      expected: action.op === 'cas' ? Buffer.from(action.expected) : undefined,
    };
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + deadlineMs;
      this.clientOf(address).queryDht(query, new Metadata(), { deadline }, (error, result) => {
        const facts = { call: 'QueryDHT', address, writes: op !== 'get' };
        if (error) return reject(fromServiceError(error, facts));
        if (result.error !== undefined && result.error !== NOT_PRESENT)
          return reject(new RingError('INTERNAL', result.error));
        resolve(result.value === undefined ? null : Buffer.from(result.value).toString());
      });
    });
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
    this.clients.clear();
  }

  private clientOf(address: string): dht.DhtNodeClient {
    const known = this.clients.get(address);
    if (known) return known;
    const client = new dht.DhtNodeClient(...channelTo(address));
    this.clients.set(address, client);
    return client;
  }
}
