/** The programs of examples/, each run as a user runs it, against a ring of two nodes. */

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RingNode } from '@ringkeep/dht-node';
import { startRegistry, type RunningRegistry } from '@ringkeep/registry';
import { printedBy } from '../samples/printed-by';
import { ExampleProgram } from './example-program';

const EXAMPLES = join(__dirname, '../../examples');

let registry: RunningRegistry;
const nodes: RingNode[] = [];
let programs: ExampleProgram[] = [];

beforeAll(async () => {
  registry = await startRegistry({ port: 0, parameters: { clockSkewMs: 200 } });
  for (let i = 0; i < 2; i++) {
    const redis = { host: '127.0.0.1', port: 0, allowFlush: false };
    nodes.push(await RingNode.start({ port: 0, storage: 'memory', registry: registry.address, redis }));
  }
});
afterEach(async () => {
  await Promise.all(programs.map((program) => program.end('SIGKILL')));
  programs = [];
});
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  await registry.stop();
});

const node = (at: number): RingNode => nodes[at] as RingNode;

function start(file: string, ...args: string[]): ExampleProgram {
  const program = new ExampleProgram(file, args);
  programs.push(program);
  return program;
}

/** Two servers, each through a node of its own. @returns their URLs */
async function servers(file: string): Promise<[string, string]> {
  const [one, two] = [0, 1].map(async (at) => {
    const program = start(file, node(at).redisAddress as string, '0');
    const [, url] = await program.said(/ready on (\S+)\n/);
    return url as string;
  }) as [Promise<string>, Promise<string>];
  return [await one, await two];
}

test('every folder is in the table, and has a document of its own', () => {
  const table = readFileSync(join(EXAMPLES, 'README.md'), 'utf8');
  const folders = readdirSync(EXAMPLES, { withFileTypes: true }).filter((each) => each.isDirectory());
  expect(folders.length).toBeGreaterThan(4);
  for (const { name } of folders) {
    expect(table).toContain(`| [${name}](${name}/)`);
    expect(readFileSync(join(EXAMPLES, name, 'README.md'), 'utf8')).toMatch(/^# /);
  }
});

test('session-store: a browser has one session at two servers, until it leaves', async () => {
  const [one, two] = await servers('session-store/main.mjs');
  const first = await fetch(one);
  const cookie = (first.headers.get('set-cookie') ?? '').split(';')[0] as string;
  const visit = async (url: string): Promise<string> => (await fetch(url, { headers: { cookie } })).text();
  expect([await first.text(), await visit(two), await visit(one)]).toEqual([
    'visit 1\n',
    'visit 2\n',
    'visit 3\n',
  ]);
  const [key] = await keysOf('session/');
  expect((await node(0).getVersioned(key as string))?.ttlMs).toBeGreaterThan(3_000_000);
  await visit(`${one}/leave`);
  expect(await keysOf('session/')).toEqual([]);
  expect(await visit(two)).toBe('visit 1\n');
});

test('rate-limiter: of many requests at once at two servers exactly five pass', async () => {
  const [one, two] = await servers('rate-limiter/main.mjs');
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => fetch(i % 2 === 0 ? one : two)));
  const passed = answers.filter(({ status }) => status === 200);
  const refused = answers.filter(({ status }) => status === 429);
  expect([passed.length, refused.length]).toEqual([5, 15]);
  expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
  const [key] = await keysOf('rate/');
  expect((await node(0).getVersioned(key as string))?.ttlMs).toBeLessThanOrEqual(10_000);
});

test('leader-election: one leads, the next when it is killed, and who led before writes no more', async () => {
  const ttlMs = '1000';
  const anna = start('leader-election/main.mjs', node(0).address, 'anna', ttlMs);
  const [, before] = await anna.said(/leading with token (\d+)/);
  const bert = start('leader-election/main.mjs', node(1).address, 'bert', ttlMs);
  await bert.said(/waiting/);
  expect(bert.output).not.toContain('leading');
  await anna.end('SIGKILL');
  const [, after] = await bert.said(/leading with token (\d+)/);
  expect(Number(after)).toBeGreaterThan(Number(before));
  await using changes = node(0).watch({ key: '{report}text' });
  await changes.ready;
  const { value: change } = await changes.next();
  expect(change).toMatchObject({ kind: 'put' });
  type Report = (ring: RingNode, token: number, text: string) => Promise<boolean>;
  const report = exported<Report>('leader-election/report.mjs', 'report');
  expect(await report(node(0), Number(before), 'by one that stood still')).toBe(false);
  expect(await bert.end('SIGTERM')).toBe(0);
  expect(bert.output).toContain('leads no more');
  expect(await node(0).get('leader')).toBeUndefined();
});

test('slow-service-cache: the service is asked once however many want the answer', async () => {
  const city = 'Porto';
  const all = [0, 1, 0, 1].map((at) => start('slow-service-cache/main.mjs', node(at).address, city, city));
  expect(await Promise.all(all.map((program) => program.end()))).toEqual([0, 0, 0, 0]);
  const printed = all.map(({ output }) => output).join('');
  expect(printed.match(/asking the service about Porto/g)).toHaveLength(1);
  expect(printed.match(/sunny in Porto \(\d+ ms\)/g)).toHaveLength(8);
  expect((await node(0).getVersioned('weather/Porto'))?.ttlMs).toBeLessThanOrEqual(60_000);
});

test('mirror: it has what was there, and follows each change', async () => {
  await node(0).set('user/there', '1');
  await node(0).set('elsewhere', '1');
  const mirror = start('mirror/main.mjs', node(0).address, 'user/');
  await mirror.said(/mirrors 1 entries/);
  for (let i = 0; i < 10; i++) await node(i % 2).set(`user/${i}`, `value ${i}`);
  await node(1).delete('user/there');
  await mirror.said(/user\/there: \(gone\)/);
  for (let i = 0; i < 10; i++) await mirror.said(new RegExp(`user/${i}: value ${i} `));
  await node(1).set('user/last', 'x');
  await mirror.said(/user\/last: x {3}\[11 entries\]/);
  expect(mirror.output).not.toContain('elsewhere');
  expect(await mirror.end('SIGTERM')).toBe(0);
});

test.each(['ioredis.mjs', 'node-redis.mjs', 'redis-cli.sh'])(
  'clients: %s prints what it says',
  async (file) => {
    if (file === 'redis-cli.sh' && spawnSync('redis-cli', ['--version']).status !== 0)
      return console.warn('skipped, for there is no redis-cli here');
    const sample = start(`clients/${file}`, node(0).redisAddress as string);
    expect(await sample.end()).toBe(0);
    const expected = await printedBy(join(EXAMPLES, 'clients', file));
    expect(expected.length).toBe(4);
    expect(sample.output.trim().split('\n')).toEqual(expected);
  },
);

async function keysOf(prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { keyText } of node(0).keys({ prefix })) keys.push(keyText);
  return keys;
}

/** As Jest runs no modules: what a file that imports nothing exports under its own name. */
function exported<Value>(file: string, name: string): Value {
  const code = readFileSync(join(EXAMPLES, file), 'utf8').replaceAll(/^export /gm, '');
  return (new Function(`${code}\nreturn ${name};`) as () => Value)();
}
