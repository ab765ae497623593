import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeRing } from '../../client/test/fake-ring';
import { run, type CommandOutcome } from './terminal';

let ring: FakeRing;

beforeAll(async () => {
  ring = await FakeRing.start({ nodes: 2, withRegistry: true });
});

afterAll(() => ring.stop());

function cli(...args: string[]): Promise<CommandOutcome> {
  return run(['--node', ring.node(0).address, ...args]);
}

describe('incr and append', () => {
  test('print what they made', async () => {
    expect(await cli('incr', 'visits')).toEqual({ code: 0, stdout: '1\n', stderr: '' });
    expect((await cli('incr', 'visits', '41')).stdout).toBe('42\n');
    expect((await cli('incr', 'visits', '-50')).stdout).toBe('-8\n');
    expect((await cli('append', 'visits', '00')).stdout).toBe('4\n');
    expect(JSON.parse((await cli('--json', 'incr', 'visits')).stdout)).toEqual({
      key: 'visits',
      value: '-799',
      version: expect.any(Number),
    });
    expect(await cli('append', 'visits', 'x', '--if-absent')).toMatchObject({ code: 3, stdout: '' });
    expect(await cli('append', 'visits', 'x', '--json')).toMatchObject({
      stdout: expect.stringMatching(/^{"key":"visits","bytes":5,"version":\d+}\n$/),
    });
  });

  test('say why nothing was written', async () => {
    await cli('set', 'word', 'one');
    expect(await cli('incr', 'word')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('nothing was written: the value is not a number of 64 bits'),
    });
    expect(await cli('incr', 'word', 'two')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('the delta must be a whole number, got "two"'),
    });
  });
});

