/** A server of another project, or our own echo server: found, started, asked until it answers, and reliably ended. */

import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { compiled } from '@ringkeep/local-ring';
import { NotInstalled } from './system';

const KEEPER = compiled('packages/bench/dist/systems/keeper.js');
const READY_MS = 20_000;
const POLL_MS = 20;
const STOP_MS = 10_000;
/** Its last output, for the message when it fails. */
const SAID_MAX = 4_000;

export class KeptProcess {
  private said = '';
  private ended = false;
  private readonly exited: Promise<void>;

  private constructor(
    private readonly keeper: ChildProcess,
    private readonly name: string,
    readonly pid: number,
  ) {
    for (const stream of [keeper.stdout, keeper.stderr]) {
      stream?.on('data', (chunk: Buffer) => (this.said = (this.said + chunk.toString()).slice(-SAID_MAX)));
    }
    this.exited = new Promise((resolve) => {
      keeper.on('exit', () => {
        this.ended = true;
        resolve();
      });
    });
  }

  static async start(command: string, args: readonly string[]): Promise<KeptProcess> {
    const keeper = fork(KEEPER, [command, ...args], {
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A process group of its own, so that Ctrl-C reaches the benchmark only.
      detached: true,
    });
    const pid = await new Promise<number>((resolve, reject) => {
      keeper.once('message', (message: { pid: number }) => resolve(message.pid));
      keeper.once('exit', () => reject(new Error(`${command} cannot be started`)));
    });
    return new KeptProcess(keeper, command, pid);
  }

  /** Waits until it accepts connections. */
  async listens(port: number): Promise<void> {
    const deadline = performance.now() + READY_MS;
    while (!(await accepts(port))) {
      if (this.ended) throw new Error(`${this.name} has ended:\n${this.said}`);
      if (performance.now() > deadline) throw new Error(`${this.name} does not listen:\n${this.said}`);
      await pause(POLL_MS);
    }
  }

  async stop(): Promise<void> {
    if (!this.ended) this.keeper.kill('SIGTERM');
    const late = setTimeout(() => this.keeper.disconnect(), STOP_MS);
    await this.exited;
    clearTimeout(late);
  }
}

/** The first line of what a server says of its version. Throws NotInstalled. */
export function versionOf(command: string, debianPackage: string): string {
  const { error, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  if (error) {
    throw new NotInstalled(`${command} is not installed (Debian: apt-get install ${debianPackage})`);
  }
  return (/\d+\.\d+\.\d+/.exec(stdout) ?? ['?'])[0];
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
