/** The operations on one key, one command each. */

import type { VersionedValue, WriteResult } from '@ringkeep/client';
import { option, optionValues } from '@ringkeep/process/command-line';
import type { CommandContext, CommandSpec } from './command';
import { bytesTyped, shown } from '../encoding';
import { quoted } from '@ringkeep/shared';
import { checked, ExitCode } from '../failure';
import { valueTyped } from '../typed-value';
import { conditions, readTtl, ttlOption, writeOptions } from './write-terms';

const KEY = { name: '<key>', text: 'the key' };
const setCommand: CommandSpec = {
  name: 'set',
  text: 'store a value under a key',
  operands: [KEY, { name: '<value>', text: 'the value; - takes it from standard input' }],
  options: { ...conditions, ...ttlOption },
  examples: [
    'set city Porto',
    'set session/7 anna --ttl 30m',
    'set city Lisboa --if-value Porto',
    'set --hex 00ff cafe',
    'set picture - < picture.png',
    'set -- -key "starts with a dash"',
  ],
  async run(context, [key = '', value = ''], options) {
    const [keyBytes, bytes] = [keyTyped(context, key), await valueTyped(context, value)];
    const terms = writeOptions(context, options);
    const client = await context.ring.client(context.signal);
    const result = await client.exchange(keyBytes, bytes, terms);
    if (!result.done) return refused(context, key, result);
    const told = result.value && tell(context, result.value);
    const { version } = result;
    context.output.answer({ key, previous: told?.text ?? null, encoding: told?.encoding, version }, () =>
      told === undefined ? 'stored' : `stored, replacing: ${context.output.printable(told.text)}`,
    );
    return ExitCode.Ok;
  },
};

const getCommand: CommandSpec = {
  name: 'get',
  text: 'print the value of a key',
  operands: [KEY],
  options: {},
  examples: ['get city', 'get --json city'],
  async run(context, [key = '']) {
    const keyBytes = keyTyped(context, key);
    const client = await context.ring.client(context.signal);
    const found = await client.getVersioned(keyBytes, { signal: context.signal });
    return found ? shownFound(context, key, found, '') : absent(context, key);
  },
};

const deleteCommand: CommandSpec = {
  name: 'delete',
  text: 'remove a key',
  operands: [KEY],
  options: conditions,
  examples: ['delete city', 'delete city --if-version 7'],
  async run(context, [key = ''], options) {
    const keyBytes = keyTyped(context, key);
    const terms = writeOptions(context, options);
    const client = await context.ring.client(context.signal);
    const result = await client.delete(keyBytes, terms);
    if (!result.done) return refused(context, key, result);
    const { value, version } = result;
    return value ? shownFound(context, key, { value, version }, 'deleted: ') : absent(context, key);
  },
};

const incrementCommand: CommandSpec = {
  name: 'incr',
  text: 'add to the number that a value is, and print the new one; a key without a value counts as 0',
  operands: [KEY, { name: '[delta]', text: 'a whole number; 1 unless given' }],
  options: { ...conditions, ...ttlOption },
  examples: ['incr visits', 'incr stock/shoes -3'],
  async run(context, [key = '', delta = '1'], options) {
    const keyBytes = keyTyped(context, key);
    const number = checked(() => wholeNumber(delta));
    const terms = writeOptions(context, options);
    const client = await context.ring.client(context.signal);
    const result = await client.add(keyBytes, number, terms);
    if (!result.done) return refused(context, key, result);
    const value = textOf(result.value);
    context.output.answer({ key, value, version: result.version }, () => value);
    return ExitCode.Ok;
  },
};

const appendCommand: CommandSpec = {
  name: 'append',
  text: 'add text at the end of a value, and print the new length in bytes',
  operands: [KEY, { name: '<value>', text: 'what to add; - takes it from standard input' }],
  options: { ...conditions, ...ttlOption },
  examples: ['append log "one more line"'],
  async run(context, [key = '', value = ''], options) {
    const [keyBytes, bytes] = [keyTyped(context, key), await valueTyped(context, value)];
    const terms = writeOptions(context, options);
    const client = await context.ring.client(context.signal);
    const result = await client.append(keyBytes, bytes, terms);
    if (!result.done) return refused(context, key, result);
    const length = Number(textOf(result.value));
    context.output.answer({ key, bytes: length, version: result.version }, () => String(length));
    return ExitCode.Ok;
  },
};

const ttlCommand: CommandSpec = {
  name: 'ttl',
  text: 'print how long a key has still to live',
  operands: [KEY],
  options: {},
  examples: ['ttl session/7'],
  async run(context, [key = '']) {
    const keyBytes = keyTyped(context, key);
    const client = await context.ring.client(context.signal);
    const found = await client.getVersioned(keyBytes, { signal: context.signal });
    if (!found) return absent(context, key);
    const { ttlMs, version } = found;
    context.output.answer({ key, ttlMs: ttlMs ?? null, version }, () =>
      ttlMs === undefined ? 'does not end' : `${(ttlMs / 1_000).toFixed(3)} s`,
    );
    return ExitCode.Ok;
  },
};

