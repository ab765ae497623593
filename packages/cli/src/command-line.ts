/**
 * Reads a command line, of the shell or of the prompt, and says which command it is and with which options.
 *
 * It only parses. Commands run later, with everything they need at hand.
 */

import { Command } from 'commander';
import { quoted } from '@ringkeep/shared';
import {
  HelpShown,
  commandFault,
  declareOptions,
  packageVersion,
  quiet,
  readOptions,
} from '@ringkeep/process/command-line';
import { PLAIN_NAME, type CalledAs } from './called-as';
import { COMMANDS, type CommandSpec } from './commands';
import {
  declareShared,
  readConnection,
  readForm,
  type ConnectionOptions,
  type Environment,
  type FormOptions,
} from './config';
import { UsageError, checked } from './failure';

export interface CommandLine {
  /** Absent: nothing but options was given. */
  readonly command: ChosenCommand | undefined;
  readonly form: FormOptions;
  /** Absent in a line of the prompt. */
  readonly connection: ConnectionOptions | undefined;
}

export interface ChosenCommand {
  readonly spec: CommandSpec;
  readonly operands: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
}

export interface CommandLineSources {
  readonly env: Environment;
  readonly place: 'shell' | 'prompt';
  readonly calledAs?: CalledAs;
  /** Where --help goes. */
  readonly writeHelp: (text: string) => void;
}

const EXIT_CODES =
  'Exit codes: 0 done, 1 error, 2 usage, 3 key not present or not as expected, 4 ring degraded, 5 ring unavailable, 6 done but the answer could not be written.';

/** Throws a UsageError, or HelpShown after it has written what was asked for. */
export function readCommandLine(args: readonly string[], sources: CommandLineSources): CommandLine {
  const inShell = sources.place === 'shell';
  const { name, others = [] } = sources.calledAs ?? PLAIN_NAME;
  const root = new Command(name);
  root.description('Reads and writes a ring. Without a command it opens a prompt.');
  root.configureHelp({ showGlobalOptions: true });
  root.addHelpText('after', `${listed(name, others)}\n${EXIT_CODES}`);
  quiet(root);
  root.configureOutput({ writeOut: sources.writeHelp });
  declareShared(root, inShell);
  let chosen: { readonly spec: CommandSpec; readonly command: Command } | undefined;
  for (const spec of COMMANDS) declare(root, name, spec, (command) => (chosen = { spec, command }));
  if (inShell) root.version(packageVersion(__dirname), '--version', 'print the version');
  root.helpCommand('help [command]', 'show this, or the help of a command');
  root.allowExcessArguments(true).action(() => undefined);
  try {
    root.parse([...args], { from: 'user' });
  } catch (error) {
    const fault = commandFault(error);
    throw fault instanceof HelpShown ? fault : new UsageError(fault.message);
  }
  if (chosen === undefined && root.args.length > 0) {
    throw unknownCommand(root.args[0] as string, others);
  }
  return {
    command: chosen && choiceOf(chosen.spec, chosen.command, sources.env),
    form: readForm(root, sources.env),
    connection: inShell ? readConnection(root, sources.env) : undefined,
  };
}

function declare(root: Command, name: string, spec: CommandSpec, chosen: (command: Command) => void): void {
  const command = root.command(spec.name).description(spec.text).allowExcessArguments(false);
  for (const operand of spec.operands) command.argument(operand.name, operand.text);
  declareOptions(command, spec.options);
  if (spec.examples.length > 0) {
    const examples = spec.examples.map((example) => `  ${name} ${example}`);
    command.addHelpText('after', `\nExamples:\n${examples.join('\n')}`);
  }
  command.action(() => chosen(command));
}

/** The other commands of the program, as the help lists its own. */
function listed(name: string, others: Required<CalledAs>['others']): string {
  const lines = others.map((other) => `  ${`${name} ${other.name}`.padEnd(28)} ${other.text}`);
  return lines.length === 0 ? '' : `\nServers:\n${lines.join('\n')}\n`;
}

function choiceOf(spec: CommandSpec, command: Command, env: Environment): ChosenCommand {
  const options = checked(() => readOptions(command, spec.options, { env }));
  return { spec, operands: command.args, options };
}

function unknownCommand(name: string, others: Required<CalledAs>['others']): UsageError {
  const names = [...others, ...COMMANDS].map((command) => command.name).concat('help');
  const meant = suggestionFor(name, names);
  return new UsageError(`unknown command ${quoted(name)}${meant}; the commands are ${names.join(', ')}`);
}

/** What commander says to somebody who misspells a command, where the command is not needed. */
function suggestionFor(name: string, names: readonly string[]): string {
  const root = new Command();
  quiet(root);
  for (const each of names) quiet(root.command(each));
  try {
    root.parse([name], { from: 'user' });
  } catch (error) {
    const [, meant] = /\(Did you mean (?:one of )?([^)]*?)\??\)/.exec((error as Error).message) ?? [];
    if (meant !== undefined) return `; did you mean ${meant}`;
  }
  return '';
}
