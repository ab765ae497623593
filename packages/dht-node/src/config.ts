/**
 * The node's command line, resolved once and eagerly. Errors name the flag and the variable. The flags of a door are in
 * its folder.
 */

import { join } from 'node:path';
import { RingError, quoted } from '@ringkeep/shared';
import { option, optionValues, packageVersion, parseProgram } from '@ringkeep/process/command-line';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from '@ringkeep/process/running';
import { GRPC_FLAGS, grpcDoorOptions } from './doors/grpc/flags';
import { HTTP_FLAGS, httpDoorOptions } from './doors/http/flags';
import { RESP_FLAGS, respDoorOptions } from './doors/resp/flags';
import { HISTORY_BYTES, WATCHES_MAX } from './core/limits';
import { PROXIMITIES } from './proximity';
import { SCRUB_EVERY_MS, type NodeOptions } from './node-options';

const MEBIBYTE = 1 << 20;
const REGISTRY_DEFAULT = '127.0.0.1:50000';

const specs = {
  ...GRPC_FLAGS,
  ...RESP_FLAGS,
  ...HTTP_FLAGS,
  registry: option({
    flag: '--registry <address>',
    env: 'REGISTRY_ADDRESS',
    text: `address of the registry (default ${REGISTRY_DEFAULT})`,
    read: optionValues.address,
  }),
  join: option({
    flag: '--join <address>',
    env: 'NODE_JOIN',
    text: 'address of any node of the ring, instead of the registry’s',
    read: optionValues.address,
  }),
  storage: option({
    flag: '--storage <kind>',
    env: 'NODE_STORAGE',
    text: 'where entries are kept: disk or memory',
    read: optionValues.choice('disk', 'memory'),
    default: 'disk' as const,
  }),
  dataDir: option({
    flag: '--data-dir <folder>',
    env: 'DATA_DIR',
    text: 'folder for the node’s identity, log and table',
    read: optionValues.text,
    defaultText: './data/node-PORT',
  }),
  durability: option({
    flag: '--durability <when>',
    env: 'NODE_DURABILITY',
    text: 'when a write counts as durable: always (synced), interval (synced every 100 ms) or none',
    read: optionValues.choice('always', 'interval', 'none'),
    default: 'always' as const,
  }),
  diskReserve: option({
    flag: '--disk-reserve <MiB>',
    env: 'NODE_DISK_RESERVE',
    text: 'free space on the disk below which new entries are refused; at most a tenth of the disk',
    read: optionValues.integer(1, 1 << 20),
    default: 256,
  }),
  acceptDataLoss: option({
    flag: '--accept-data-loss',
    env: 'NODE_ACCEPT_DATA_LOSS',
    text: 'if a part of the node’s data is gone, start as a new node and set aside what is left',
    read: optionValues.yesOrNo,
    default: false,
  }),
  proximity: option({
    flag: '--proximity <metric>',
    env: 'NODE_PROXIMITY',
    text: 'how routing by pastry judges distance: random (co-ordinates), rtt (measured round trips) or none',
    read: optionValues.choice(...PROXIMITIES),
    default: 'random' as const,
  }),
  onStop: option({
    flag: '--on-stop <what>',
    env: 'NODE_ON_STOP',
    text: 'on SIGTERM and SIGINT: stop (keep place and data) or leave (hand everything over first)',
    read: optionValues.choice('stop', 'leave'),
    defaultText: 'stop on disk, leave with storage in memory',
  }),
  leaveTimeout: option({
    flag: '--leave-timeout <duration>',
    env: 'NODE_LEAVE_TIMEOUT',
    text: 'how long handing over may take when the node is stopped',
    read: optionValues.durationMs(100, 3_600_000),
    default: 60_000,
    defaultText: '60s',
  }),
  scrubEvery: option({
    flag: '--scrub-every <duration>',
    env: 'NODE_SCRUB_EVERY',
    text: 'how often all stored data is read and checked in the background; 0 for never',
    read: optionValues.durationMs(0, 8_760 * 3_600_000),
    default: SCRUB_EVERY_MS,
    defaultText: '168h',
  }),
  watchHistory: option({
    flag: '--watch-history <MiB>',
    env: 'NODE_WATCH_HISTORY',
    text: 'memory for the changes committed last, from which watchers that were away go on',
    read: optionValues.integer(0, 1 << 20),
    default: HISTORY_BYTES / MEBIBYTE,
  }),
  watchesMax: option({
    flag: '--watches-max <n>',
    env: 'NODE_WATCHES_MAX',
    text: 'watches that are served at a time',
    read: optionValues.integer(0, 1_000_000),
    default: WATCHES_MAX,
  }),
  registryTimeout: option({
    flag: '--registry-timeout <duration>',
    env: 'REGISTRY_TIMEOUT',
    text: 'how long to wait for the registry before giving up',
    read: optionValues.durationMs(100, 3_600_000),
    default: 60_000,
    defaultText: '60s',
  }),
  logLevel: option({
    flag: '--log-level <level>',
    env: 'LOG_LEVEL',
    text: `how much to log: ${LOG_LEVELS.join(', ')}`,
    read: optionValues.choice(...LOG_LEVELS),
    default: 'info' as LogLevel,
  }),
  logFormat: option({
    flag: '--log-format <format>',
    env: 'LOG_FORMAT',
    text: `how to log: ${LOG_FORMATS.join(', ')}`,
    read: optionValues.choice(...LOG_FORMATS),
    default: 'text' as LogFormat,
  }),
};

