/** The programs for people, as real processes whose output nobody takes; needs `npm run build`. */

import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { compiled } from '@ringkeep/local-ring';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'ringkeep-output-'))));
afterEach(() => rm(folder, { recursive: true }));

const GET =
  '{"client":1,"key":"city","op":"get","value":null,"callMs":1,"returnMs":2,"outcome":"ok"}\n' +
  '{"client":1,"key":"city","op":"get","value":"Porto","callMs":3,"returnMs":4,"outcome":"ok"}\n';

/** The reader of its standard output is gone before it says anything. */
async function unread(program: string, args: readonly string[]): Promise<{ code: number; stderr: string }> {
  const child = spawn(process.execPath, [compiled(program), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  const exit = new Promise<number>((resolve) => child.on('exit', (code) => resolve(code ?? -1)));
  const [code, stderr] = await Promise.all([exit, text(child.stderr)]);
  return { code, stderr };
}

test('a simulation whose output nobody reads ends with its own verdict', async () => {
  const { code, stderr } = await unread('packages/simulator/dist/main.js', ['--seed', '1', '--trace']);
  expect({ code, unhandled: stderr.includes('EPIPE') }).toEqual({ code: 0, unhandled: false });
});

test('a judged history whose verdict nobody reads still ends with it', async () => {
  const history = join(folder, 'history.jsonl');
  await writeFile(history, GET);
  const { code, stderr } = await unread('packages/checker/dist/main.js', [history]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
});

test('an experiment of the routing laboratory that nobody reads writes its figures', async () => {
  const args = ['--experiment', 'picture', '--out', folder];
  const { code, stderr } = await unread('packages/routing/dist/lab/main.js', args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});
