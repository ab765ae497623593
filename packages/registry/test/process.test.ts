/** The registry as a real process, killed and started again. Uses what `npm run build` made. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RegistryPeer } from './registry-peer';
import { StandInNodes } from './stand-in-nodes';

const MAIN = join(__dirname, '../dist/main.js');

let folder: string;
let children: ChildProcess[];
beforeAll(() => {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: npm run build makes it`);
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-registry-'));
  children = [];
});
afterEach(async () => {
  for (const child of children)
    if (child.exitCode === null && child.signalCode === null) await end(child, 'SIGKILL');
  await rm(folder, { recursive: true });
});

function run(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  return child;
}

/** Starts it and waits for its line. */
async function start(): Promise<{ child: ChildProcess; address: string; line: string }> {
  const child = run(['--port', '0', '--log-level', 'error']);
  let said = '';
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    said += chunk.toString();
    const ready = /registry ready on (\S+) .*\n/.exec(said);
    if (ready) return { child, address: ready[1] as string, line: said };
  }
  throw new Error(`the registry ended: ${said}`);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

async function failure(args: readonly string[], env?: Record<string, string>, code = 1): Promise<string> {
  const child = run(args, env);
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(child, 'close');
  expect(child.exitCode).toBe(code);
  return said;
}

describe('the registry process', () => {
  test('what it answered survives kill -9, whatever it was doing', async () => {
    const known = new Map<bigint, string>();
    const nodes = new StandInNodes(0n);
    for (let round = 0; round < 3; round++) {
      const { child, address } = await start();
      const peer = new RegistryPeer(address);
      const watcher = peer.watch();
      const ring = await watcher.when(({ version }) => version > 0);
      for (const [id, addr] of known) {
        expect(ring.members.find((member) => member.id === id)?.addr).toBe(addr);
      }
      const addresses = await Promise.all(Array.from({ length: 60 }, () => nodes.listen()));
      const asked = addresses.map(async (addr) => {
        const { id } = await peer.register(addr);
        known.set(id, addr);
      });
      // Some are answered, some are under way, some have not begun.
      const settled = Promise.allSettled(asked);
      await Promise.race([Promise.any(asked.slice(15)), settled]);
      await end(child, 'SIGKILL');
      await settled;
      peer.close();
    }
    nodes.close();
    expect(known.size).toBeGreaterThan(10);
  });

  test('SIGTERM stops it in order with exit code 0, and its folder is free', async () => {
    const first = await start();
    await end(first.child, 'SIGTERM');
    expect(first.child.exitCode).toBe(0);
    const second = await start();
    expect(second.line.split('cluster ')[1]).toBe(first.line.split('cluster ')[1]);
    await end(second.child, 'SIGINT');
    expect(second.child.exitCode).toBe(0);
  });

  test('a second one on the same folder says who uses it', async () => {
    const { child } = await start();
    const said = await failure(['--port', '0']);
    expect(said).toContain(`is in use by another process (a registry, process ${child.pid})`);
  });

  test('bad options are errors that name flag and variable', async () => {
    expect(await failure(['--prot', '1'], {}, 2)).toContain("unknown option '--prot'");
    expect(await failure([], { REGISTRY_PORT: 'x' }, 2)).toContain('--port (REGISTRY_PORT) must be a port');
    expect(await failure(['--lease', '1ms'], {}, 2)).toContain(
      '--lease (LEASE) must be a duration from 50ms to 1m',
    );
    expect(await failure(['--params', 'absent.json'], {}, 2)).toContain('cannot read absent.json');
  });
});