describe('ttl, expire and persist', () => {
  test('tell and change when a key ends', async () => {
    await cli('set', 'session', 'anna', '--ttl', '30m');
    expect((await cli('ttl', 'session')).stdout).toMatch(/^1(799\.\d{3}|800\.000) s\n$/);
    await cli('set', 'session', 'bert', '--ttl', 'keep');
    expect(JSON.parse((await cli('--json', 'ttl', 'session')).stdout)).toMatchObject({
      key: 'session',
      ttlMs: expect.any(Number),
    });
    expect(await cli('persist', 'session')).toEqual({ code: 0, stdout: 'does not end\n', stderr: '' });
    expect((await cli('ttl', 'session')).stdout).toBe('does not end\n');
    expect(await cli('expire', 'session', '2h', '--if-expiry', 'some')).toMatchObject({
      code: 3,
      stdout: '',
    });
    expect(await cli('expire', 'session', '2h')).toEqual({ code: 0, stdout: 'ends\n', stderr: '' });
    expect((await cli('expire', 'session', '2001-01-31T12:00Z')).stdout).toBe('ends\n');
    const absent = { code: 3, stdout: '', stderr: 'key not present\n' };
    expect(await cli('ttl', 'session')).toEqual(absent);
    expect(await cli('expire', 'session', '1s')).toEqual(absent);
    expect(await cli('persist', 'session')).toEqual(absent);
  });

  test.each([
    [['set', 'k', 'v', '--ttl', 'soon'], '--ttl must be a duration'],
    [['expire', 'k', 'soon'], 'the end must be a duration, such as 90s, or a moment'],
  ])('refuse what is no time: %j', async (args, message) => {
    const { code, stderr } = await cli(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('set, get and delete', () => {
  test('say what they found, and with which exit code', async () => {
    expect(await cli('set', 'city', 'Porto')).toEqual({ code: 0, stdout: 'stored\n', stderr: '' });
    expect((await cli('set', 'city', 'Lisboa')).stdout).toBe('stored, replacing: Porto\n');
    expect(await cli('get', 'city')).toEqual({ code: 0, stdout: 'Lisboa\n', stderr: '' });
    expect((await cli('delete', 'city')).stdout).toBe('deleted: Lisboa\n');
    const absent = { code: 3, stdout: '', stderr: 'key not present\n' };
    expect(await cli('get', 'city')).toEqual(absent);
    expect(await cli('delete', 'city')).toEqual(absent);
  });

  test('write on a condition, and else show what is there', async () => {
    const refusal = (stderr: string) => ({ code: 3, stdout: '', stderr });
    expect(await cli('set', 'on', 'a', '--if-present')).toEqual(
      refusal('nothing changed: the key is not present\n'),
    );
    expect((await cli('set', 'on', 'a', '--if-absent')).stdout).toBe('stored\n');
    const { version } = JSON.parse((await cli('get', 'on', '--json')).stdout) as { version: number };
    const there = `nothing changed: the key has version ${version}, with the value a\n`;
    expect(await cli('set', 'on', 'b', '--if-absent')).toEqual(refusal(there));
    expect(await cli('set', 'on', 'b', '--if-value', 'z')).toEqual(refusal(there));
    expect(await cli('delete', 'on', '--if-version', `${version + 1}`)).toEqual(refusal(there));
    expect((await cli('set', 'on', 'b', '--if-version', `${version}`)).stdout).toBe('stored, replacing: a\n');
    expect((await cli('delete', 'on', '--if-value', 'b')).stdout).toBe('deleted: b\n');
    const refused = await cli('--json', 'delete', 'on', '--if-present');
    expect(refused).toMatchObject({
      code: 3,
      stdout: '{"key":"on","done":false,"value":null,"version":0}\n',
    });
  });

  test.each([
    [['--if-absent', '--if-present'], 'a write has one condition at most'],
    [['--if-version', 'new'], '--if-version must be an integer from 0'],
  ])('refuse conditions that say nothing: %j', async (flags, message) => {
    const { code, stderr } = await cli('set', 'key', 'value', ...flags);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });

  test('answer in JSON', async () => {
    expect(JSON.parse((await cli('--json', 'set', 'k', 'v')).stdout)).toEqual({
      key: 'k',
      previous: null,
      version: expect.any(Number),
    });
    expect(JSON.parse((await cli('get', 'k', '--json')).stdout)).toEqual({
      key: 'k',
      value: 'v',
      encoding: 'utf8',
      version: expect.any(Number),
    });
    expect(await cli('get', 'none', '--json')).toMatchObject({
      code: 3,
      stdout: '{"key":"none","value":null}\n',
    });
  });

  test('take and show bytes in hexadecimal and base64', async () => {
    await cli('set', '--hex', '00ff', 'FFfe');
    expect((await cli('get', '--hex', '00ff')).stdout).toBe('fffe\n');
    expect((await cli('get', '--base64', 'AP8=')).stdout).toBe('//4=\n');
    await cli('set', '--hex', '6b', 'fffe');
    const shown = await cli('get', 'k');
    expect(shown).toEqual({
      code: 0,
      stdout: '//4=\n',
      stderr: 'the value is not UTF-8 text; it is shown in base64\n',
    });
  });

  test.each([
    ['set', '--hex', 'abc', '00'],
    ['get', '--base64', '???'],
    ['get', '--hex', '--base64', '00'],
    ['get', 'not\ufffdutf-8'],
    ['get', 'lone\ud800'],
  ])('refuse what is not in the encoding: %s %s %s %s', async (...args) => {
    const outcome = await cli(...args);
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toMatch(/^error: .*(hex|base64)/);
  });

  test('take values that look like options behind --', async () => {
    expect((await cli('set', '--', '-key', '--value')).code).toBe(0);
    expect((await cli('get', '--', '-key')).stdout).toBe('--value\n');
  });
});

describe('a value of -', () => {
  const env = () => ({ NODE_ADDRESS: ring.node(0).address });

  test('is what comes on standard input, byte for byte', async () => {
    const bytes = Buffer.from([0xff, 0x00, 0x0a]);
    const outcome = await run(['set', 'picture', '-'], bytes, env());
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect((await cli('get', '--hex', Buffer.from('picture').toString('hex'))).stdout).toBe('ff000a\n');
  });

  test('is refused where it is too long, is to be decoded, or is typed in the prompt', async () => {
    const long = await run(['set', 'long', '-'], Buffer.alloc(1_048_577), env());
    expect(long).toMatchObject({ code: 2, stderr: expect.stringContaining('more than 1048576 bytes') });
    const decoded = await run(['set', '--hex', '00', '-'], 'ff', env());
    expect(decoded).toMatchObject({ code: 2, stderr: expect.stringContaining('leave out --hex') });
    const prompted = await run([], 'set key -\n', env());
    expect(prompted.stderr).toContain('which is the prompt here');
  });
});

test('--version prints the version and nothing else', async () => {
  expect(await run(['--version'])).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    stderr: '',
  });
});

describe('usage', () => {
  test.each([
    [['frobnicate'], 'unknown command "frobnicate"; the commands are set, get'],
    [['dellete', 'key'], 'unknown command "dellete"; did you mean delete; the commands are set, get'],
    [['set', 'key', 'value', '--if-abesnt'], "unknown option '--if-abesnt' (Did you mean --if-absent?)"],
    [['set', 'key'], "missing required argument 'value'"],
    [['get', 'key', 'more'], 'too many arguments'],
    [['get', '--frobnicate', 'key'], "unknown option '--frobnicate'"],
    [['--timeout', 'soon', 'get', 'key'], '--timeout (RINGKEEP_TIMEOUT) must be a duration'],
    [['--node', 'nowhere', 'get', 'key'], '--node (NODE_ADDRESS) is not an address: the port is missing'],
    [['load', '--format', 'xml', 'file'], '--format must be one of auto, object, array, ndjson'],
    [['load', '--key', 'a,,b', 'file'], '--key must be names of fields'],
    [['load', '--hex', 'file'], 'cannot be used with files'],
    [['leave', 'nowhere'], 'is not an address'],
  ])('%j exits with 2 and says why', async (args, why) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(why);
  });

  test('every command has a help, with the options and their variables', async () => {
    const help = await run(['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('NODE_ADDRESS');
    for (const [, name] of help.stdout.matchAll(/^ {2}([a-z]+) /gm)) {
      const one = await run([name!, '--help']);
      expect(one).toMatchObject({ code: 0, stdout: expect.stringContaining('Usage: ringkeep') });
      expect((await run(['help', name!])).code).toBe(0);
    }
  });

  test('the variables are heard, and flags before them', async () => {
    const env = { NODE_ADDRESS: ring.node(1).address };
    expect((await run(['get', 'absent'], '', env)).code).toBe(3);
    expect((await run(['get', 'absent'], '', { REGISTRY_ADDRESS: ring.registryAddress })).code).toBe(3);
    const wrong = { NODE_ADDRESS: '127.0.0.1:1' };
    expect((await run(['--node', ring.node(0).address, 'get', 'absent'], '', wrong)).code).toBe(3);
    const both = ['--node', '127.0.0.1:1', '--node', ring.node(0).address, 'get', 'absent'];
    expect((await run(both)).code).toBe(3);
  });

  test('a ring that cannot be reached is an error that names the address', async () => {
    const outcome = await run(['--node', '127.0.0.1:1', '--timeout', '100ms', 'get', 'key']);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('http://127.0.0.1:1: connect ECONNREFUSED');
    expect((await run(['--node', '127.0.0.1:1', '--timeout', '100ms', 'ring'])).code).toBe(1);
  });
});

describe('ring and nodes', () => {
  test('ring shows members, shares and arcs', async () => {
    const { code, stdout } = await cli('ring');
    expect(code).toBe(0);
    expect(stdout).toContain('cluster fake, version 1, 2 members, 2 arcs');
    expect(stdout).toMatch(/^8000000000000000 {2}http:\/\/127\.0\.0\.1:\d+ {2}active {2}50\.0 % +1 +1 +1$/m);
    const json = JSON.parse((await cli('ring', '--json')).stdout);
    expect(json.arcs).toHaveLength(2);
    expect(json.members[1]).toMatchObject({ id: '8000000000000000', share: 0.5, state: 'active' });
  });

  test('nodes asks each one, and fails when one is silent', async () => {
    const own = await FakeRing.start({ nodes: 2 });
    try {
      const base = ['--node', own.node(0).address];
      await run([...base, 'set', own.keyOf(own.node(1)), 'value']);
      const rows = JSON.parse((await run([...base, 'nodes', '--json'])).stdout);
      expect(rows.map((row: { keys: number }) => row.keys)).toEqual([0, 1]);
      own.node(1).kill();
      const { code, stdout, stderr } = await run([...base, 'nodes']);
      expect(code).toBe(1);
      expect(stdout).toContain('no answer');
      expect(stderr).toContain(`${own.node(1).address} did not answer`);
    } finally {
      own.stop();
    }
  });
});

test('leave waits until the node has left, and its keys are elsewhere', async () => {
  const own = await FakeRing.start({ nodes: 3 });
  try {
    const leaving = own.node(1);
    leaving.leaveSteps = 1;
    const key = own.keyOf(leaving);
    const base = ['--node', own.node(0).address];
    await run([...base, 'set', key, 'value']);
    const { code, stdout, stderr } = await run([...base, 'leave', leaving.address]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: `http://${leaving.address} has left the ring\n` });
    expect(stderr).toContain('handing over: 1 of 1 (100 %) keys');
    leaving.kill();
    expect((await run([...base, 'get', key])).stdout).toBe('value\n');
    expect(JSON.parse((await run([...base, 'ring', '--json'])).stdout).members).toHaveLength(2);
    expect((await run([...base, '--timeout', '200ms', 'leave', leaving.address])).code).toBe(1);
  } finally {
    own.stop();
  }
});

test('load and lookup tell what became of a file, in text and in JSON', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ringkeep-cli-'));
  try {
    const path = join(folder, 'cities.ndjson');
    await writeFile(path, '{"name":"Porto"}\n{"name":"Porto","v":2}\n{"nam\n{"name":"Faro"}\n');
    const loaded = await cli('load', path, '--key', 'name');
    expect(loaded.code).toBe(1);
    expect(loaded.stdout).toMatch(/^records +4\nloaded +2\nrepeated keys +1 .*\nfailed +1 \(25\.00 %\)\n/);
    expect(loaded.stderr).toContain('line 3: not JSON');
    const found = await cli('lookup', path, '--key', 'name', '--json');
    expect(JSON.parse(found.stdout)).toMatchObject({ found: 2, missing: 0, failed: 1, repeated: 1 });
    const fromStdin = await run(
      ['--node', ring.node(0).address, 'lookup', '-'],
      '{"Porto": {"name":"Porto","v":2}, "Faro": "x", "Lagos": "y"}',
    );
    expect(fromStdin.code).toBe(1);
    expect(fromStdin.stdout).toMatch(/found +1 \(33\.33 %\)\nmissing +1 .*\ndifferent +1 /);
    expect((await cli('load', join(folder, 'absent'))).stderr).toContain('ENOENT');
  } finally {
    await rm(folder, { recursive: true });
  }
});
