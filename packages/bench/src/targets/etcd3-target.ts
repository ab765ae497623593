/** etcd through etcd3. Reads are linearizable, which is etcd's default. */

import { Etcd3 } from 'etcd3';
import type { Target } from './target';

export async function openEtcd3(hosts: readonly string[]): Promise<Target> {
  const client = new Etcd3({ hosts: [...hosts] });
  const revisions = new Map<string, string>();
  return {
    get: (key) => client.get(key).buffer(),
    set: (key, value) => client.put(key).value(value).exec(),
    delete: (key) => client.delete().key(key).exec(),
    swap: async (key, value) => {
      const done = await client
        .if(key, 'Mod', '==', revisions.get(key) ?? 0)
        .then(client.put(key).value(value))
        .else(client.get(key))
        .commit();
      const found = done.responses[0]?.response_range?.kvs[0];
      revisions.set(key, done.succeeded ? done.header.revision : (found?.mod_revision ?? '0'));
    },
    close: async () => client.close(),
  };
}
