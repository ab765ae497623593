/** The node as a process, with everything wrong that its command line and its folder can be. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from '../../packages/dht-node/test/server/node-peer';
import { freePort } from '@ringkeep/local-ring';
import { ProcessTest, type Server } from './process-test';

let test_: ProcessTest;
let registry: Server;
beforeAll(async () => {
  test_ = await ProcessTest.begin();
  registry = await test_.registry();
});
afterAll(() => test_.end());

/** Runs a node that must not come up; returns all it said. */
async function refused(
  code: number,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const process = test_.run(args, env);
  expect(await process.exited).toBe(code);
  await eventually('it says why', () => process.lastLines.some((line) => line.startsWith('error: ')));
  return process.lastLines.join('\n');
}

describe('a wrong command line ends with 2 and one line that names flag and variable:', () => {
  test.each<[string, string[], Record<string, string>, string]>([
    ['no port', [], {}, 'the port is missing: npm run dht -- PORT, or NODE_PORT'],
    [
      'a port that is none',
      ['5000x'],
      {},
      'PORT (NODE_PORT) must be a port, an integer from 0 (any free one) to 65535, got "5000x"',
    ],
    ['a port out of range', [], { NODE_PORT: '65536' }, 'PORT (NODE_PORT) must be a port'],
    ['two ports', ['1', '2'], {}, 'too many arguments'],
    ['port 0 without a folder', ['0'], {}, 'port 0 needs --data-dir (DATA_DIR)'],
    ['an unknown flag', ['0', '--regsitry', 'x'], {}, "unknown option '--regsitry'"],
    [
      'a typo in a variable',
      ['0'],
      { LOG_LEVEL: 'inof' },
      '--log-level (LOG_LEVEL) must be one of error, warn, info, debug, got "inof"',
    ],
    [
      'an address that is none',
      ['0', '--registry', 'here'],
      {},
      '--registry (REGISTRY_ADDRESS) is not an address: the port is missing',
    ],
    [
      'a node and a registry to join',
      ['1', '--join', 'a:1', '--registry', 'b:1'],
      {},
      'give --join (NODE_JOIN) or --registry (REGISTRY_ADDRESS), not both',
    ],
    ['the same by variables', ['1'], { NODE_JOIN: 'a:1', REGISTRY_ADDRESS: 'b:1' }, 'not both'],
    [
      'a time without bounds',
      ['1', '--registry-timeout', '9 years'],
      {},
      '--registry-timeout (REGISTRY_TIMEOUT) must be a duration from 100ms to 1h',
    ],
  ])('%s', async (_what, args, env, words) => {
    const said = await refused(2, args, env);
    expect(said).toContain(words);
    expect(said.split('\n')).toHaveLength(1);
  });
});

describe('what cannot be started ends with 1 and says why:', () => {
  test('a port in use', async () => {
    const port = String(registry.port);
    const said = await refused(1, [port, '--registry', registry.address, '--data-dir', test_.dataDir('a')]);
    expect(said).toContain(
      `port ${port} on 127.0.0.1 is in use; choose another one with the PORT argument or NODE_PORT`,
    );
  });

  test('a registry that does not answer: it says what it waits for, and gives up', async () => {
    const nobody = `127.0.0.1:${await freePort()}`;
    const said = await refused(1, [
      '0',
      '--storage',
      'memory',
      '--registry',
      nobody,
      '--registry-timeout',
      '400ms',
    ]);
    expect(said).toMatch(new RegExp(`warn +node: waiting for the registry address=http://${nobody}`));
    expect(said).toContain(`error: gave up after 400 ms: the registry at http://${nobody} does not answer`);
  });

  test('a node to join by a flag counts more than a registry by a variable, and the other way round', async () => {
    const [nobody, other] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const base = ['0', '--storage', 'memory', '--registry-timeout', '400ms'];
    const joins = await refused(1, [...base, '--join', nobody], { REGISTRY_ADDRESS: other });
    expect(joins).toContain(`no node answers at http://${nobody}`);
    const registers = await refused(1, [...base, '--registry', nobody], { NODE_JOIN: other });
    expect(registers).toContain(`the registry at http://${nobody} does not answer`);
  });

  test('a node to join that does not answer: the same', async () => {
    const nobody = `127.0.0.1:${await freePort()}`;
    const said = await refused(1, [
      '0',
      '--storage',
      'memory',
      '--join',
      nobody,
      '--registry-timeout',
      '1500ms',
    ]);
    expect(said).toContain('waiting for the node to join');
    expect(said).toContain('gave up after 1500 ms: no node answers');
  });

  test('the address of another node, a folder in use, a damaged file', async () => {
    const node = await test_.node(registry, 'b');
    const base = ['0', '--registry', registry.address];
    const [taken, inUse] = await Promise.all([
      refused(1, [...base, '--storage', 'memory', '--advertise', node.address]),
      refused(1, [...base, '--data-dir', test_.dataDir('b')]),
    ]);
    expect(taken).toContain(`the node advertises http://${node.address}, and another process answers there`);
    expect(inUse).toContain(
      `the folder ${test_.dataDir('b')} is in use by another process (a node, process ${node.process.pid})`,
    );
    expect(await node.process.stop()).toBe(0);
    const path = join(test_.dataDir('b'), 'node.json');
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, -20));
    expect(await refused(1, [...base, '--data-dir', test_.dataDir('b')])).toContain(`${path} is damaged`);
  });
});
