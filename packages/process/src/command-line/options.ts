/**
 * Options of a program, resolved once and eagerly: flag, else environment, else file, else default.
 *
 * Each option is declared once, with its flag, its variable, its default and the reader of its value, and --help shows
 * all of it. Commander parses the command line. The values are read here, because errors must name flag and variable,
 * and because commander reads only the process's own environment.
 *
 * Options that name one thing in several ways (a node's address, the registry's) are rivals. What was typed for one of
 * them must not be mixed with what the environment says for another, so only the higher source counts.
 */

import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { RingError, quoted } from '@ringkeep/shared';
import type { ValueReader } from './option-values';

export interface OptionSpec<T> {
  /** In commander's form: `--port <number>`; without `<…>` it is a switch. */
  readonly flag: string;
  readonly env?: string;
  readonly text: string;
  readonly read: ValueReader<T>;
  /** Absent: the option is undefined unless given. */
  readonly default?: T;
  /** How --help shows the default, if its text would not do. */
  readonly defaultText?: string;
}

// The value type is found by inference; specs of all types share one record.
export type OptionSpecs = Readonly<Record<string, OptionSpec<unknown>>>;
export type OptionValues<Specs> = {
  readonly [K in keyof Specs]: Specs[K] extends OptionSpec<infer T>
    ? Specs[K] extends { readonly default: unknown }
      ? T
      : T | undefined
    : never;
};

/** Declares an option; keeps apart those with a default (never undefined) and those without. */
export function option<T>(
  spec: OptionSpec<T> & { readonly default: T },
): OptionSpec<T> & { readonly default: T };
export function option<T>(spec: OptionSpec<T>): OptionSpec<T>;
export function option<T>(spec: OptionSpec<T>): OptionSpec<T> {
  return spec;
}

export interface OptionSources {
  /** Usually process.env, handed in by config.ts. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The option that names a JSON file whose keys are names of other options. */
  readonly fileOption?: string;
  /** Groups of options without defaults. One that is given hides the others of lower sources. */
  readonly rivals?: readonly (readonly string[])[];
}

/** Where a value comes from; a higher one is taken first. */
const Source = { None: 0, File: 1, Env: 2, Flag: 3 } as const;
type Source = (typeof Source)[keyof typeof Source];

export interface Program<Specs extends OptionSpecs> extends OptionSources {
  readonly name: string;
  readonly text: string;
  readonly version?: string;
  readonly specs: Specs;
  /** The operands, in commander's form: `[port]`, `<file>`, `[keys...]`. */
  readonly operands?: readonly { readonly name: string; readonly text: string }[];
  /** Printed after the options, e.g. examples. */
  readonly helpTail?: string;
}

/** What `parseProgram` throws after --help or --version was printed: exit quietly with code 0. */
export class HelpShown extends Error {}

/**
 * Reads a program's command line (without `node` and the script). Throws INVALID_ARGUMENT naming flag and
 * variable, and HelpShown after it has printed what was asked for.
 */
export function parseProgram<Specs extends OptionSpecs>(
  program: Program<Specs>,
  args: readonly string[],
): { options: OptionValues<Specs>; operands: string[] } {
  const command = new Command(program.name).description(program.text);
  for (const { name, text } of program.operands ?? []) command.argument(name, text);
  if (program.version !== undefined) command.version(program.version, '--version', 'print the version');
  if (program.helpTail !== undefined) command.addHelpText('after', `\n${program.helpTail}`);
  declareOptions(command, program.specs);
  quiet(command);
  try {
    command.parse([...args], { from: 'user' });
  } catch (error) {
    throw commandFault(error);
  }
  return { options: readOptions(command, program.specs, program), operands: command.args };
}

/** Makes commander throw instead of printing and exiting; see commandFault. */
export function quiet(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => undefined });
}

/** The error for a failed `parse` of a quiet command. */
export function commandFault(error: unknown): Error {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string')
    return error as Error;
  if (['commander.helpDisplayed', 'commander.version', 'commander.help'].includes(error.code)) {
    return new HelpShown(error.message);
  }
  const text = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
  return new RingError('INVALID_ARGUMENT', `${text}; see --help`);
}

