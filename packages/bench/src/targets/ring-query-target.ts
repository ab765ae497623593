/** A ring through one unary call an operation, as grpcurl and clients in other languages ask. */

import { channelTo } from '@ringkeep/shared/channel';
import { dht } from '@ringkeep/shared/wire';
import type { Target } from './target';

export function openRingQuery(node: string): Target {
  const client = new dht.DhtNodeClient(...channelTo(node));
  const ask = (query: Partial<dht.Query>): Promise<Uint8Array | undefined> =>
    new Promise((resolve, reject) => {
      client.queryDht(dht.Query.fromPartial(query), (error, result) =>
        error ? reject(error) : resolve(result.value),
      );
    });
  return {
    get: (key) => ask({ ty: dht.OperationType.Get, key: Buffer.from(key) }),
    set: (key, value) => ask({ ty: dht.OperationType.Set, key: Buffer.from(key), value }),
    delete: (key) => ask({ ty: dht.OperationType.Delete, key: Buffer.from(key) }),
    close: async () => client.close(),
  };
}
