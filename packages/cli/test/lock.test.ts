/** The command `lock` at a ring of a real node in this process. */

import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RingNode } from '@ringkeep/dht-node';
import { startRegistry, type RunningRegistry } from '@ringkeep/registry';
import { run, type CommandOutcome } from './terminal';

let registry: RunningRegistry;
let node: RingNode;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-lock-'));
  registry = await startRegistry({ port: 0, parameters: { replicationFactor: 1 } });
  node = await RingNode.start({ port: 0, storage: 'memory', registry: registry.address });
});
afterAll(async () => {
  await node.stop();
  await registry.stop();
  await rm(folder, { recursive: true, force: true });
});

const cli = (...args: string[]): Promise<CommandOutcome> => run(['--node', node.address, ...args]);
/** A program that leaves its token in a file, and ends with a code. */
const program = (file: string, code = 0): string[] => [
  process.execPath,
  '-e',
  `require('fs').writeFileSync(${JSON.stringify(join(folder, file))}, process.env.RINGKEEP_LOCK_TOKEN); process.exit(${code})`,
];
const tokenIn = async (file: string): Promise<number> => Number(await readFile(join(folder, file), 'utf8'));

test('the program runs with a token that grows, and its exit code is the command’s', async () => {
  expect((await cli('lock', 'deploy', '--', ...program('first'))).code).toBe(0);
  expect((await cli('lock', 'deploy', '--', ...program('second', 7))).code).toBe(7);
  expect(await tokenIn('second')).toBeGreaterThan(await tokenIn('first'));
  expect(await node.get('deploy')).toBeUndefined();
});

test('nothing runs while somebody else has the lock', async () => {
  await node.set('taken', 'somebody');
  const outcome = await cli('lock', 'taken', '--within', '0s', '--', ...program('never'));
  expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining('somebody else’s') });
  await expect(tokenIn('never')).rejects.toThrow('ENOENT');
});

test('a program that is not there is an error, and the lock is free again', async () => {
  const outcome = await cli('lock', 'free', '--', join(folder, 'no such program'));
  expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining('ENOENT') });
  expect(await node.get('free')).toBeUndefined();
});
