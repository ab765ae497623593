/** The built command line as a real process whose output is not taken; needs `npm run build`. */

import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { FakeRing } from '../../client/test/fake-ring';

const MAIN = join(__dirname, '..', 'dist', 'main.js');
const RECORDS = Array.from({ length: 500 }, (_, id) => `{"id":${id}}\n`).join('');
let ring: FakeRing;
/** Writing to it fails with an error other than EPIPE, as on a full disk. */
let readOnly: number;

beforeEach(async () => {
  ring = await FakeRing.start({ nodes: 1 });
  readOnly = openSync(__filename, 'r');
});

afterEach(() => {
  closeSync(readOnly);
  ring.stop();
});

interface CommandOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What is closed has lost its reader before the process gets its input. */
async function run(
  args: readonly string[],
  input: string,
  [out, err]: readonly ('read' | 'closed' | 'refused')[],
): Promise<CommandOutcome> {
  const kind = (how: string | undefined): 'pipe' | number => (how === 'refused' ? readOnly : 'pipe');
  const stdio: StdioOptions = ['pipe', kind(out), kind(err)];
  const env = { ...process.env, NODE_ADDRESS: ring.node(0).address };
  const child: ChildProcess = spawn(process.execPath, [MAIN, ...args], { env, stdio });
  const exit = new Promise<number>((resolve) => child.on('exit', (code) => resolve(code ?? -1)));
  if (out === 'closed') child.stdout?.destroy();
  if (err === 'closed') child.stderr?.destroy();
  child.stdin?.end(input);
  const said = (stream: ChildProcess['stdout'], how: string | undefined): Promise<string> | string =>
    how === 'read' && stream !== null ? text(stream) : '';
  const [code, stdout, stderr] = await Promise.all([exit, said(child.stdout, out), said(child.stderr, err)]);
  return { code, stdout, stderr };
}

const keysHeld = (): number => ring.node(0).entries.size;

test.each([
  ['closed', 'closed', 0],
  ['read', 'closed', 0],
  ['read', 'refused', 0],
  ['closed', 'read', 0],
  ['refused', 'read', 6],
  ['refused', 'refused', 6],
] as const)(
  'load stores all records when stdout is %s and stderr %s, and ends with %i',
  async (out, err, code) => {
    const outcome = await run(['load', '-', '--key', 'id'], RECORDS, [out, err]);
    expect(outcome.code).toBe(code);
    expect(keysHeld()).toBe(500);
    if (out === 'read') expect(outcome.stdout).toMatch(/^records +500\nloaded +500$/m);
    if (out === 'refused' && err === 'read') {
      expect(outcome.stderr).toContain('error: the answer could not be written: EBADF');
    }
  },
);

test('a key that is not present is told by the exit code, whatever becomes of the words', async () => {
  for (const how of ['closed', 'refused', 'read'] as const) {
    expect((await run(['get', 'absent'], '', ['read', how])).code).toBe(3);
    expect((await run(['get', 'absent', '--json'], '', [how, how])).code).toBe(3);
    expect((await run(['get', 'a', 'b'], '', ['read', how])).code).toBe(2);
  }
});

test('a value that was asked for and lost is no success, one that its reader did not want is', async () => {
  await run(['set', 'city', 'Porto'], '', ['read', 'read']);
  expect(await run(['get', 'city'], '', ['refused', 'read'])).toMatchObject({ code: 6 });
  expect(await run(['get', 'city'], '', ['closed', 'read'])).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(await run(['--help'], '', ['refused', 'closed'])).toMatchObject({ code: 6 });
});

test('the lines of a pipe are all run when nobody reads the answers', async () => {
  const lines = 'set a 1\nget a\nget none\nset b 2\ndelete a\nset c 3\n';
  const outcome = await run([], lines, ['closed', 'closed']);
  expect(outcome.code).toBe(3);
  expect(keysHeld()).toBe(2);
});
