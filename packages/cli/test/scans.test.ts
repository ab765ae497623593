import { TestRing } from '../../dht-node/test/ring/test-ring';
import { run, type CommandOutcome } from './terminal';

let ring: TestRing;
beforeAll(async () => {
  ring = await TestRing.start({ replicationFactor: 1 });
  await ring.addNode();
  for (let i = 0; i < 5; i++) await ring.nodes[0]!.set(`{cart}${i}`, `value ${i}`);
  await ring.nodes[0]!.set('other', Buffer.of(0xff));
});
afterAll(() => ring.stop());

const cli = (...args: string[]): Promise<CommandOutcome> => run(['--node', ring.nodes[0]!.address, ...args]);

test('keys and scan print an entry a line', async () => {
  expect(await cli('keys', '--tag', 'cart')).toEqual({
    code: 0,
    stdout: '{cart}0\n{cart}1\n{cart}2\n{cart}3\n{cart}4\n',
    stderr: '',
  });
  expect((await cli('scan', '--prefix', '{cart}3')).stdout).toBe('{cart}3\tvalue 3\n');
  const all = (await cli('keys')).stdout.trimEnd().split('\n');
  expect(all.sort()).toEqual(['other', '{cart}0', '{cart}1', '{cart}2', '{cart}3', '{cart}4']);
});

test('with --json each line is an entry', async () => {
  const { stdout } = await cli('--json', 'scan', '--prefix', 'oth');
  expect(JSON.parse(stdout)).toEqual({
    key: 'other',
    keyEncoding: 'utf8',
    value: '/w==',
    encoding: 'base64',
    version: 6,
  });
  expect(JSON.parse((await cli('--json', 'keys', '--prefix', 'oth')).stdout)).toEqual({
    key: 'other',
    keyEncoding: 'utf8',
    version: 6,
  });
});

test('what a limit leaves is printed from the place that it told', async () => {
  const first = await cli('keys', '--tag', 'cart', '--limit', '3');
  expect(first.stdout).toBe('{cart}0\n{cart}1\n{cart}2\n');
  const [, place] = /go on with --after ([0-9a-f]+)/.exec(first.stderr) as unknown as [string, string];
  expect(await cli('keys', '--tag', 'cart', '--after', place)).toMatchObject({
    stdout: '{cart}3\n{cart}4\n',
    stderr: '',
  });
});

test('range prints a tag in the order of its keys, or against it', async () => {
  const { stdout } = await cli('range', '--tag', 'cart', '--from', '{cart}1', '--to', '{cart}4', '--reverse');
  expect(stdout).toBe('{cart}3\tvalue 3\n{cart}2\tvalue 2\n{cart}1\tvalue 1\n');
  expect(await cli('range')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('--key-index') as string,
  });
});

test.each([
  [['--limit', '0'], '--limit must be an integer from 1'],
  [['--after', 'there'], '"there" is no place of a scan'],
  [['--tag', ''], 'a tag has 1 byte or more'],
])('keys %j is refused', async (args, text) => {
  expect(await cli('keys', ...args)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(text) as string,
  });
});