const expireCommand: CommandSpec = {
  name: 'expire',
  text: 'let a key end after a while, or at a moment; what is over removes it',
  operands: [
    KEY,
    { name: '<when>', text: 'a duration, such as 90s or 2h, or a moment, such as 2030-01-31T12:00Z' },
  ],
  options: {
    ...conditions,
    ifExpiry: option({
      flag: '--if-expiry <kind>',
      text: 'only if the key ends never (none), ever (some), earlier (less) or later (greater) than this',
      read: optionValues.choice('none', 'some', 'less', 'greater'),
    }),
  },
  examples: ['expire session/7 30m', 'expire session/7 2h --if-expiry less'],
  async run(context, [key = '', when = ''], options) {
    const keyBytes = keyTyped(context, key);
    const end = checked(() => endTyped(when));
    const { ifExpiry } = options as { ifExpiry?: 'none' | 'some' | 'less' | 'greater' };
    const client = await context.ring.client(context.signal);
    const terms = { ...writeOptions(context, options), ...(ifExpiry && { ifExpiry }) };
    return toldEnd(context, key, await client.expire(keyBytes, end, terms), 'ends');
  },
};

const persistCommand: CommandSpec = {
  name: 'persist',
  text: 'let a key end no more',
  operands: [KEY],
  options: conditions,
  examples: ['persist session/7'],
  async run(context, [key = ''], options) {
    const keyBytes = keyTyped(context, key);
    const terms = writeOptions(context, options);
    const client = await context.ring.client(context.signal);
    return toldEnd(context, key, await client.persist(keyBytes, terms), 'does not end');
  },
};

function toldEnd(context: CommandContext, key: string, result: WriteResult, told: string): ExitCode {
  if (!result.done && result.version === 0) return absent(context, key);
  if (!result.done) return refused(context, key, result);
  context.output.answer({ key, version: result.version }, () => told);
  return ExitCode.Ok;
}

/** Throws an Error that completes "error: …". */
function endTyped(when: string): number | Date {
  const moment = /^\d{4}-\d{2}-\d{2}T/.test(when) ? new Date(when) : undefined;
  if (moment !== undefined && !Number.isNaN(moment.getTime())) return moment;
  try {
    return readTtl(when);
  } catch {
    throw new Error(
      `the end must be a duration, such as 90s, or a moment, such as 2030-01-31T12:00Z, got ${quoted(when)}`,
    );
  }
}

/** Throws an Error that completes "error: …". */
function wholeNumber(text: string): bigint {
  if (!/^-?\d+$/.test(text)) throw new Error(`the delta must be a whole number, got ${quoted(text)}`);
  return BigInt(text);
}

function textOf(value: Uint8Array | undefined): string {
  return Buffer.from(value ?? []).toString();
}

/** In the order of the help. */
export const OPERATION_COMMANDS: readonly CommandSpec[] = [
  setCommand,
  getCommand,
  deleteCommand,
  incrementCommand,
  appendCommand,
  ttlCommand,
  expireCommand,
  persistCommand,
];

function keyTyped(context: CommandContext, key: string): Uint8Array {
  return bytesTyped(key, context.encoding, 'key');
}

function shownFound(
  context: CommandContext,
  key: string,
  { value, version }: VersionedValue,
  prefix: string,
): ExitCode {
  const { output } = context;
  const { text, encoding } = tell(context, value);
  output.answer({ key, value: text, encoding, version }, () => prefix + output.printable(text));
  return ExitCode.Ok;
}

function absent({ output }: CommandContext, key: string): ExitCode {
  output.answer({ key, value: null }, () => []);
  output.note('key not present');
  return ExitCode.NotPresent;
}

/** The condition did not hold. */
function refused(context: CommandContext, key: string, { value, version }: WriteResult): ExitCode {
  const { output } = context;
  const told = value && tell(context, value);
  output.answer({ key, done: false, value: told?.text ?? null, encoding: told?.encoding, version }, () => []);
  output.note(
    told === undefined
      ? 'nothing changed: the key is not present'
      : `nothing changed: the key has version ${version}, with the value ${output.printable(told.text)}`,
  );
  return ExitCode.NotPresent;
}

function tell(context: CommandContext, value: Uint8Array): ReturnType<typeof shown> {
  const told = shown(value, context.encoding);
  if (context.encoding === 'text' && told.encoding !== 'utf8') {
    context.output.note('the value is not UTF-8 text; it is shown in base64');
  }
  return told;
}
