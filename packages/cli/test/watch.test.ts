/** The command `watch` at a ring of real nodes in this process. */

import { RingNode } from '@ringkeep/dht-node';
import { startRegistry, type RunningRegistry } from '@ringkeep/registry';
import { run, type CommandOutcome } from './terminal';

let registry: RunningRegistry;
let node: RingNode;

beforeAll(async () => {
  registry = await startRegistry({ port: 0, parameters: { replicationFactor: 1 } });
  node = await RingNode.start({ port: 0, storage: 'memory', registry: registry.address });
});
afterAll(async () => {
  await node.stop();
  await registry.stop();
});

const cli = (...args: string[]): Promise<CommandOutcome> => run(['--node', node.address, ...args]);

/** Changes a key until the command has seen enough: when it has begun, nobody can tell from outside. */
async function whileChanging(key: string, command: Promise<CommandOutcome>): Promise<CommandOutcome> {
  let over = false;
  void command.finally(() => (over = true));
  for (let i = 0; !over; i++) {
    await node.set(key, String(i));
    await node.delete(key);
  }
  return command;
}

test('changes are printed as they come, with a place to go on from', async () => {
  const first = await whileChanging('user:1', cli('watch', '--prefix', 'user:', '--count', '2'));
  expect(first.code).toBe(0);
  expect(first.stdout).toMatch(/^(put\tuser:1\t\d+\ndelete\tuser:1\n|delete\tuser:1\nput\tuser:1\t\d+\n)$/);
  const [, cursor = ''] = /^go on with --since (.*)$/m.exec(first.stderr) ?? [];
  await node.set('user:2', 'x');
  const next = await cli('watch', '--json', '--prefix', 'user:', '--count', '1', '--since', cursor);
  expect(JSON.parse(next.stdout)).toMatchObject({ kind: expect.any(String), version: expect.any(Number) });
});

test('of a key nothing else is printed', async () => {
  const { stdout } = await whileChanging('k', cli('watch', '--key', 'k', '--count', '3'));
  expect(stdout.trimEnd().split('\n')).toHaveLength(3);
});

test('what is lost is said to be lost, or read anew with --resync', async () => {
  await node.set('mirror:1', 'x');
  const { stderr } = await whileChanging('mirror:2', cli('watch', '--prefix', 'mirror:', '--count', '1'));
  const [, cursor = ''] = /^go on with --since (.*)$/m.exec(stderr) ?? [];
  const since = cursor.replace(/^[^/]*/, 'of-another-ring');
  const watched = ['watch', '--prefix', 'mirror:', '--count', '1', '--since', since];
  const lost = await whileChanging('mirror:2', cli(...watched));
  expect(lost.stderr).toMatch(/changes between \w{16} and \w{16} are lost/);
  const anew = await cli(...watched, '--resync');
  expect(anew.stderr).toMatch(/what is between \w{16} and \w{16} is told anew/);
  expect(anew.stdout).toMatch(/^entry\tmirror:1\tx\n$/);
});

test('what cannot be watched is said before anything is tried', async () => {
  expect(await cli('watch', '--key', 'a', '--tag', 'b')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('give one of --key, --prefix and --tag'),
  });
  expect(await cli('watch', '--since', 'nonsense')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('not the cursor of a watch'),
  });
});
