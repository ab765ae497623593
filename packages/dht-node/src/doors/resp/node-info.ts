/** What INFO and CONFIG tell of a node, in the names of Redis where Redis has them. It asks no other node. */

import { packageVersion } from '@ringkeep/process/command-line';
import type { NodeHost } from '../../hosting/host';
import type { Durability } from '../../storage';
import { ARGUMENT_BYTES_MAX } from './protocol/limits';
import type { InfoSection, NodeFacts } from './node-facts';
import type { RespDoorOptions } from './resp-options';
import type { Session } from './session';

/** Clients ask for the version to know what they may use: the commands are those of this Redis, and fewer. */
export const REDIS_VERSION = '7.4.0';

export interface FactParts {
  readonly options: RespDoorOptions;
  readonly connectionsMax: number;
  /** When a write counts as durable; undefined if nothing is kept on a disk. */
  readonly durability: Durability | undefined;
  /** At which it listens. */
  readonly port: () => number;
  /** The node has joined the ring and serves its part of it. */
  readonly isServing: () => boolean;
  readonly sessions: () => Iterable<Session>;
}

export function factsOf(host: NodeHost, now: () => number, parts: FactParts): NodeFacts<Session> {
  const startedAtMs = now();
  return {
    nowMs: now,
    wallMs: () => (host.core.clock.isSure ? host.core.clock.wallMs : Date.now()),
    sessions: parts.sessions,
    info: () => infoOf(host, Math.floor((now() - startedAtMs) / 1_000), parts),
    get settings() {
      return settingsOf(parts);
    },
    version: REDIS_VERSION,
    allowsFlush: parts.options.allowFlush,
  };
}

function infoOf(host: NodeHost, upSeconds: number, parts: FactParts): Readonly<Record<string, InfoSection>> {
  const { core } = host;
  const sessions = [...parts.sessions()];
  const { rss, heapUsed } = process.memoryUsage();
  const { operations, bytes } = host.underWay;
  const owned = core.inspection.status().replicas.filter(({ primary }) => primary);
  const keys = owned.reduce((sum, replica) => sum + replica.keys, 0);
  return {
    server: [
      ['server_name', 'ringkeep'],
      ['ringkeep_version', packageVersion(__dirname)],
      ['redis_version', REDIS_VERSION],
      ['redis_mode', 'standalone'],
      ['os', process.platform],
      ['arch_bits', 64],
      ['process_id', process.pid],
      ['tcp_port', parts.port()],
      ['uptime_in_seconds', upSeconds],
      ['uptime_in_days', Math.floor(upSeconds / 86_400)],
    ],
    clients: [
      ['connected_clients', sessions.length],
      ['maxclients', parts.connectionsMax],
      ['blocked_clients', 0],
      ['pubsub_clients', sessions.filter(({ subscriptions }) => subscriptions > 0).length],
    ],
    memory: [
      ['used_memory', heapUsed],
      ['used_memory_rss', rss],
      ['maxmemory', 0],
      ['maxmemory_policy', 'noeviction'],
    ],
    persistence: [
      ['loading', parts.isServing() ? 0 : 1],
      ['rdb_bgsave_in_progress', 0],
      ['aof_enabled', parts.durability === undefined ? 0 : 1],
      ['aof_rewrite_in_progress', 0],
    ],
    stats: [
      ['operations_under_way', operations],
      ['bytes_under_way', bytes],
    ],
    replication: [
      ['role', 'master'],
      ['connected_slaves', 0],
    ],
    cluster: [['cluster_enabled', 0]],
    ring: [
      ['ring_version', core.view.version],
      ['ring_members', core.view.ring.members.length],
      ['owned_arcs', owned.length],
    ],
    keyspace: keys > 0 ? [['db0', `keys=${keys},expires=0,avg_ttl=0`]] : [],
  };
}

const APPEND_FSYNC = { always: 'always', interval: 'everysec', none: 'no' } as const;

/** Durability as Redis names it: what is synced at intervals is so more often than each second. */
export function appendSettings(durability: Durability | undefined): readonly (readonly [string, string])[] {
  return [
    ['appendfsync', durability === undefined ? 'no' : APPEND_FSYNC[durability]],
    ['appendonly', durability === undefined ? 'no' : 'yes'],
  ];
}

function settingsOf({ options, connectionsMax, durability, port }: FactParts): ReadonlyMap<string, string> {
  return new Map([
    ...appendSettings(durability),
    ['bind', options.host],
    ['databases', '1'],
    ['maxclients', String(connectionsMax)],
    ['maxmemory', '0'],
    ['maxmemory-policy', 'noeviction'],
    ['notify-keyspace-events', 'AKE'],
    ['port', String(port())],
    ['proto-max-bulk-len', String(ARGUMENT_BYTES_MAX)],
    ['save', ''],
    ['timeout', '0'],
  ]);
}
