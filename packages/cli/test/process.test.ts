/** The built command line as a real process; needs `npm run build`. */

import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { existsSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { FakeRing } from '../../client/test/fake-ring';

const MAIN = join(__dirname, '..', 'dist', 'main.js');
let ring: FakeRing;

beforeAll(async () => {
  if (!existsSync(MAIN)) throw new Error(`${MAIN} is missing: npm run build makes it`);
  ring = await FakeRing.start({ nodes: 2 });
});

afterAll(() => ring.stop());

function start(args: readonly string[]): ChildProcessWithoutNullStreams {
  const env = { ...process.env, NODE_ADDRESS: ring.node(0).address };
  return spawn(process.execPath, [MAIN, ...args], { env });
}

async function run(
  args: readonly string[],
  input = '',
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = start(args);
  child.stdin.end(input);
  const exit = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)));
  const [code, stdout, stderr] = await Promise.all([exit, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

test('a process stores, reads, misses and misuses with its exit codes', async () => {
  const outcomes = [];
  for (const args of [['set', 'city', 'Porto'], ['get', 'city'], ['get', 'none'], ['get']]) {
    const { code, stdout } = await run(args);
    outcomes.push([code, stdout]);
  }
  expect(outcomes).toEqual([
    [0, 'stored\n'],
    [0, 'Porto\n'],
    [3, ''],
    [2, ''],
  ]);
});

test('arguments that are not UTF-8 are refused with a hint', async () => {
  const command = `exec "$0" "$1" get "$(printf '\\377')"`;
  const env = { ...process.env, NODE_ADDRESS: ring.node(0).address };
  const outcome = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
    execFile('sh', ['-c', command, process.execPath, MAIN], { env }, (error, _stdout, stderr) =>
      resolve({ code: error?.code, stderr }),
    );
  });
  expect(outcome.code).toBe(2);
  expect(outcome.stderr).toContain('--hex');
});

test('a pipe of lines and a file on stdin run to their end', async () => {
  expect(await run([], 'set a 1\nget a\n')).toEqual({ code: 0, stdout: 'stored\n1\n', stderr: '' });
  const loaded = await run(['load', '-', '--json'], '{"b": "2", "c": "3"}');
  expect(loaded.code).toBe(0);
  expect(JSON.parse(loaded.stdout)).toMatchObject({ loaded: 2, failed: 0 });
});

test('an interrupt ends a command that waits', async () => {
  ring.node(0).silent = true;
  ring.node(1).silent = true;
  const child = start(['get', 'city']);
  const exit = new Promise<number | null>((resolve) => child.on('close', resolve));
  const before = ring.node(0).operations + ring.node(1).operations;
  while (child.exitCode === null && ring.node(0).operations + ring.node(1).operations === before) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  child.kill('SIGINT');
  expect(await exit).toBe(1);
});
