/** "Is my data safe?": what ring and nodes say of rings in every state. */

import { PassThrough, Readable } from 'node:stream';
import { DEFAULT_PARAMETERS, type Member, type Ring } from '@ringkeep/shared';
import { FakeRing } from '../../client/test/fake-ring';
import { runCli } from '../src/cli';
import { run, type CommandOutcome } from './terminal';

let fake: FakeRing;

beforeEach(async () => {
  fake = await FakeRing.start({ nodes: 3 });
});

afterEach(() => fake.stop());

/** Each arc's in-sync members by index, the owner first, and the members' states. */
function become(arcs: readonly (readonly number[])[], states: readonly Member['state'][] = []): void {
  const ring = fake.ring;
  const id = (index: number): Member['id'] => fake.node(index).id;
  const next: Ring = {
    ...ring,
    version: ring.version + 1,
    parameters: DEFAULT_PARAMETERS,
    members: ring.members.map((member, index) => ({ ...member, state: states[index] ?? 'active' })),
    arcs: ring.arcs.map((arc, index) => {
      const inSync = (arcs[index] as readonly number[]).map(id);
      return { ...arc, primary: inSync[0] as Member['id'], inSync };
    }),
  };
  fake.announce(next);
}

const WHOLE = [
  [0, 1, 2],
  [1, 2, 0],
  [2, 0, 1],
];

function cli(...args: string[]): Promise<CommandOutcome> {
  return run(['--node', fake.node(0).address, ...args]);
}

const lastLine = ({ stdout }: CommandOutcome): string => stdout.trimEnd().split('\n').at(-1) as string;

test.each<[string, number[][], Member['state'][], number, RegExp]>([
  ['healthy', WHOLE, [], 0, /^healthy$/],
  [
    'degraded, and being repaired',
    [
      [0, 1],
      [1, 2, 0],
      [2, 0],
    ],
    [],
    4,
    /^degraded: 2 of 3 arcs have 2 of 3 copies, being repaired$/,
  ],
  [
    'degraded, with a node down',
    [
      [0, 1],
      [1, 0],
      [0, 1],
    ],
    ['active', 'active', 'dead'],
    4,
    /^degraded: 3 of 3 arcs have 2 of 3 copies; waits for http:\/\/\S+, which is down$/,
  ],
  [
    'unavailable',
    [[0, 1], [1, 0], [2]],
    ['active', 'active', 'dead'],
    5,
    /^unavailable: 1 of 3 arcs cannot be used: no copy runs; waits for http:\/\/\S+, which is down$/,
  ],
])('ring and nodes say that it is %s, with an exit code', async (_what, arcs, states, code, words) => {
  become(arcs, states);
  for (const command of ['ring', 'nodes']) {
    const outcome = await cli(command);
    expect(outcome.code).toBe(code);
    expect(lastLine(outcome)).toMatch(words);
  }
  const json = await cli('ring', '--json');
  expect(json.code).toBe(code);
  const { status, arcs: told } = JSON.parse(json.stdout);
  expect(status).toMatchObject({
    state: status.text.split(':')[0],
    copiesWanted: 3,
  });
  expect(status.text).toMatch(words);
  expect(told.map((arc: { copies: number; wanted: number }) => [arc.copies, arc.wanted])).toEqual(
    arcs.map((inSync) => [inSync.filter((member) => states[member] !== 'dead').length, 3]),
  );
  expect((await cli('nodes', '--json')).code).toBe(code);
});

test('an owner that does not serve its arc yet makes the ring unavailable', async () => {
  become(WHOLE);
  fake.node(1).closed = true;
  const outcome = await cli('ring');
  expect(outcome.code).toBe(5);
  expect(outcome.stdout).toMatch(/ {2}3 of 3 {2}not open$/m);
  expect(lastLine(outcome)).toBe('unavailable: 1 of 3 arcs cannot be used: being opened');
});

