/**
 * Registries and nodes as processes of their own, for the scripts and tests of this project. They are started at once,
 * are ready when they say so, and are stopped in order.
 */

import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

/** The same distance from the compiled code as from this file itself, which tests run. */
export const PROJECT_ROOT = join(__dirname, '../../..');
const MAIN = {
  registry: 'packages/registry/dist/main.js',
  node: 'packages/dht-node/dist/main.js',
} as const;

/** What Node.js is given to run a registry or a node: the file, and the arguments before its own. */
export type Programs = Readonly<Record<keyof typeof MAIN, readonly [file: string, ...args: string[]]>>;

/** Lines of a process's last output that are kept for the message when it fails. */
const LINES_KEPT = 20;

/** Of a compiled program or module, for a process of its own: tests run the sources, and so cannot name it beside themselves. */
export function compiled(path: string): string {
  return join(PROJECT_ROOT, path);
}

export interface ProcessOptions {
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Also appends its output to a file. */
  readonly logFile?: string;
  /** A built checkout of another version, to be run instead of this one. */
  readonly checkout?: string;
  /** Where the programs are, if there is no checkout: in an installed package. */
  readonly programs?: Programs;
}

export class RingProcess {
  private readonly lines: string[] = [];
  /** Resolves with the first line on stdout, which says that it is ready. */
  readonly ready: Promise<string>;
  readonly exited: Promise<number | NodeJS.Signals>;
  private ended = false;
  private dismissed = false;

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
    logFile: string | undefined,
  ) {
    const log = logFile === undefined ? undefined : createWriteStream(logFile, { flags: 'a' });
    this.exited = new Promise((resolve) => {
      child.on('close', () => log?.end());
      child.on('exit', (code, signal) => {
        this.ended = true;
        resolve(code ?? signal ?? 1);
      });
    });
    const keep = (line: string): void => {
      this.lines.push(line);
      if (this.lines.length > LINES_KEPT) this.lines.shift();
      log?.write(`${line}\n`);
    };
    this.ready = new Promise((resolve, reject) => {
      child.on('error', reject);
      if (child.stdout) {
        createInterface({ input: child.stdout }).on('line', (line) => {
          if (/ ready on /.test(line)) resolve(line);
          keep(line);
        });
      }
      if (child.stderr) createInterface({ input: child.stderr }).on('line', keep);
      void this.exited.then((code) =>
        reject(new Error(`${name} ended with ${code}:\n${this.lines.join('\n')}`)),
      );
    });
    this.ready.catch(() => undefined);
  }

  /** Starts a registry or a node. */
  static start(
    kind: keyof typeof MAIN,
    args: readonly string[],
    { env, logFile, checkout = PROJECT_ROOT, programs }: ProcessOptions = {},
  ): RingProcess {
    const program = programs?.[kind] ?? [join(checkout, MAIN[kind])];
    const child = spawn(process.execPath, [...program, ...args], {
      // A process group of its own: Ctrl-C reaches this process only, which then stops the others in order.
      detached: true,
      // The channel tells it when this process is gone, were it by SIGKILL: then it stops by itself.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { LOG_LEVEL: 'info', ...process.env, ...env },
    });
    return new RingProcess(kind === 'registry' ? 'the registry' : `the node ${args[0]}`, child, logFile);
  }

  get pid(): number {
    return this.child.pid as number;
  }

  get running(): boolean {
    return !this.ended;
  }

  /** It has ended, or is about to, because it was asked to or was killed from here. */
  get expectedToEnd(): boolean {
    return this.dismissed;
  }

  /** What it said last, oldest first. */
  get lastLines(): readonly string[] {
    return this.lines;
  }

  /** From now on it may end by itself. */
  expectEnd(): void {
    this.dismissed = true;
  }

  /** Sends it a message over the channel to its parent. */
  send(message: object): void {
    if (!this.ended && this.child.connected) this.child.send(message, () => undefined);
  }

  signal(signal: NodeJS.Signals): void {
    if (signal === 'SIGKILL' || signal === 'SIGTERM') this.dismissed = true;
    if (!this.ended) this.child.kill(signal);
  }

  /** Asks it to stop, waits, and ends it by force when that takes too long. */
  async stop(withinMs = 30_000): Promise<number | NodeJS.Signals> {
    this.signal('SIGTERM');
    const force = setTimeout(() => this.signal('SIGKILL'), withinMs);
    const code = await this.exited;
    clearTimeout(force);
    return code;
  }
}
