/** A ring through its client library. */

import net from 'node:net';
import { RingClient, type ScanEntry } from '@ringkeep/client';
import { TAG, type ReadOrder, type Target, type Watching } from './target';

export interface RingClientTargetOptions {
  readonly nodes: readonly string[];
  readonly onlyPort?: number | undefined;
  readonly retry?: boolean | undefined;
}

/** Keys are loaded and read in bulk under heavy load: nothing should fail for lack of time. */
const DEADLINE_MS = 30_000;
/** A thousand values of 64 KiB outstanding are more than the default allows. */
const BYTES_MAX = 256 * 2 ** 20;

export async function openRingClient({
  nodes,
  onlyPort,
  retry = true,
}: RingClientTargetOptions): Promise<Target> {
  if (onlyPort !== undefined) reachOnly(onlyPort);
  const client = await RingClient.connect({
    nodes,
    deadlineMs: DEADLINE_MS,
    limits: { bytesMax: BYTES_MAX },
  });
  const terms = retry ? undefined : { retry };
  const versions = new Map<string, number>();
  return {
    get: (key) => client.get(key, terms),
    set: (key, value) => client.set(key, value, terms),
    delete: (key) => client.delete(key, terms),
    swap: async (key, value) => {
      const { version } = await client.set(key, value, { ...terms, ifVersion: versions.get(key) ?? 0 });
      versions.set(key, version);
    },
    count: (key) => client.add(key, 1, terms),
    range: async (from, entries) => {
      let found = 0;
      for await (const entry of client.range({ from, limit: entries })) found += entry.value.length;
      return found;
    },
    readAll: async (order, took) => {
      for await (const entry of entriesIn(client, order)) if (!took(entry.value ? 1 : 0)) return;
    },
    watch: (prefix, since, onValue) => watch(client, prefix, since, onValue),
    close: () => client.close(),
  };
}

function entriesIn(client: RingClient, order: ReadOrder): AsyncIterable<ScanEntry<Uint8Array>> {
  switch (order) {
    case 'scan':
      return client.scan();
    case 'range':
      return client.range();
    case 'tag':
      return client.range({ tag: TAG.slice(1, -1) });
  }
}

async function watch(
  client: RingClient,
  prefix: string,
  since: string | undefined,
  onValue: (value: Buffer) => void,
): Promise<Watching> {
  const changes = client.watch({ ...(prefix !== '' && { prefix }), since });
  const told = (async () => {
    for await (const change of changes) {
      if (change.kind === 'lost') throw new Error('the watch has lost changes');
      if (change.kind === 'put') onValue(change.value as Buffer);
    }
  })();
  await Promise.race([changes.ready, told]);
  return {
    since: changes.cursor,
    close: async () => {
      await changes.return();
      await told;
    },
  };
}

/** From now on this process connects to one port; to all others it is as if nobody listened. */
function reachOnly(port: number): void {
  const connect = net.Socket.prototype.connect as (this: net.Socket, ...args: unknown[]) => net.Socket;
  net.Socket.prototype.connect = function (this: net.Socket, ...args: unknown[]) {
    if (portOf(args) === port) return connect.apply(this, args);
    process.nextTick(() => this.destroy(new Error('this process may not connect there')));
    return this;
  } as typeof net.Socket.prototype.connect;
}

/** `connect` takes a port or options; `net.connect` hands it both already parsed into one array. */
function portOf(args: readonly unknown[]): number | undefined {
  const [first] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args;
  if (typeof first === 'object' && first !== null && 'port' in first) return Number(first.port);
  return typeof first === 'number' ? first : undefined;
}