/** Adds the options to a command; --help shows variable and default of each. */
export function declareOptions(command: Command, specs: OptionSpecs): void {
  for (const spec of Object.values(specs)) {
    const notes: string[] = [];
    if (spec.env !== undefined) notes.push(`env ${spec.env}`);
    const shown = spec.defaultText ?? (spec.default === undefined ? undefined : String(spec.default));
    if (shown !== undefined && isValued(spec)) notes.push(`default ${shown}`);
    const tail = notes.length === 0 ? '' : ` (${notes.join(', ')})`;
    command.addOption(new Option(spec.flag, spec.text + tail));
  }
}

/** The values of the options of a parsed command. */
export function readOptions<Specs extends OptionSpecs>(
  command: Command,
  specs: Specs,
  sources: OptionSources,
): OptionValues<Specs> {
  const given = command.opts<Record<string, string | boolean | undefined>>();
  const flagged = (name: string): unknown =>
    given[new Option((specs[name] as OptionSpec<unknown>).flag).attributeName()];
  const fromEnv = (name: string): string | undefined => sources.env[specs[name]?.env ?? ''] || undefined;
  const direct = (name: string): unknown => {
    const spec = specs[name] as OptionSpec<unknown>;
    const flag = flagged(name);
    if (flag !== undefined) return isValued(spec) ? read(spec, String(flag), spec.flag) : flag;
    const variable = fromEnv(name);
    return variable === undefined ? undefined : read(spec, variable, spec.env as string);
  };
  const file = readFileOption(specs, sources, direct);
  const sourceOf = (name: string): Source => {
    if (flagged(name) !== undefined) return Source.Flag;
    if (fromEnv(name) !== undefined) return Source.Env;
    return file?.values[name] === undefined ? Source.None : Source.File;
  };
  const valueOf = (name: string, spec: OptionSpec<unknown>): unknown => {
    const source = sourceOf(name);
    const rivals = sources.rivals?.find((group) => group.includes(name)) ?? [];
    if (rivals.some((rival) => sourceOf(rival) > source)) return undefined;
    if (source === Source.None) return spec.default;
    if (source === Source.File) return read(spec, String(file?.values[name]), `${name} in ${file?.path}`);
    return direct(name);
  };
  const entries = Object.entries(specs).map(([name, spec]) => [name, valueOf(name, spec)]);
  return Object.fromEntries(entries) as OptionValues<Specs>;
}

function isValued(spec: OptionSpec<unknown>): boolean {
  return /[<[]/.test(spec.flag);
}

function read<T>(spec: OptionSpec<T>, given: string, source: string): T {
  try {
    return spec.read(given);
  } catch (error) {
    const flag = new Option(spec.flag).long ?? spec.flag;
    const names = spec.env === undefined ? flag : `${flag} (${spec.env})`;
    const from = source === spec.flag || source === spec.env ? '' : `, from ${source}`;
    const text = `${names} ${(error as Error).message}, got ${quoted(given)}${from}`;
    throw new RingError('INVALID_ARGUMENT', text);
  }
}

interface OptionFile {
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/** The option file, if there is one. A default file may be absent; a file that was asked for may not. */
function readFileOption(
  specs: OptionSpecs,
  sources: OptionSources,
  direct: (name: string) => unknown,
): OptionFile | undefined {
  if (sources.fileOption === undefined) return undefined;
  const asked = direct(sources.fileOption) as string | undefined;
  const path = asked ?? (specs[sources.fileOption]?.default as string | undefined);
  if (path === undefined) return undefined;
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    if (asked === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new RingError('INVALID_ARGUMENT', `cannot read ${path}: ${(error as Error).message}`);
  }
  return { path, values: checkedFile(specs, sources.fileOption, path, content) };
}

function checkedFile(
  specs: OptionSpecs,
  fileOption: string,
  path: string,
  content: string,
): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(content);
  } catch (error) {
    throw new RingError('INVALID_ARGUMENT', `${path} is no JSON: ${(error as Error).message}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new RingError('INVALID_ARGUMENT', `${path} must hold one JSON object`);
  }
  for (const [name, value] of Object.entries(parsed)) {
    if (!Object.hasOwn(specs, name) || name === fileOption) {
      const known = Object.keys(specs).filter((key) => key !== fileOption);
      throw new RingError('INVALID_ARGUMENT', `${path} names ${name}; it may name ${known.join(', ')}`);
    }
    if (!['string', 'number', 'boolean'].includes(typeof value)) {
      throw new RingError('INVALID_ARGUMENT', `${name} in ${path} must be a string, a number or a boolean`);
    }
  }
  return parsed as Readonly<Record<string, unknown>>;
}
