import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeRing } from '../../client/test/fake-ring';
import { complete } from '../src/prompt/completion';
import { HISTORY_LINES_MAX, historyPath, readHistory, writeHistory } from '../src/prompt/history';
import { splitWords } from '../src/prompt/words';
import { run } from './terminal';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-prompt-'));
});

afterAll(() => rm(folder, { recursive: true }));

test('lines from a pipe run one after another, and the exit code is that of the last failure', async () => {
  const ring = await FakeRing.start({ nodes: 2 });
  try {
    const lines = [
      '# a comment',
      '',
      'set "a key" \'a value\'',
      'get "a key"',
      'get none',
      'get --hex 6b',
      'frob',
    ];
    const base = ['--node', ring.node(0).address];
    const outcome = await run(base, lines.join('\n'));
    expect(outcome.stdout).toBe('stored\na value\n');
    expect(outcome.stderr).toContain('unknown command "frob"');
    expect(outcome.code).toBe(2);
    expect(await run(base, 'get "a key"\nexit\nfrob\n')).toEqual({
      code: 0,
      stdout: 'a value\n',
      stderr: '',
    });
    expect((await run(base, 'help\nget --help\n')).stdout).toMatch(/Commands:[^]*Usage: ringkeep get/);
    expect((await run(base, '--node 127.0.0.1:1 get k\n')).stderr).toContain("unknown option '--node'");
    expect((await run([...base, '--json'], 'get "a key"\n')).stdout).toContain('"value":"a value"');
  } finally {
    ring.stop();
  }
});

test.each([
  ['set a b', ['set', 'a', 'b']],
  ['  set\t"a b"  c ', ['set', 'a b', 'c']],
  [`'a "b"' "c 'd'"`, ['a "b"', "c 'd'"]],
  [`a\\ b "c\\"d" "e\\f" 'g\\h'`, ['a b', 'c"d', 'e\\f', 'g\\h']],
  [`"" ''`, ['', '']],
  [`a"b"'c'`, ['abc']],
  ['', []],
])('a line is split as a shell does: %j', (line, words) => {
  expect(splitWords(line)).toEqual(words);
});

test.each([`"a`, `it's`, 'a\\'])('an unfinished line is refused: %j', (line) => {
  expect(() => splitWords(line)).toThrow(/not closed|backslash/);
});

test('Tab completes commands, options and names of files', async () => {
  await writeFile(join(folder, 'cities.json'), '[]');
  expect(complete('l')).toEqual([['lock ', 'leave ', 'load ', 'lookup '], 'l']);
  expect(complete('help g')).toEqual([['get '], 'g']);
  expect(complete('load --k')).toEqual([['--key '], '--k']);
  expect(complete(`load ${folder}/cit`)).toEqual([[join(folder, 'cities.json')], `${folder}/cit`]);
  expect(complete(`load ${folder}/absent/`)).toEqual([[], `${folder}/absent/`]);
  expect(complete('get ')).toEqual([[], '']);
  expect(complete('frob x')).toEqual([[], 'x']);
});

test('the history outlives the session, for the user alone and not without end', async () => {
  const env = { XDG_STATE_HOME: folder };
  const path = historyPath(env);
  expect(path).toBe(join(folder, 'ringkeep', 'history'));
  expect(historyPath({ HOME: '/home/me' })).toBe('/home/me/.ringkeep_history');
  expect(await readHistory(path)).toEqual([]);
  const newestFirst = Array.from({ length: HISTORY_LINES_MAX + 5 }, (_, i) => `get ${i}`);
  await writeHistory(path, newestFirst);
  expect(await readHistory(path)).toEqual(newestFirst.slice(0, HISTORY_LINES_MAX));
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});
