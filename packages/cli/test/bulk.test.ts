import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { RingClient } from '@ringkeep/client';
import { loadFile, lookupFile, parseKeyFields, type BulkOptions, type LoadSummary } from '@ringkeep/cli';
import { FakeRing } from '../../client/test/fake-ring';

let ring: FakeRing;
let client: RingClient;
let folder: string;

beforeEach(async () => {
  ring = await FakeRing.start({ nodes: 2 });
  client = await RingClient.connect({ nodes: [ring.node(0).address] });
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-bulk-'));
});

afterEach(async () => {
  await client.close();
  ring.stop();
  await rm(folder, { recursive: true });
});

async function load(content: string | Buffer, options: Partial<BulkOptions> = {}): Promise<LoadSummary> {
  const path = join(folder, 'file');
  await writeFile(path, content);
  return loadFile(client, { path, ...options });
}

const byName = { fields: parseKeyFields('name') };

test('an object stores texts as they are and other values as their JSON', async () => {
  const content = '{"a": "text", "b": {"x": [1, 2.50]}, "c": null, "__proto__": {"y": "z"}, "ü": "ö"}';
  expect(await load(content)).toMatchObject({ records: 5, loaded: 5, repeated: 0, failed: 0 });
  expect(await client.getText('a')).toBe('text');
  expect(await client.getText('b')).toBe('{"x":[1,2.50]}');
  expect(await client.getText('c')).toBe('null');
  expect(await client.getText('__proto__')).toBe('{"y":"z"}');
  expect(await client.getText('ü')).toBe('ö');
});

test('an array takes its keys from fields, nested ones too', async () => {
  const content = JSON.stringify([
    { country: 'DE', place: { name: 'Berlin', code: 0 }, big: true },
    { country: 'PT', place: { name: 'Porto', code: 13 }, big: false },
  ]);
  const summary = await load(content, { fields: parseKeyFields('country, place.code/place.name,big') });
  expect(summary).toMatchObject({ records: 2, loaded: 2 });
  expect(await client.getText('DE/0/Berlin/true')).toBe(JSON.stringify(JSON.parse(content)[0]));
});

test('the last record of a key wins, however often it is repeated', async () => {
  const records = Array.from({ length: 5_000 }, (_, i) => ({ name: `key-${i % 7}`, value: i }));
  expect(await load(JSON.stringify(records), byName)).toMatchObject({
    records: 5_000,
    loaded: 7,
    repeated: 4_993,
    failed: 0,
  });
  for (let i = 4_993; i < 5_000; i++) {
    expect(await client.getText(`key-${i % 7}`)).toBe(JSON.stringify({ name: `key-${i % 7}`, value: i }));
  }
  const object = '{"same": "1", "same": "2", "other": "3", "same": "4"}';
  expect(await load(object)).toMatchObject({ records: 4, loaded: 2, repeated: 2 });
  expect(await client.getText('same')).toBe('4');
});

const NUMBERS = [
  '9007199254740992',
  '9007199254740993',
  '1',
  '1.0',
  '100',
  '1e2',
  '1E+2',
  '0',
  '-0',
  '1e400',
];

test.each([
  ['NDJSON', NUMBERS.map((text) => `{"id": ${text} ,"in":{"n":[${text}]}}`).join('\n')],
  ['an array', `[${NUMBERS.map((text) => `{"id":${text}, "in": {"n": [ ${text} ]}}`).join(',')}]`],
])('in %s the text of a number is the key and stays in the value', async (_form, content) => {
  const total = { records: NUMBERS.length, repeated: 0, failed: 0 };
  expect(await load(content, { fields: parseKeyFields('id') })).toMatchObject({ ...total, loaded: 10 });
  for (const text of NUMBERS) {
    expect(await client.getText(text)).toBe(`{"id":${text},"in":{"n":[${text}]}}`);
  }
  const composite = { fields: parseKeyFields('in.n.0,id') };
  expect(await load(content, composite)).toMatchObject({ ...total, loaded: 10 });
  expect(await client.getText('9007199254740993/9007199254740993')).toContain('9007199254740993');
  const path = join(folder, 'file');
  await client.delete('9007199254740992/9007199254740992');
  expect(await lookupFile(client, { path, ...composite })).toMatchObject({ ...total, found: 9, missing: 1 });
});

