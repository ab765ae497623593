/** etcd through etcd3. Reads are linearizable, which is etcd's default. */

import { Etcd3 } from 'etcd3';
import type { Target } from './target';

export async function openEtcd3(hosts: readonly string[]): Promise<Target> {
  const client = new Etcd3({ hosts: [...hosts] });
  return {
    get: (key) => client.get(key).buffer(),
    set: (key, value) => client.put(key).value(value).exec(),
    delete: (key) => client.delete().key(key).exec(),
    close: async () => client.close(),
  };
}
