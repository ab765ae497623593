import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HelpShown, option, optionValues, parseProgram } from '@ringkeep/process/command-line';

const { address, choice, durationMs, formatDuration, integer, port, text, yesOrNo } = optionValues;

const specs = {
  port: option({ flag: '--port <port>', env: 'A_PORT', text: 'where', read: port, default: 7 }),
  lease: option({
    flag: '--lease <time>',
    env: 'A_LEASE',
    text: 'how long',
    read: durationMs(50, 60_000),
    default: 2_000,
  }),
  kind: option({ flag: '--kind <kind>', text: 'what', read: choice('red', 'blue'), default: 'red' as const }),
  peer: option({ flag: '--peer <address>', env: 'A_PEER', text: 'who', read: address }),
  empty: option({ flag: '--empty', env: 'A_EMPTY', text: 'without', read: yesOrNo, default: false }),
  config: option({
    flag: '--config <file>',
    env: 'A_CONFIG',
    text: 'file',
    read: text,
    default: 'absent.json',
  }),
};

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-options-'));
  file = join(folder, 'options.json');
});
afterEach(() => rm(folder, { recursive: true }));

function parse(args: string[], env: Record<string, string> = {}) {
  const operands = [{ name: '[port]', text: 'the port again' }];
  return parseProgram(
    { name: 'a-program', text: 'Does something.', specs, env, fileOption: 'config', operands },
    args,
  );
}

describe('options', () => {
  test('take the default, over it the file, over it the variable, over it the flag', async () => {
    expect(parse([]).options).toEqual({
      port: 7,
      lease: 2_000,
      kind: 'red',
      peer: undefined,
      empty: false,
      config: 'absent.json',
    });
    await writeFile(file, '{ "port": 8, "lease": "1s", "kind": "blue", "empty": true }');
    const env = { A_CONFIG: file, A_PORT: '9', A_LEASE: '' };
    expect(parse([], env).options).toMatchObject({ port: 9, lease: 1_000, kind: 'blue', empty: true });
    expect(parse(['--port', '10', '--config', file], env).options).toMatchObject({ port: 10, kind: 'blue' });
  });

  test.each<[string[], Record<string, string>, string, string | undefined, string | undefined]>([
    [[], {}, '{}', undefined, undefined],
    [[], {}, '{ "one": "file", "other": "file" }', 'file', 'file'],
    [[], { ONE: 'env' }, '{ "one": "file", "other": "file" }', 'env', undefined],
    [[], { ONE: 'env', OTHER: 'env' }, '{}', 'env', 'env'],
    [['--one', 'flag'], { OTHER: 'env' }, '{}', 'flag', undefined],
    [['--other', 'flag'], { ONE: 'env', OTHER: 'env' }, '{ "one": "file" }', undefined, 'flag'],
    [['--one', 'flag', '--other', 'flag'], { ONE: 'env' }, '{}', 'flag', 'flag'],
    [['--one', 'flag'], { ONE: '', OTHER: '' }, '{}', 'flag', undefined],
  ])('rivals: %j with %j and the file %s', async (args, env, content, one, other) => {
    await writeFile(file, content);
    const rivals = {
      one: option({ flag: '--one <text>', env: 'ONE', text: 'one way', read: text }),
      other: option({ flag: '--other <text>', env: 'OTHER', text: 'the other way', read: text }),
      file: option({ flag: '--file <path>', text: 'file', read: text, default: file }),
    };
    const program = { name: 'a-program', text: '', specs: rivals, env, fileOption: 'file' };
    const { options } = parseProgram({ ...program, rivals: [['one', 'other']] }, args);
    expect(options).toMatchObject({ one, other });
  });

  test('switches are on by their flag or by their variable', () => {
    expect(parse(['--empty']).options.empty).toBe(true);
    expect(parse([], { A_EMPTY: 'yes' }).options.empty).toBe(true);
    expect(parse([], { A_EMPTY: '0' }).options.empty).toBe(false);
  });

  test('operands come beside the flags', () => {
    expect(parse(['50001', '--port', '3']).operands).toEqual(['50001']);
  });

  test.each<[string[], Record<string, string>, string]>([
    [
      ['--port', 'x'],
      {},
      '--port (A_PORT) must be a port, an integer from 0 (any free one) to 65535, got "x"',
    ],
    [[], { A_PORT: '65536' }, '--port (A_PORT) must be a port'],
    [['--lease', '1ms'], {}, '--lease (A_LEASE) must be a duration from 50ms to 1m'],
    [['--kind', 'green'], {}, '--kind must be one of red, blue, got "green"'],
    [['--peer', 'host'], {}, '--peer (A_PEER) is not an address: the port is missing, got "host"'],
    [[], { A_EMPTY: 'maybe' }, '--empty (A_EMPTY) must be true or false'],
    [['--prot', '1'], {}, "unknown option '--prot'"],
    [['--port'], {}, 'argument missing'],
    [['1', '2'], {}, 'too many arguments'],
    [['--config', 'absent.json'], {}, 'cannot read absent.json'],
  ])('%j with %j is refused', (args, env, why) => {
    expect(() => parse(args, env)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(why) }),
    );
  });

  test.each([
    ['{ "prot": 1 }', 'names prot; it may name port, lease, kind, peer, empty'],
    ['{ "toString": 1 }', 'names toString'],
    ['{ "port": [] }', 'port in'],
    ['{ "port": "x" }', '--port (A_PORT) must be a port'],
    ['[]', 'must hold one JSON object'],
    ['{', 'is no JSON'],
  ])('the file %s is refused', async (content, why) => {
    await writeFile(file, content);
    expect(() => parse(['--config', file])).toThrow(why);
  });

  test('--help shows flags, variables and defaults and is no error of the user', () => {
    const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      expect(() => parse(['--help'])).toThrow(HelpShown);
      const said = write.mock.calls.map(([chunk]) => String(chunk)).join('');
      expect(said).toContain('--port <port>');
      expect(said).toContain('(env A_PORT, default 7)');
    } finally {
      write.mockRestore();
    }
  });
});

describe('option values', () => {
  test.each([
    ['500', 500],
    ['500ms', 500],
    ['2s', 2_000],
    ['1.5s', 1_500],
    ['1m', 60_000],
    ['1h', 3_600_000],
  ])('%s is %d ms', (given, ms) => {
    expect(durationMs(0, 1e9)(given)).toBe(ms);
    expect(durationMs(0, 1e9)(formatDuration(ms))).toBe(ms);
  });

  test.each(['', 's', '-1s', '1d', '1e3', '1 s s', 'NaN'])('%j is no duration', (given) => {
    expect(() => durationMs(0, 1e9)(given)).toThrow('must be a duration');
  });

  test.each(['', '1.0', '0x1', '1e2', '8', '-1', ' 1'])('%j is no integer from 0 to 7', (given) => {
    expect(() => integer(0, 7)(given)).toThrow('must be an integer from 0 to 7');
  });
});