test('arcs that lack copies are listed, all of them when asked for', async () => {
  become([
    [0, 1],
    [1, 2, 0],
    [2, 0, 1],
  ]);
  expect((await cli('ring')).stdout).toMatch(/^arc +owner +copies\n\[0{16}, 5{16}\) +http:\S+ +2 of 3$/m);
  expect((await cli('ring', '--arcs')).stdout.match(/^\[.*\d of 3$/gm)).toHaveLength(3);
});

test('arcs that had more copies than they have are told to refuse writes', async () => {
  become([[0], [1], [2]], ['active', 'active', 'active']);
  const arcs = fake.ring.arcs.map((arc) => ({ ...arc, copiesReached: 3 }));
  fake.announce({ ...fake.ring, version: fake.ring.version + 1, arcs });
  const outcome = await cli('ring');
  expect(outcome.code).toBe(4);
  expect(outcome.stdout).toMatch(/ {2}1 of 3 {2}no writes: needs 2$/m);
  expect(lastLine(outcome)).toMatch(
    /, being repaired.*; writes refused on 3 arcs: 1 of 2 copies needed are in sync \(--min-copies\)$/,
  );
  expect(JSON.parse((await cli('ring', '--json')).stdout).status.arcsRefusingWrites).toBe(3);
});

test('nodes tells whose disk takes nothing new, and why', async () => {
  become(WHOLE);
  fake.node(1).roomLacking = 'the disk is nearly full';
  const outcome = await cli('nodes');
  expect(outcome.stdout.match(/ {2}no room /g)).toHaveLength(1);
  expect(outcome.stderr).toContain(
    `127.0.0.1:${fake.node(1).port} takes no new entries: the disk is nearly full`,
  );
});

test('a registry that cannot do all that it should makes the ring degraded, whatever else there is to say', async () => {
  become(WHOLE);
  fake.node(1).registryTrouble = 'the registry takes in nobody new (its disk is full)';
  for (const command of ['ring', 'nodes']) {
    const outcome = await cli(command);
    expect(outcome.code).toBe(4);
    expect(lastLine(outcome)).toBe('degraded: the registry takes in nobody new (its disk is full)');
  }
  expect(JSON.parse((await cli('ring', '--json')).stdout).status).toMatchObject({
    state: 'degraded',
    registryTrouble: 'the registry takes in nobody new (its disk is full)',
  });
  become([
    [0, 1],
    [1, 2, 0],
    [2, 0, 1],
  ]);
  expect(lastLine(await cli('ring'))).toMatch(
    /^degraded: 1 of 3 arcs have 2 of 3 copies, being repaired.*; the registry takes in nobody new/,
  );
});

test('a silent node is told of, and the ring judged as the registry sees it', async () => {
  become(WHOLE);
  fake.node(2).kill();
  expect(await cli('ring')).toMatchObject({ code: 0 });
  const outcome = await cli('nodes');
  expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining('did not answer') });
  expect(lastLine(outcome)).toBe('healthy');
});

test('--watch tells each change, ends when it is interrupted, and with the code of what it saw last', async () => {
  become(WHOLE);
  const [stdout, stderr] = [new PassThrough({ encoding: 'utf8' }), new PassThrough()];
  const enough = new AbortController();
  const terminal = { stdin: Readable.from([]), stdout, stderr, env: { NODE_ADDRESS: fake.node(0).address } };
  const ended = runCli(['ring', '--watch'], terminal, enough.signal);
  const lines = stdout[Symbol.asyncIterator]();
  expect((await lines.next()).value).toMatch(/^\S+Z healthy\n$/);
  become([
    [0, 1],
    [1, 2, 0],
    [2, 0, 1],
  ]);
  expect((await lines.next()).value).toMatch(
    /^\S+Z degraded: 1 of 3 arcs have 2 of 3 copies, being repaired/,
  );
  enough.abort();
  expect(await ended).toBe(4);
});
