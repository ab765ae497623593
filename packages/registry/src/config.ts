/** The registry's options: flag, else variable, else config/params.json, else default. */

import { DEFAULT_PARAMETERS, POSITION_RULES, ROUTINGS } from '@ringkeep/shared';
import { option, optionValues, packageVersion, parseProgram } from '@ringkeep/process/command-line';
import { LOG_FORMATS, LOG_LEVELS, createLogger } from '@ringkeep/process/running';
import { RESERVE_BYTES } from './adapters/save-room';
import { DEFAULT_CONFIG, PLACEMENTS } from './core';
import type { RegistryOptions } from './server';

const MEBIBYTE = 1 << 20;

const { choice, durationMs, formatDuration, integer, port, text, yesOrNo } = optionValues;

function milliseconds(flag: string, env: string, what: string, value: number, least: number, most: number) {
  return option({
    flag: `${flag} <duration>`,
    env,
    text: what,
    read: durationMs(least, most),
    default: value,
    defaultText: formatDuration(value),
  });
}

const specs = {
  port: option({
    flag: '--port <port>',
    env: 'REGISTRY_PORT',
    text: 'port to listen on',
    read: port,
    default: 50_000,
  }),
  host: option({
    flag: '--host <host>',
    env: 'REGISTRY_HOST',
    text: 'address to listen on',
    read: text,
    default: '127.0.0.1',
  }),
  dataDir: option({
    flag: '--data-dir <folder>',
    env: 'REGISTRY_DATA_DIR',
    text: 'where the ring is kept',
    read: text,
    default: './data/registry',
  }),
  diskReserve: option({
    flag: '--disk-reserve <MiB>',
    env: 'REGISTRY_DISK_RESERVE',
    text: 'free space on the disk below which no new node is taken in; at most a tenth of the disk',
    read: integer(1, 1 << 20),
    default: RESERVE_BYTES / MEBIBYTE,
  }),
  storage: option({
    flag: '--storage <kind>',
    env: 'REGISTRY_STORAGE',
    text: 'disk, or memory (forgotten when the registry stops)',
    read: choice('disk', 'memory'),
    default: 'disk' as const,
  }),
  params: option({
    flag: '--params <file>',
    env: 'REGISTRY_PARAMS',
    text: 'JSON file with defaults for these options, by their names in camelCase',
    read: text,
    default: 'config/params.json',
  }),
  placement: option({
    flag: '--placement <kind>',
    env: 'REGISTRY_PLACEMENT',
    text: 'where a new node goes: balanced (of 32 places, the one that splits the largest arc most evenly) or hash (the first of them)',
    read: choice(...PLACEMENTS),
    default: DEFAULT_CONFIG.placement,
  }),
  replicationFactor: option({
    flag: '--replication-factor <n>',
    env: 'REPLICATION_FACTOR',
    text: 'copies of each key, each on another node; fewer while there are fewer nodes',
    read: integer(1, 7),
    default: DEFAULT_PARAMETERS.replicationFactor,
  }),
  minCopies: option({
    flag: '--min-copies <n>',
    env: 'MIN_COPIES',
    text: 'in-sync copies that an arc needs to take writes, once it has had that many; at most --replication-factor',
    read: integer(1, 7),
    defaultText: `${DEFAULT_PARAMETERS.minCopies} with three copies or more, else 1`,
  }),
  leaseMs: milliseconds(
    '--lease',
    'LEASE',
    'how long a follower’s lease lets its primary answer reads',
    DEFAULT_PARAMETERS.leaseMs,
    50,
    60_000,
  ),
  leaseMarginMs: milliseconds(
    '--lease-margin',
    'LEASE_MARGIN',
    'how much earlier than that a primary stops relying on the lease',
    DEFAULT_PARAMETERS.leaseMarginMs,
    5,
    10_000,
  ),
  membershipLeaseMs: milliseconds(
    '--membership-lease',
    'MEMBERSHIP_LEASE',
    'how long a node may be silent before it is declared dead',
    DEFAULT_PARAMETERS.membershipLeaseMs,
    50,
    60_000,
  ),
  failureTimeoutMs: milliseconds(
    '--failure-timeout',
    'FAILURE_TIMEOUT',
    'how long a follower may be silent before its primary drops it',
    DEFAULT_PARAMETERS.failureTimeoutMs,
    50,
    600_000,
  ),
  clockSkewMs: milliseconds(
    '--clock-skew',
    'CLOCK_SKEW',
    'how far apart two nodes’ times of the ring may be; a node that is less sure of it ends no key',
    DEFAULT_PARAMETERS.clockSkewMs,
    10,
    60_000,
  ),
  keyBytesMax: option({
    flag: '--key-bytes-max <n>',
    env: 'KEY_BYTES_MAX',
    text: 'largest key',
    read: integer(1, 1_024),
    default: DEFAULT_PARAMETERS.keyBytesMax,
  }),
  valueBytesMax: option({
    flag: '--value-bytes-max <n>',
    env: 'VALUE_BYTES_MAX',
    text: 'largest value',
    read: integer(0, 1 << 20),
    default: DEFAULT_PARAMETERS.valueBytesMax,
  }),
  routing: option({
    flag: '--routing <scheme>',
    env: 'ROUTING',
    text: `how nodes find the owner of a key: ${ROUTINGS.join(', ')}`,
    read: choice(...ROUTINGS),
    default: DEFAULT_PARAMETERS.routing,
  }),
  positionKeysMax: option({
    flag: '--position-keys-max <n>',
    env: 'POSITION_KEYS_MAX',
    text: 'keys of one tag beyond which no more are taken',
    read: integer(1, 1_000_000_000),
    default: DEFAULT_PARAMETERS.positionKeysMax,
  }),
  positionBytesMax: option({
    flag: '--position-bytes-max <n>',
    env: 'POSITION_BYTES_MAX',
    text: 'bytes of the keys and values of one tag beyond which no more are taken',
    read: integer(1, 2 ** 50),
    default: DEFAULT_PARAMETERS.positionBytesMax,
  }),
  keyIndex: option({
    flag: '--key-index',
    env: 'KEY_INDEX',
    text: 'nodes keep an index of their keys, for ranges of keys over the whole ring; as the ring has begun if left out',
    read: yesOrNo,
  }),
  positionRule: option({
    flag: '--position-rule <rule>',
    env: 'POSITION_RULE',
    text: 'what the position of a key is the hash of: tag (what is between its first { and the first } after it, if anything is, else the key) or whole-key; never changes',
    read: choice(...POSITION_RULES),
    defaultText: 'that of the ring; tag for a new one',
  }),
  forgetAfterMs: milliseconds(
    '--forget-after',
    'REGISTRY_FORGET_AFTER',
    'how long a dead node that holds nothing keeps its place',
    DEFAULT_CONFIG.forgetAfterMs,
    100,
    7 * 24 * 3_600_000,
  ),
  returnWaitMs: milliseconds(
    '--return-wait',
    'REGISTRY_RETURN_WAIT',
    'how long the first node that returns to an offline arc waits for the others',
    DEFAULT_CONFIG.returnWaitMs,
    0,
    60_000,
  ),
  newLease: option({
    flag: '--new-lease',
    env: 'REGISTRY_NEW_LEASE',
    text: 'accept lease times that differ from the cluster’s; only while every node is stopped',
    read: yesOrNo,
    default: false,
  }),
  restored: option({
    flag: '--restored',
    env: 'REGISTRY_RESTORED',
    text: 'the data folder was restored from a copy: give no node an arc, and remove none from it, before all nodes of that arc have reported',
    read: yesOrNo,
    default: false,
  }),
  tlsCert: option({
    flag: '--tls-cert <file>',
    env: 'TLS_CERT',
    text: 'certificate (PEM); with it the registry speaks TLS',
    read: text,
  }),
  tlsKey: option({
    flag: '--tls-key <file>',
    env: 'TLS_KEY',
    text: 'key of the certificate (PEM)',
    read: text,
  }),
  logLevel: option({
    flag: '--log-level <level>',
    env: 'LOG_LEVEL',
    text: LOG_LEVELS.join(', '),
    read: choice(...LOG_LEVELS),
    default: 'info' as const,
  }),
  logFormat: option({
    flag: '--log-format <format>',
    env: 'LOG_FORMAT',
    text: LOG_FORMATS.join(' or '),
    read: choice(...LOG_FORMATS),
    default: 'text' as const,
  }),
};

