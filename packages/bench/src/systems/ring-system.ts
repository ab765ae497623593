/** A ring of this project: registry and nodes as processes of their own. Writes are synced before the answer. */

import { compiled, addressOf, LocalRing, redisPortOf, type NodePlace } from '@ringkeep/local-ring';
import type { System } from './system';

const COLLECT = JSON.stringify(compiled('packages/local-ring/dist/collect-on-signal.js'));

export interface RingSystemOptions {
  readonly nodes: number;
  readonly copies: number;
  readonly storage: 'disk' | 'memory';
  /** Nodes keep an index of their keys. */
  readonly keyIndex?: boolean;
  /** What nodes keep for watchers, MiB; their default if absent. */
  readonly watchHistoryMib?: number;
  /** Nodes open all doors, those for Redis clients and for HTTP included. */
  readonly doorsOpen?: boolean;
  /** Nodes collect their garbage at SIGUSR2. */
  readonly collectable?: boolean;
}

/**
 * Ways: `client` (default), `query` (one unary call an operation), `one-node` (it reaches the first node only),
 * `impatient` (no retries); and, where there is a door for them, `ioredis` and `node-redis` at the first node.
 */
export type RingSystem = System & { readonly ring: LocalRing };

export async function startRing(folder: string, options: RingSystemOptions): Promise<RingSystem> {
  const { nodes, copies, storage } = options;
  const nodeArgs = ['--storage', storage];
  if (options.watchHistoryMib !== undefined)
    nodeArgs.push('--watch-history', String(options.watchHistoryMib));
  if (options.doorsOpen === true) nodeArgs.push('--redis-port', '0', '--http-port', '0');
  const registryArgs = options.keyIndex === true ? ['--key-index'] : [];
  const nodeEnv: Record<string, string> = options.collectable ? { NODE_OPTIONS: `--require ${COLLECT}` } : {};
  const ring = await LocalRing.start(
    { folder, replicationFactor: copies, registryArgs, nodeArgs, nodeEnv },
    nodes,
  );
  try {
    await ring.settled();
  } catch (error) {
    await ring.stop();
    throw error;
  }
  const [first] = ring.places as [NodePlace];
  const redisPort = options.doorsOpen === true ? await redisPortOf(first) : 0;
  return {
    label: 'Ringkeep',
    durability: durabilityText(storage, copies),
    copies,
    nodes,
    get pids() {
      return ring.pids;
    },
    ring,
    ...(redisPort > 0 && { redisPort }),
    target: (way) => {
      if (way === 'ioredis') return { kind: 'ioredis', port: redisPort, autoPipelining: false };
      if (way === 'node-redis') return { kind: 'node-redis', port: redisPort };
      if (way === 'query') return { kind: 'ring-query', node: addressOf(first) };
      if (way === 'one-node') return { kind: 'ring-client', nodes: [addressOf(first)], onlyPort: first.port };
      return { kind: 'ring-client', nodes: ring.addresses, retry: way !== 'impatient' };
    },
    stop: () => ring.stop(),
  };
}

function durabilityText(storage: 'disk' | 'memory', copies: number): string {
  const where = copies === 1 ? '' : ` at all ${copies} copies`;
  return storage === 'disk' ? `fdatasync${where} before the answer` : `none${where && `, in memory${where}`}`;
}
