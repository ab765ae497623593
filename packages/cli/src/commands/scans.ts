/** keys, scan and range: what the ring holds, in the order of positions or of keys, an entry a line. */

import type { RangeOptions, Scan, ScanEntry, ScanOptions } from '@ringkeep/client';
import { option, optionValues, type OptionValues } from '@ringkeep/process/command-line';
import { bytesTyped, shown, type Shown } from '../encoding';
import { checked, ExitCode } from '../failure';
import type { CommandContext, CommandSpec } from './command';

const specs = {
  prefix: option({ flag: '--prefix <prefix>', text: 'only keys that begin so', read: String }),
  tag: option({
    flag: '--tag <tag>',
    text: 'only keys with this tag, which is between { and }: in their order',
    read: String,
  }),
  limit: option({
    flag: '--limit <n>',
    text: 'so many keys at most; where more follow, it says how to go on',
    read: optionValues.integer(1, Number.MAX_SAFE_INTEGER),
  }),
  after: option({
    flag: '--after <place>',
    text: 'go on from the place that an earlier command has told',
    read: String,
  }),
};

export const keysCommand: CommandSpec = {
  name: 'keys',
  text: 'print the keys of the ring, in the order of their positions',
  operands: [],
  options: specs,
  examples: ['keys', 'keys --prefix user/ --limit 100', 'keys --tag "order 7"'],
  async run(context, _operands, options) {
    const asked = scanOptions(context, options);
    const client = await context.ring.client(context.signal);
    const scan = checked(() => client.keys({ ...asked, signal: context.signal }));
    return printed(context, scan, asked.limit, () => undefined);
  },
};

export const scanCommand: CommandSpec = {
  name: 'scan',
  text: 'print the keys and values of the ring, in the order of the positions of the keys',
  operands: [],
  options: specs,
  examples: ['scan --tag "order 7"', 'scan --prefix user/ --json'],
  async run(context, _operands, options) {
    const asked = scanOptions(context, options);
    const client = await context.ring.client(context.signal);
    const scan = checked(() => client.scan({ ...asked, signal: context.signal }));
    return printed(context, scan, asked.limit, (value) => shown(value, context.encoding));
  },
};

const rangeSpecs = {
  from: option({ flag: '--from <key>', text: 'the least key that counts', read: String }),
  to: option({ flag: '--to <key>', text: 'the least key that is too great', read: String }),
  tag: option({
    flag: '--tag <tag>',
    text: 'only keys with this tag, which is between { and }',
    read: String,
  }),
  reverse: option({
    flag: '--reverse',
    text: 'the greatest key first',
    read: optionValues.yesOrNo,
    default: false,
  }),
  limit: option({
    flag: '--limit <n>',
    text: 'so many keys at most',
    read: optionValues.integer(1, Number.MAX_SAFE_INTEGER),
  }),
};

export const rangeCommand: CommandSpec = {
  name: 'range',
  text: 'print keys and values in the order of the keys: of one tag, or of a ring with --key-index',
  operands: [],
  options: rangeSpecs,
  examples: ['range --tag "order 7" --reverse --limit 10', 'range --from user/a --to user/b'],
  async run(context, _operands, options) {
    const asked = rangeOptions(context, options);
    const client = await context.ring.client(context.signal);
    const range = checked(() => client.range({ ...asked, signal: context.signal }));
    await printedEach(context, range, asked.limit, (value) => shown(value, context.encoding));
    return ExitCode.Ok;
  },
};

function rangeOptions(
  { encoding }: CommandContext,
  options: Readonly<Record<string, unknown>>,
): RangeOptions {
  const { from, to, tag, reverse, limit } = options as OptionValues<typeof rangeSpecs>;
  return {
    ...(from !== undefined && { from: bytesTyped(from, encoding, 'from') }),
    ...(to !== undefined && { to: bytesTyped(to, encoding, 'to') }),
    ...(tag !== undefined && { tag: bytesTyped(tag, encoding, 'tag') }),
    ...(limit !== undefined && { limit }),
    reverse,
  };
}

function scanOptions({ encoding }: CommandContext, options: Readonly<Record<string, unknown>>): ScanOptions {
  const { prefix, tag, limit, after } = options as OptionValues<typeof specs>;
  return {
    ...(prefix !== undefined && { prefix: bytesTyped(prefix, encoding, 'prefix') }),
    ...(tag !== undefined && { tag: bytesTyped(tag, encoding, 'tag') }),
    ...(limit !== undefined && { limit }),
    after,
  };
}

async function printed<Value>(
  context: CommandContext,
  scan: Scan<Value>,
  limit: number | undefined,
  shownValue: (value: Value) => Shown | undefined,
): Promise<ExitCode> {
  const count = await printedEach(context, scan, limit, shownValue);
  if (count === limit && scan.after !== undefined) context.output.note(`go on with --after ${scan.after}`);
  return ExitCode.Ok;
}

/** @returns how many */
async function printedEach<Value>(
  { output, encoding }: CommandContext,
  entries: AsyncIterable<ScanEntry<Value>>,
  limit: number | undefined,
  shownValue: (value: Value) => Shown | undefined,
): Promise<number> {
  let count = 0;
  for await (const { key, value, version } of entries) {
    const told = shown(key, encoding);
    const content = shownValue(value);
    const json = {
      key: told.text,
      keyEncoding: told.encoding,
      value: content?.text,
      encoding: content?.encoding,
    };
    output.answer({ ...json, version }, () =>
      [told, content].flatMap((part) => (part === undefined ? [] : [output.printable(part.text)])).join('\t'),
    );
    await output.drained();
    if (output.lost?.aborted || ++count === limit) break;
  }
  return count;
}
