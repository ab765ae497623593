/** A program of examples/ as a process: what it prints, and how it ends. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const EXAMPLES = join(__dirname, '../../examples');

export class ExampleProgram {
  output = '';
  private readonly process: ChildProcess;
  private readonly over: Promise<unknown>;
  private waiting: (() => void)[] = [];

  constructor(file: string, args: readonly string[]) {
    const interpreter = file.endsWith('.sh') ? 'sh' : process.execPath;
    this.process = spawn(interpreter, [join(EXAMPLES, file), ...args], { stdio: 'pipe' });
    this.over = once(this.process, 'close').then(() => this.look());
    for (const stream of [this.process.stdout, this.process.stderr])
      stream?.on('data', (bytes: Buffer) => {
        this.output += bytes.toString();
        this.look();
      });
  }

  /** Waits until it has printed that. Throws when it ends before. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output);
      if (found) return found;
      if (this.process.exitCode !== null || this.process.signalCode !== null)
        throw new Error(`it ended without printing ${String(pattern)}: ${this.output}`);
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** @returns its exit code, or null if the signal ended it */
  async end(signal?: NodeJS.Signals): Promise<number | null> {
    if (signal !== undefined) this.process.kill(signal);
    await this.over;
    return this.process.exitCode;
  }

  private look(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}
