/** keys and scan: what the ring holds, in the order of positions, an entry a line. */

import type { Scan, ScanOptions } from '@ringkeep/client';
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
  { output, encoding }: CommandContext,
  scan: Scan<Value>,
  limit: number | undefined,
  shownValue: (value: Value) => Shown | undefined,
): Promise<ExitCode> {
  let count = 0;
  for await (const { key, value, version } of scan) {
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
  if (count === limit && scan.after !== undefined) output.note(`go on with --after ${scan.after}`);
  return ExitCode.Ok;
}