test('numbers in an object are stored as they are written', async () => {
  const content = `{${NUMBERS.map((text) => `"${text}": ${text}`).join(', ')}}`;
  expect(await load(content)).toMatchObject({ records: 10, loaded: 10, repeated: 0 });
  for (const text of NUMBERS) expect(await client.getText(text)).toBe(text);
  expect(await lookupFile(client, { path: join(folder, 'file') })).toMatchObject({ found: 10 });
});

test('in NDJSON a broken line costs only itself and is named', async () => {
  const content =
    '\ufeff{"name":"a"}\n\n{"name":"b"\r\n{"name":"c"}\n[1]\n{"title":"d"}\n{"name":{}}\n{"name":"e"}';
  const summary = await load(content, byName);
  expect(summary).toMatchObject({ records: 7, loaded: 3, failed: 4 });
  expect(summary.problems.map(({ line, reason }) => [line, reason.replace(/:.*/, '')])).toEqual([
    [3, 'not JSON'],
    [5, 'not an object, so it has no fields to make a key from'],
    [6, 'no field name that is a string, a number or a boolean'],
    [7, 'no field name that is a string, a number or a boolean'],
  ]);
  expect(await client.getText('e')).toBe('{"name":"e"}');
});

test('a broken element of an array costs only itself, a broken structure the rest', async () => {
  const content = '[{"name": "a"},\n{"name": tru},\n{"name": "b"},\n{"name": "c"]\n]';
  const summary = await load(content, byName);
  expect(summary).toMatchObject({ records: 4, loaded: 2, failed: 2 });
  expect(summary.problems.map(({ line }) => line)).toEqual([2, 4]);
  expect(summary.problems[1]!.reason).toContain('the rest is not read');
});

test('keys and values that no ring takes are counted with their reason', async () => {
  const summary = await load(
    JSON.stringify({ '': 'no key', ['k'.repeat(1_025)]: 'long', big: 'v'.repeat((1 << 20) + 1), ok: 'ok' }),
  );
  expect(summary).toMatchObject({ records: 4, loaded: 1, failed: 3 });
  expect(summary.problems.map(({ reason }) => reason)).toEqual([
    expect.stringContaining('the key is empty'),
    expect.stringContaining('the key has 1025 bytes'),
    expect.stringContaining('the value has 1048577 bytes'),
  ]);
});

test('what is not UTF-8, lone surrogates and records nested too deep are refused with their line', async () => {
  const deep = `{"name":"deep","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
  const content = Buffer.concat([
    Buffer.from('{"name":"a"}\n{"name":"'),
    Buffer.from([0xff]),
    Buffer.from(`"}\n{"name":"\\ud800"}\n${deep}\n{"name":"b"}\n`),
  ]);
  const summary = await load(content, byName);
  expect(summary).toMatchObject({ records: 5, loaded: 2, failed: 3 });
  expect(summary.problems.map(({ line, reason }) => [line, reason])).toEqual([
    [2, 'not UTF-8'],
    [3, expect.stringContaining('lone surrogate')],
    [4, 'nested 100001 levels deep; 100 are allowed'],
  ]);
});

test('a form that does not go with the key fields is refused before anything is stored', async () => {
  const refused = (content: string, options = {}): Promise<string> =>
    load(content, options).then(
      () => 'loaded',
      (error: Error) => error.message,
    );
  expect(await refused('[{"name":"a"}]')).toContain('the file is an array; name with --key the fields');
  expect(await refused('{"name":"a"}\n{"name":"b"}')).toContain(
    'the file is NDJSON; name with --key the fields',
  );
  expect(await refused('{\n"name":"a"}', byName)).toContain('leave out --key');
  expect(await refused('{"name":"a"}', { format: 'ndjson' })).toContain('name with --key the fields');
  expect(ring.nodes.every((node) => node.entries.size === 0)).toBe(true);
  expect(() => parseKeyFields('a,,b')).toThrow('must be names of fields');
});

