/** Histories on disk, what is refused there, the recorder, and the command. */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Random } from '@ringkeep/shared';
import {
  formatHistoryLine,
  HistoryRecorder,
  LINE_CHARS_MAX,
  parseHistoryLine,
  readHistoryFile,
  writeHistoryFile,
} from '../src';
import { get, operation, set } from './support/history-builder';
import { freeHistory } from './support/random-histories';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-checker-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const LINE = { client: 1, key: 'k', op: 'set', value: 'a', callMs: 0, returnMs: 1, outcome: 'ok' };

test('a history is read as it was written', async () => {
  const random = new Random(1);
  const strange = { ...operation(1, set('line\nbreak "quoted" \u0000 ÿ €'), 0, 1), key: '' };
  const history = [strange, ...Array.from({ length: 100 }, () => freeHistory(random, 20)).flat()];
  const path = join(folder, 'history.ndjson');
  await writeHistoryFile(path, history);
  expect(await readHistoryFile(path)).toEqual(history);
  await writeFile(path, `\n${history.map(formatHistoryLine).join('\r\n\r\n')}`);
  expect(await readHistoryFile(path)).toEqual(history);
});

test.each([
  ['{', /not JSON/],
  ['[]', /a line is a JSON object, got \[\]/],
  [
    JSON.stringify({ ...LINE, op: 'put' }),
    /op must be get, set, delete, add, append, transact, expire, persist, expiry, cas, got "put"/,
  ],
  [JSON.stringify({ ...LINE, previuos: 'a' }), /set has no field "previuos"/],
  [JSON.stringify({ ...LINE, value: undefined }), /set needs the field value/],
  [JSON.stringify({ ...LINE, value: null }), /value of a set must be a string, got null/],
  [JSON.stringify({ ...LINE, previous: 3 }), /previous must be a string, or null for none, got 3/],
  [JSON.stringify({ ...LINE, client: -1 }), /client must be an integer from 0, got -1/],
  [JSON.stringify({ ...LINE, key: 7 }), /key must be a string, got 7/],
  [JSON.stringify({ ...LINE, outcome: 'maybe' }), /outcome must be ok, fail or unknown, got "maybe"/],
  [JSON.stringify({ ...LINE, callMs: '0' }), /callMs must be a number, got "0"/],
  [JSON.stringify({ ...LINE, returnMs: -1 }), /returnMs must be null or a number from callMs on, got -1/],
  [JSON.stringify({ ...LINE, returnMs: undefined }), /returnMs must be null or a number .* got nothing/],
  [JSON.stringify({ ...LINE, returnMs: null }), /an outcome of ok needs a returnMs/],
  [JSON.stringify({ ...LINE, op: 'cas', expected: null }), /cas with outcome ok needs the field swapped/],
  [
    JSON.stringify({ ...LINE, op: 'cas', expected: null, swapped: 1 }),
    /swapped must be true or false, got 1/,
  ],
  [JSON.stringify({ ...LINE, op: 'cas', swapped: true }), /cas needs the field expected/],
  [`"${'x'.repeat(LINE_CHARS_MAX)}"`, /characters; 16777216 are allowed/],
])('a line that is wrong is refused: %.60s', (line, message) => {
  expect(() => parseHistoryLine(line)).toThrow(message);
});

test('a file that is wrong is refused with the line', async () => {
  const path = join(folder, 'wrong.ndjson');
  await writeFile(path, `${JSON.stringify(LINE)}\n\n{"op":"get"}\n`);
  await expect(readHistoryFile(path)).rejects.toThrow(`${path}, line 3: client must be`);
  await writeFile(path, Buffer.from([0x7b, 0xff, 0x7d]));
  await expect(readHistoryFile(path)).rejects.toThrow('not UTF-8');
  await expect(readHistoryFile(join(folder, 'missing'))).rejects.toThrow('ENOENT');
});

test('a recorder keeps the order of events that happen at one time', () => {
  const recorder = new HistoryRecorder();
  const write = recorder.call(1, 'k', { op: 'set', value: 'a' }, 5);
  recorder.ok(write, { previous: null }, 5);
  const read = recorder.call(2, 'k', { op: 'get' }, 5);
  const lost = recorder.call(3, 'k', { op: 'delete' }, 5);
  recorder.ok(read, { value: 'a' }, 5);
  recorder.unknown(lost, 7);
  recorder.fail(recorder.call(1, 'k', { op: 'get' }, 8), 9);
  recorder.call(1, 'k', { op: 'get' }, 10);
  const history = recorder.history();
  expect(history.map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'unknown', 'fail', 'unknown']);
  expect(history[0]).toMatchObject({ op: 'set', value: 'a', previous: null, callMs: 5 });
  expect(history[1]).toMatchObject({ op: 'get', value: 'a' });
  expect(history[0]?.returnMs).toBeLessThan(history[1]?.callMs ?? 0);
  expect(history[2]?.callMs).toBeLessThan(history[1]?.returnMs ?? 0);
  expect(() => recorder.ok(write, {}, 11)).toThrow('an operation ends once');
});

describe('check-history', () => {
  const main = resolve(__dirname, '../dist/main.js');
  const run = (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> =>
    new Promise((done) => {
      execFile(process.execPath, [main, ...args], (error, stdout, stderr) =>
        done({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr }),
      );
    });

  test('exits 0 for a history that is linearizable', async () => {
    const path = join(folder, 'good.ndjson');
    await writeHistoryFile(path, [operation(1, set('a'), 0, 1), operation(2, get('a'), 2, 3)]);
    const { code, stdout } = await run(path);
    expect(stdout).toMatch(/^linearizable: 2 operations on 1 keys, \d+\.\d\d s\n$/);
    expect(code).toBe(0);
  });

  test('exits 1 for one that is not, says why and draws it', async () => {
    const path = join(folder, 'bad.ndjson');
    const html = join(folder, 'bad.html');
    await writeHistoryFile(path, [operation(1, set('a'), 0, 1), operation(2, get('b'), 2, 3)]);
    const { code, stdout } = await run(path, '--html', html);
    expect(stdout).toMatch(/^not linearizable: .*\nkey "k": no order has room for\n {2}client 2: get → "b"/);
    expect(await readFile(html, 'utf8')).toMatch(/^<!DOCTYPE html>/);
    expect(code).toBe(1);
  });

  test('exits 3 for what it cannot judge, and says why', async () => {
    const missing = await run(join(folder, 'missing'));
    expect({ code: missing.code, stderr: missing.stderr }).toEqual({
      code: 3,
      stderr: expect.stringContaining('ENOENT') as string,
    });
    expect(await run('--hmtl', 'x')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('--hmtl') as string,
    });
    expect(await run()).toMatchObject({ code: 3, stderr: 'name one FILE; see --help\n' });
  });

  test('explains itself with --help', async () => {
    expect(await run('--help')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Usage:') as string,
    });
  });
});
