/** load and lookup: store or compare the records of a file, and print a summary. */

import { quoted } from '@ringkeep/shared';
import {
  createProgress,
  option,
  optionValues,
  type OptionValues,
  type Progress,
} from '@ringkeep/process/command-line';
import type { CommandContext, CommandSpec } from './command';
import { FORMATS, loadFile, lookupFile, parseKeyFields, type BulkFigures, type BulkOptions } from '../bulk';
import { ExitCode, UsageError } from '../failure';

const specs = {
  key: option({
    flag: '--key <fields>',
    text: 'the fields of a record that make its key, joined with /, e.g. country,name or address.city',
    read: parseKeyFields,
  }),
  format: option({
    flag: '--format <form>',
    text: `format of the file: ${FORMATS.join(', ')}`,
    read: optionValues.choice(...FORMATS),
    default: 'auto' as const,
  }),
};

const FILE = { name: '<file>', text: 'JSON object, JSON array or NDJSON, optionally gzipped; - reads stdin' };

export const loadCommand: CommandSpec = {
  name: 'load',
  text: 'store the records of a file',
  operands: [FILE],
  options: specs,
  examples: ['load cities.json --key country,admin1,admin2,name', 'load settings.json'],
  async run(context, [path = ''], options) {
    const bulk = bulkOptions(context, path, options, 'loading');
    const summary = await loadFile(await context.ring.client(context.signal), bulk);
    context.output.answer(summary, () => [
      `records         ${count(summary.records)}`,
      `loaded          ${count(summary.loaded)}`,
      `repeated keys   ${count(summary.repeated)}${summary.repeated > 0 ? ' (the last record of each wins)' : ''}`,
      ...(summary.resent > 0 ? [`written again   ${count(summary.resent)} (outcome was unknown)`] : []),
      failures(summary),
      pace(summary),
    ]);
    tellProblems(context, summary);
    return summary.failed === 0 ? ExitCode.Ok : ExitCode.Error;
  },
};

export const lookupCommand: CommandSpec = {
  name: 'lookup',
  text: 'compare the records of a file with what the ring holds',
  operands: [FILE],
  options: specs,
  examples: ['lookup cities.json --key country,admin1,admin2,name'],
  async run(context, [path = ''], options) {
    const bulk = bulkOptions(context, path, options, 'looking up');
    const summary = await lookupFile(await context.ring.client(context.signal), bulk);
    const wrong = summary.missing + summary.different + summary.failed;
    const keys = summary.found + wrong;
    context.output.answer(summary, () => [
      `records         ${count(summary.records)}`,
      `repeated keys   ${count(summary.repeated)}${summary.repeated > 0 ? ' (the last record of each counts)' : ''}`,
      `found           ${count(summary.found)} (${percent(summary.found, keys)})`,
      `missing         ${count(summary.missing)} (${percent(summary.missing, keys)})`,
      `different       ${count(summary.different)} (${percent(summary.different, keys)})`,
      failures(summary, keys),
      pace(summary),
    ]);
    tellProblems(context, summary);
    return wrong === 0 ? ExitCode.Ok : ExitCode.Error;
  },
};

function bulkOptions(
  context: CommandContext,
  path: string,
  options: Readonly<Record<string, unknown>>,
  label: string,
): BulkOptions {
  if (context.encoding !== 'text') {
    throw new UsageError('--hex and --base64 cannot be used with files, whose keys and values are text');
  }
  const { key, format } = options as OptionValues<typeof specs>;
  return {
    path,
    fields: key ?? [],
    format,
    stdin: context.stdin,
    signal: context.signal,
    progress: (total): Progress =>
      createProgress({ label, unit: 'bytes', total, stream: context.output.stderr }),
  };
}

function tellProblems({ output }: CommandContext, { problems }: BulkFigures): void {
  for (const { line, key, reason } of problems) {
    output.note(`line ${line}${key === undefined ? '' : `, key ${quoted(key)}`}: ${reason}`);
  }
}

function failures(figures: BulkFigures, of = figures.records): string {
  return `failed          ${count(figures.failed)} (${percent(figures.failed, of)})`;
}

function pace(figures: BulkFigures): string {
  const seconds = (figures.elapsedMs / 1_000).toFixed(2);
  return `time            ${seconds} s, ${count(figures.operationsPerSecond)} operations/s`;
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

function percent(part: number, whole: number): string {
  return `${whole === 0 ? '0' : ((100 * part) / whole).toFixed(2)} %`;
}
