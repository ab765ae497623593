/** etcd through etcd3. Reads are linearizable, which is etcd's default. */

import { Etcd3 } from 'etcd3';
import { PAGE_ENTRIES, TAG, type ReadOrder, type Target, type Watching } from './target';

/** Behind every key and every prefix of one that is measured. */
const END = '\xff';
const FIRST = '\0';

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
    range: async (from, entries) =>
      (await client.getAll().inRange({ start: from, end: END }).limit(entries).exec()).kvs.length,
    readAll: (order, took) => readAll(client, order, took),
    watch: (prefix, since, onValue) => watch(client, prefix, since, onValue),
    close: async () => client.close(),
  };
}

async function readAll(client: Etcd3, order: ReadOrder, took: (entries: number) => boolean): Promise<void> {
  const end = order === 'tag' ? TAG + END : END;
  let start: string | Buffer = order === 'tag' ? TAG : FIRST;
  for (;;) {
    const { kvs, more } = await client.getAll().inRange({ start, end }).limit(PAGE_ENTRIES).exec();
    for (const { value } of kvs) if (!took(value.length > 0 ? 1 : 0)) return;
    const last = kvs.at(-1);
    if (!more || last === undefined) return;
    start = Buffer.concat([last.key, Buffer.alloc(1)]);
  }
}

async function watch(
  client: Etcd3,
  prefix: string,
  since: string | undefined,
  onValue: (value: Buffer) => void,
): Promise<Watching> {
  const asked =
    prefix === '' ? client.watch().inRange({ start: FIRST, end: END }) : client.watch().prefix(prefix);
  const watcher = await (since === undefined ? asked : asked.startRevision(since)).create();
  watcher.on('data', ({ events }) => {
    for (const { type, kv } of events) if (type === 'Put') onValue(kv.value);
  });
  const { header } = await client.get(FIRST).exec();
  return { since: String(BigInt(header.revision) + 1n), close: () => watcher.cancel() };
}