test('an empty file has one problem, an empty array none', async () => {
  expect(await load('')).toMatchObject({ records: 1, failed: 1 });
  expect(await load('[]', byName)).toMatchObject({ records: 0, failed: 0 });
  expect(await load('{}')).toMatchObject({ records: 0, failed: 0 });
});

test('gzipped files and stdin are read as well, and progress is told in bytes of the file', async () => {
  const content = JSON.stringify(Array.from({ length: 20_000 }, (_, i) => ({ name: `key-${i}` })));
  const seen: number[] = [];
  const progress = (total: number | undefined) => ({
    update: (done: number) => seen.push(done / (total ?? 1)),
    finish: () => seen.push(-1),
  });
  const packed = gzipSync(content);
  expect(await load(packed, { ...byName, progress })).toMatchObject({ loaded: 20_000, bytes: packed.length });
  expect(seen.slice(-2)).toEqual([1, -1]);
  const stdin = Readable.from([Buffer.from(content)]);
  expect(await lookupFile(client, { path: '-', stdin, ...byName })).toMatchObject({ found: 20_000 });
  expect((await load(packed.subarray(0, 100), byName).catch((error: Error) => error)) as Error).toMatchObject(
    {
      code: 'FAILED_PRECONDITION',
    },
  );
});

test('a file that is not there is an error of its own', async () => {
  await expect(loadFile(client, { path: join(folder, 'absent') })).rejects.toThrow('ENOENT');
  await expect(loadFile(client, { path: folder })).rejects.toThrow('it is a folder');
});

test('lookup tells found, missing, different and failed apart, by the last record of each key', async () => {
  await client.setMany([
    ['a', '{"name":"a","v":2}'],
    ['b', '{"name":"b","v":9}'],
  ]);
  const lines = ['{"name":"a","v":1}', '{"name":"b","v":1}', '{"name":"a","v":2}', '{"name":"c"}', 'x'];
  const path = join(folder, 'lines');
  await writeFile(path, lines.join('\n'));
  const summary = await lookupFile(client, { path, ...byName });
  expect(summary).toMatchObject({ records: 5, repeated: 1, found: 1, different: 1, missing: 1, failed: 1 });
  expect(summary.problems.map(({ line, key }) => [line, key])).toEqual([
    [2, 'b'],
    [4, 'c'],
    [5, undefined],
  ]);
});

test('a write of unknown outcome is made again and counted', async () => {
  for (const node of ring.nodes) {
    node.breakAfter = 1;
    node.breakAfterApplying = true;
  }
  const records = Array.from({ length: 3_000 }, (_, i) => ({ name: `key-${i}` }));
  const summary = await load(JSON.stringify(records), byName);
  expect(summary).toMatchObject({ loaded: 3_000, failed: 0 });
  expect(summary.resent).toBeGreaterThan(0);
});

test('what the ring does not take is counted as failed, and the rest is loaded', async () => {
  ring.node(0).refusals.push('FAILED_PRECONDITION');
  const records = Array.from({ length: 1_000 }, (_, i) => ({ name: `key-${i}` }));
  const summary = await load(JSON.stringify(records), byName);
  expect(summary.failed).toBeGreaterThan(0);
  expect(summary.loaded + summary.failed).toBe(1_000);
  expect(summary.problems[0]!.reason).toBe('not in this state');
});

test('a load that is aborted ends with the reason', async () => {
  for (const node of ring.nodes) node.silent = true;
  const controller = new AbortController();
  const records = Array.from({ length: 20_000 }, (_, i) => ({ name: `key-${i}` }));
  const loading = load(JSON.stringify(records), { ...byName, signal: controller.signal });
  setImmediate(() => controller.abort(new Error('enough')));
  await expect(loading).rejects.toMatchObject({ code: 'CANCELLED' });
});