export interface NodeConfig {
  readonly node: NodeOptions;
  readonly onStop: 'stop' | 'leave';
  readonly leaveTimeoutMs: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}

/** Throws INVALID_ARGUMENT, or HelpShown after --help. */
export async function readConfig(
  calledAs: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<NodeConfig> {
  const { options, operands } = parseProgram(
    {
      name: calledAs,
      version: packageVersion(__dirname),
      text: 'Runs one node of a Ringkeep ring. Any node answers for any key.',
      specs,
      env,
      rivals: [['registry', 'join']],
      operands: [{ name: '[port]', text: 'port to listen on (env NODE_PORT); 0 takes any free one' }],
      helpTail: `Examples:\n  ${calledAs} 50001\n  ${calledAs} 50004 --join 127.0.0.1:50001`,
    },
    args,
  );
  const port = readPort(calledAs, operands[0] ?? env['NODE_PORT']);
  if (options.join !== undefined && options.registry !== undefined) {
    throw new RingError(
      'INVALID_ARGUMENT',
      'give --join (NODE_JOIN) or --registry (REGISTRY_ADDRESS), not both',
    );
  }
  const dataDir = options.storage === 'disk' ? (options.dataDir ?? join('data', `node-${port}`)) : undefined;
  if (options.storage === 'disk' && options.dataDir === undefined && port === 0) {
    throw new RingError(
      'INVALID_ARGUMENT',
      'port 0 needs --data-dir (DATA_DIR), or every start would be a new node',
    );
  }
  return {
    node: {
      port,
      ...(await grpcDoorOptions(options)),
      redis: respDoorOptions(options),
      http: httpDoorOptions(options),
      join: options.join,
      registry: options.join === undefined ? (options.registry ?? REGISTRY_DEFAULT) : undefined,
      storage: options.storage,
      dataDir,
      durability: options.durability,
      acceptDataLoss: options.acceptDataLoss,
      diskReserveBytes: options.diskReserve * MEBIBYTE,
      proximity: options.proximity,
      scrubEveryMs: options.scrubEvery,
      watchHistoryBytes: options.watchHistory * MEBIBYTE,
      watchesMax: options.watchesMax,
      registryTimeoutMs: options.registryTimeout,
    },
    onStop: options.onStop ?? (options.storage === 'memory' ? 'leave' : 'stop'),
    leaveTimeoutMs: options.leaveTimeout,
    logLevel: options.logLevel,
    logFormat: options.logFormat,
  };
}

function readPort(calledAs: string, given: string | undefined): number {
  if (given === undefined || given === '') {
    throw new RingError(
      'INVALID_ARGUMENT',
      `the port is missing: ${calledAs} PORT, or NODE_PORT; see --help`,
    );
  }
  try {
    return optionValues.port(given);
  } catch (error) {
    throw new RingError(
      'INVALID_ARGUMENT',
      `PORT (NODE_PORT) ${(error as Error).message}, got ${quoted(given)}`,
    );
  }
}
