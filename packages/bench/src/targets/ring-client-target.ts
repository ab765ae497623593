/** A ring through its client library. */

import net from 'node:net';
import { RingClient } from '@ringkeep/client';
import type { Target } from './target';

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
    close: () => client.close(),
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
