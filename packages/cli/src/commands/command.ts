/** What a command is: data for the parser and the help, and what it does. */

import type { Readable } from 'node:stream';
import type { OptionSpecs } from '@ringkeep/process/command-line';
import type { Encoding } from '../encoding';
import type { ExitCode } from '../failure';
import type { Output } from '../output';
import type { RingAccess } from '../ring-access';

export interface CommandContext {
  readonly ring: RingAccess;
  readonly output: Output;
  readonly encoding: Encoding;
  readonly stdin: Readable;
  /** In the prompt, stdin is what it reads its lines from. */
  readonly place: 'shell' | 'prompt';
  /** Aborted when the user gives up. */
  readonly signal: AbortSignal;
}

export interface Operand {
  /** In the parser's form: `<key>` is needed, `[address]` is not. */
  readonly name: string;
  readonly text: string;
}

export interface CommandSpec {
  readonly name: string;
  readonly text: string;
  readonly operands: readonly Operand[];
  readonly options: OptionSpecs;
  /** Printed at the end of the command's help. */
  readonly examples: readonly string[];
  run(
    context: CommandContext,
    operands: readonly string[],
    options: Readonly<Record<string, unknown>>,
  ): Promise<ExitCode>;
}