/** Throws INVALID_ARGUMENT naming flag and variable, and HelpShown when help was asked for. */
export function registryConfig(
  calledAs: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Required<Pick<RegistryOptions, 'host' | 'port' | 'log' | 'storage' | 'dataDir'>> & RegistryOptions {
  const { options } = parseProgram(
    {
      name: calledAs,
      version: packageVersion(__dirname),
      text: 'Places nodes on the ring and keeps the log of its changes.',
      specs,
      env,
      fileOption: 'params',
    },
    args,
  );
  return {
    host: options.host,
    port: options.port,
    portOption: '--port or REGISTRY_PORT',
    storage: options.storage,
    dataDir: options.dataDir,
    diskReserveBytes: options.diskReserve * MEBIBYTE,
    placement: options.placement,
    forgetAfterMs: options.forgetAfterMs,
    returnWaitMs: options.returnWaitMs,
    newLease: options.newLease,
    restored: options.restored,
    parameters: {
      replicationFactor: options.replicationFactor,
      minCopies: options.minCopies,
      leaseMs: options.leaseMs,
      leaseMarginMs: options.leaseMarginMs,
      membershipLeaseMs: options.membershipLeaseMs,
      clockSkewMs: options.clockSkewMs,
      failureTimeoutMs: options.failureTimeoutMs,
      keyBytesMax: options.keyBytesMax,
      valueBytesMax: options.valueBytesMax,
      routing: options.routing,
      positionKeysMax: options.positionKeysMax,
      positionBytesMax: options.positionBytesMax,
      ...(options.keyIndex !== undefined && { keyIndex: options.keyIndex }),
      positionRule: options.positionRule,
    },
    tls: { cert: options.tlsCert, key: options.tlsKey },
    log: createLogger({ level: options.logLevel, format: options.logFormat, namespace: 'registry' }),
  };
}
