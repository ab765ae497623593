/** A ring by the installed `ringkeep start`, in a folder of its own; and every other installed command at it. */

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort, freeRow } from '@ringkeep/local-ring';
import type { Installation } from './installation';
import { environmentOf, run, type Place } from './run';

const NODES = 1;
const LOOK_FROM = 24_000;
const SERVER_READY = / ready on /;
const RING_UP = /^The ring is up/;

/** A program of the installation that runs until it is told to stop. */
class InstalledServer {
  private constructor(
    private readonly child: ChildProcess,
    readonly lines: readonly string[],
  ) {}

  /** Resolves when it prints a line that says that it is ready. */
  static async start(command: string, args: readonly string[], place: Place, ready: RegExp) {
    const child = spawn(command, args, {
      cwd: place.cwd,
      env: environmentOf(place),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const lines: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const keep = (line: string): void => {
        lines.push(line);
        if (ready.test(line)) resolve();
      };
      createInterface({ input: child.stdout }).on('line', keep);
      createInterface({ input: child.stderr }).on('line', keep);
      child.on('error', reject);
      child.on('exit', (code) =>
        reject(new Error(`${args.join(' ')} ended with ${code}:\n${lines.join('\n')}`)),
      );
    });
    return new InstalledServer(child, lines);
  }

  /** Throws when it does not end with 0. */
  async stop(): Promise<void> {
    const { exitCode } = this.child;
    const code =
      exitCode ??
      (await new Promise<number | NodeJS.Signals | null>((resolve) => {
        this.child.on('exit', (exit, signal) => resolve(exit ?? signal));
        this.child.kill('SIGTERM');
      }));
    if (code !== 0) throw new Error(`a server ended with ${String(code)}:\n${this.lines.join('\n')}`);
  }
}

export interface TrialRing {
  readonly registryAddress: string;
  readonly nodeAddress: string;
  readonly nodePort: number;
  /** What it printed until it was up. */
  readonly lines: readonly string[];
  readonly place: Place;
  stop(): Promise<void>;
}

export async function startTrialRing(installation: Installation, node?: string): Promise<TrialRing> {
  const cwd = join(installation.folder, `trial-${await freePort()}`);
  await mkdir(cwd);
  const place: Place = node === undefined ? { cwd } : { cwd, node };
  const { first } = await freeRow(undefined, LOOK_FROM, NODES + 1, '--base-port');
  const args = ['start', '--empty', '--nodes', String(NODES), '--base-port', String(first)];
  const command = join(installation.commands, 'ringkeep');
  const server = await InstalledServer.start(command, args, place, RING_UP);
  return {
    registryAddress: `127.0.0.1:${first}`,
    nodeAddress: `127.0.0.1:${first + 1}`,
    nodePort: first + 1,
    lines: server.lines,
    place,
    stop: () => server.stop(),
  };
}

/** Runs each part of the installed program at a ring, and says what differs from what it must say. */
export async function commandFaults(installation: Installation, ring: TrialRing): Promise<string[]> {
  const ringkeep = join(installation.commands, 'ringkeep');
  const { nodeAddress, registryAddress, place } = ring;
  const at = ['--node', nodeAddress];
  const faults: string[] = [];
  const tryCommand = async (args: readonly string[], says: RegExp): Promise<void> => {
    const said = await run(ringkeep, args, place).catch((error: Error) => error.message);
    if (!says.test(said)) faults.push(`ringkeep ${args.join(' ')} said: ${said}`);
  };
  const tryServer = async (args: readonly string[]): Promise<void> => {
    const end = InstalledServer.start(ringkeep, args, place, SERVER_READY).then((server) => server.stop());
    await end.catch((error: Error) => faults.push(error.message));
  };
  await tryCommand([...at, 'set', 'greeting', 'hello'], /^stored/);
  await Promise.all([
    tryCommand(['--version'], /^\d+\.\d+\.\d+/),
    tryCommand(['--help'], /ringkeep start/),
    tryCommand([...at, 'get', 'greeting'], /^hello$/m),
    tryCommand(['cli', ...at, 'get', 'greeting'], /^hello$/m),
    tryServer(['registry', '--port', String(await freePort()), '--data-dir', 'other-registry']),
  ]);
  await tryCommand([...at, 'ring'], /healthy/);
  const port = String(await freePort());
  await tryServer(['node', port, '--registry', registryAddress, '--data-dir', 'other-node']);
  return faults;
}
