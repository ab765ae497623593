/**
 * The prompt: one command a line, over one connection, until the end of the input.
 *
 * On a terminal it has history, completion, and Ctrl-C for the running command. From a pipe it runs the lines as they
 * come, and its exit code is that of the last line that failed. When the terminal is gone, it ends. When the reader of
 * a pipe is gone, it goes on, because later lines may be writes.
 */

import { createInterface, type Interface } from 'node:readline';
import { HelpShown, type OutputLoss } from '@ringkeep/process/command-line';
import { readCommandLine } from '../command-line';
import { guarded, runCommand, type Terminal } from '../command-runner';
import type { FormOptions } from '../config';
import { ExitCode } from '../failure';
import type { RingAccess } from '../ring-access';
import { complete } from './completion';
import { HISTORY_LINES_MAX, historyPath, readHistory, writeHistory } from './history';
import { splitWords } from './words';

const GREETING = 'Type help for the commands, Ctrl-D to leave.\n';

export class Prompt {
  private readonly onTerminal: boolean;
  private running: AbortController | undefined;

  constructor(
    private readonly terminal: Terminal,
    private readonly ring: RingAccess,
    /** The form that was asked for on the shell's command line; a line may add to it. */
    private readonly form: FormOptions,
    private readonly signal: AbortSignal,
    private readonly loss: OutputLoss,
  ) {
    this.onTerminal = 'isTTY' in terminal.stdin && terminal.stdin.isTTY === true;
  }

  async run(): Promise<ExitCode> {
    const lines = await this.open();
    let code: ExitCode = ExitCode.Ok;
    const end = (): void => {
      this.running?.abort(this.signal.reason);
      lines.close();
    };
    this.signal.addEventListener('abort', end, { once: true });
    if (this.onTerminal) this.loss.signal.addEventListener('abort', () => lines.close(), { once: true });
    let open = this.onTerminal;
    lines.once('close', () => (open = false));
    if (open) {
      this.terminal.stdout.write(GREETING);
      lines.prompt();
    }
    for await (const line of lines) {
      if (['exit', 'quit'].includes(line.trim())) break;
      const result = await this.runLine(line);
      if (result !== ExitCode.Ok) code = result;
      if (open) lines.prompt();
    }
    lines.close();
    this.signal.removeEventListener('abort', end);
    if (!this.onTerminal) return code;
    this.terminal.stdout.write('\n');
    return ExitCode.Ok;
  }

  private async open(): Promise<Interface> {
    const { stdin: input, stdout: output } = this.terminal;
    if (!this.onTerminal) return createInterface({ input, crlfDelay: Infinity, prompt: '' });
    const path = historyPath(this.terminal.env);
    const lines = createInterface({
      input,
      output,
      prompt: 'ringkeep> ',
      completer: complete,
      history: await readHistory(path),
      historySize: HISTORY_LINES_MAX,
      removeHistoryDuplicates: true,
    });
    // A history that cannot be kept is no reason to stop.
    lines.on('history', (history) => void writeHistory(path, history).catch(() => undefined));
    lines.on('SIGINT', () => this.interrupted(lines));
    return lines;
  }

  private interrupted(lines: Interface): void {
    if (this.running !== undefined) {
      this.running.abort(new Error('interrupted'));
      return;
    }
    this.terminal.stdout.write('\n');
    lines.write(null, { ctrl: true, name: 'e' });
    lines.write(null, { ctrl: true, name: 'u' });
    lines.prompt();
  }

  private runLine(line: string): Promise<ExitCode> {
    return guarded(this.terminal, async () => {
      const words = splitWords(line);
      if (words.length === 0 || words[0]?.startsWith('#')) return ExitCode.Ok;
      const read = readCommandLine(words, {
        env: this.terminal.env,
        place: 'prompt',
        writeHelp: (text) => this.terminal.stdout.write(text),
      });
      if (read.command === undefined) throw new HelpShown();
      this.running = new AbortController();
      try {
        const form = {
          encoding: read.form.encoding === 'text' ? this.form.encoding : read.form.encoding,
          json: read.form.json || this.form.json,
        };
        const { signal } = this.running;
        return await runCommand(read.command, form, this.ring, this.terminal, signal, 'prompt');
      } finally {
        this.running = undefined;
      }
    });
  }
}
