/**
 * The options that all commands share: flag, else environment, else default.
 *
 * `--node` and `--registry` say where the ring is. When either of them is typed, the variables of both are ignored,
 * because they may name another ring.
 */

import type { Command } from 'commander';
import {
  declareOptions,
  option,
  optionValues,
  readOptions,
  type OptionValues,
} from '@ringkeep/process/command-line';
import type { Encoding } from './encoding';
import { UsageError, checked } from './failure';

const { address, addresses, durationMs, text, yesOrNo } = optionValues;

const DEFAULT_NODE = 'http://127.0.0.1:50001';
const DEFAULT_TIMEOUT_MS = 10_000;

/** How the ring is reached. */
const connectionSpecs = {
  node: option({
    flag: '--node <address>',
    env: 'NODE_ADDRESS',
    text: 'a node of the ring; repeat the flag, or separate several with commas',
    read: addresses,
    defaultText: '127.0.0.1:50001',
  }),
  registry: option({
    flag: '--registry <address>',
    env: 'REGISTRY_ADDRESS',
    text: 'the registry, instead of a node or in addition to one',
    read: address,
  }),
  timeout: option({
    flag: '--timeout <duration>',
    env: 'RINGKEEP_TIMEOUT',
    text: 'how long an operation may take, e.g. 500ms or 2s',
    read: durationMs(1, 3_600_000),
    default: DEFAULT_TIMEOUT_MS,
    defaultText: '10s',
  }),
  wait: option({
    flag: '--wait <duration>',
    env: 'RINGKEEP_WAIT',
    text: 'how long to keep trying while every address given fails, for example while the ring starts',
    read: durationMs(0, 3_600_000),
    default: 0,
    defaultText: 'not at all',
  }),
  tlsCa: option({
    flag: '--tls-ca <file>',
    env: 'TLS_CA',
    text: 'certificate authority (PEM) to trust for https:// addresses',
    read: text,
  }),
};

/** How keys, values and answers are written. */
const formSpecs = {
  hex: option({
    flag: '--hex',
    text: 'read and show keys and values in hexadecimal',
    read: yesOrNo,
    default: false,
  }),
  base64: option({
    flag: '--base64',
    text: 'read and show keys and values in base64',
    read: yesOrNo,
    default: false,
  }),
  json: option({ flag: '--json', text: 'print answers as JSON', read: yesOrNo, default: false }),
};

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ConnectionOptions {
  readonly nodes: readonly string[];
  readonly registry: string | undefined;
  readonly timeoutMs: number;
  /** How long to keep trying when nobody answers. */
  readonly waitMs: number;
  readonly tlsCa: string | undefined;
}

export interface FormOptions {
  readonly encoding: Encoding;
  readonly json: boolean;
}

/** The prompt declares only the form: it keeps the connection that it was started with. */
export function declareShared(command: Command, withConnection: boolean): void {
  declareOptions(command, withConnection ? { ...connectionSpecs, ...formSpecs } : formSpecs);
  command.options
    .find((declared) => declared.long === '--node')
    ?.argParser<string>((given, before) => (before === undefined ? given : `${before},${given}`));
}

/** Throws a UsageError naming flag and variable. */
export function readConnection(command: Command, env: Environment): ConnectionOptions {
  const values = checked(() =>
    readOptions(command, connectionSpecs, { env, rivals: [['node', 'registry']] }),
  );
  // A registry alone is enough; only without any address the default is tried.
  const nodes = values.node ?? (values.registry === undefined ? [DEFAULT_NODE] : []);
  const { registry, timeout: timeoutMs, wait: waitMs, tlsCa } = values;
  return { nodes, registry, timeoutMs, waitMs, tlsCa };
}

export function readForm(command: Command, env: Environment): FormOptions {
  const values: OptionValues<typeof formSpecs> = checked(() => readOptions(command, formSpecs, { env }));
  if (values.hex && values.base64) throw new UsageError('--hex and --base64 cannot be used together');
  return { encoding: values.hex ? 'hex' : values.base64 ? 'base64' : 'text', json: values.json };
}
