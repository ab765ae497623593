/** The operations on one key, one command each. */

import type { CommandContext, CommandSpec } from './command';
import { bytesTyped, shown } from '../encoding';
import { ExitCode } from '../failure';

const KEY = { name: '<key>', text: 'the key' };

const setCommand: CommandSpec = {
  name: 'set',
  text: 'store a value under a key',
  operands: [KEY, { name: '<value>', text: 'the value' }],
  options: {},
  examples: ['set city Porto', 'set --hex 00ff cafe', 'set -- -key "starts with a dash"'],
  async run(context, [key = '', value = '']) {
    const [keyBytes, bytes] = [keyTyped(context, key), bytesTyped(value, context.encoding, 'value')];
    const client = await context.ring.client(context.signal);
    const previous = await client.exchange(keyBytes, bytes, { signal: context.signal });
    const told = previous === undefined ? undefined : tell(context, previous);
    context.output.answer({ key, previous: told?.text ?? null, encoding: told?.encoding }, () =>
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
    const value = await client.get(keyBytes, { signal: context.signal });
    return found(context, key, value, '');
  },
};

const deleteCommand: CommandSpec = {
  name: 'delete',
  text: 'remove a key',
  operands: [KEY],
  options: {},
  examples: ['delete city'],
  async run(context, [key = '']) {
    const keyBytes = keyTyped(context, key);
    const client = await context.ring.client(context.signal);
    const value = await client.delete(keyBytes, { signal: context.signal });
    return found(context, key, value, 'deleted: ');
  },
};

const compareAndSetCommand: CommandSpec = {
  name: 'compare-and-set',
  text: 'store a value if the key has the expected one; exit code 3 if it has not',
  operands: [
    KEY,
    { name: '<expected>', text: 'the value that the key must have' },
    { name: '<value>', text: 'the value' },
  ],
  options: {},
  examples: ['compare-and-set city Porto Lisboa'],
  async run(context, [key = '', expected = '', value = '']) {
    const { encoding, output, signal } = context;
    const keyBytes = keyTyped(context, key);
    const expectedBytes = bytesTyped(expected, encoding, 'expected value');
    const bytes = bytesTyped(value, encoding, 'value');
    const client = await context.ring.client(signal);
    const { stored, previous } = await client.compareAndSet(keyBytes, expectedBytes, bytes, { signal });
    const told = previous === undefined ? undefined : tell(context, previous);
    output.answer({ key, stored, previous: told?.text ?? null, encoding: told?.encoding }, () =>
      stored ? 'stored' : [],
    );
    if (stored) return ExitCode.Ok;
    output.note(
      told === undefined ? 'key not present' : `nothing stored, the value is ${output.printable(told.text)}`,
    );
    return ExitCode.NotPresent;
  },
};

/** In the order of the help. */
export const OPERATION_COMMANDS: readonly CommandSpec[] = [
  setCommand,
  getCommand,
  deleteCommand,
  compareAndSetCommand,
];

function keyTyped(context: CommandContext, key: string): Uint8Array {
  return bytesTyped(key, context.encoding, 'key');
}

function found(
  context: CommandContext,
  key: string,
  value: Uint8Array | undefined,
  prefix: string,
): ExitCode {
  const { output } = context;
  if (value === undefined) {
    output.answer({ key, value: null }, () => []);
    output.note('key not present');
    return ExitCode.NotPresent;
  }
  const { text, encoding } = tell(context, value);
  output.answer({ key, value: text, encoding }, () => prefix + output.printable(text));
  return ExitCode.Ok;
}

function tell(context: CommandContext, value: Uint8Array): ReturnType<typeof shown> {
  const told = shown(value, context.encoding);
  if (context.encoding === 'text' && told.encoding !== 'utf8') {
    context.output.note('the value is not UTF-8 text; it is shown in base64');
  }
  return told;
}
