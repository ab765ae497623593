/**
 * Whoever leaves out a rule of the protocol is found out. That it is the rule whose absence is found, since the same run
 * passes with it, `npm run simulate -- --planted` shows, which takes twice as long.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PLANTED_BUGS, RULES, SECOND_GUARDS } from '../src';
import { SimulatorThread } from './support/runs';

let simulator: SimulatorThread;

beforeAll(() => {
  simulator = new SimulatorThread();
});
afterAll(() => simulator.end());

test('every rule that can be left out is planted as a bug, or stands behind one that is', () => {
  const planted = PLANTED_BUGS.map(({ rule }) => rule);
  expect([...planted, ...SECOND_GUARDS].sort()).toEqual([...RULES].sort());
});

test('every row of section 9 of the protocol is planted as a bug', () => {
  const text = readFileSync(join(__dirname, '../../../docs/PROTOCOL.md'), 'utf8');
  const section = text.split(/^## /m).find((each) => each.startsWith('9 ')) ?? '';
  const rows = section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) => line.split('|')[1]?.trim());
  expect(rows.length).toBeGreaterThan(15);
  expect(new Set(PLANTED_BUGS.flatMap(({ row = [] }) => row))).toEqual(new Set(rows));
});

test.each(PLANTED_BUGS.map((bug) => [bug.rule, bug] as const))(
  'without %s a run fails',
  async (rule, { seed, focus }) => {
    expect((await simulator.run(seed, { focus }, { leftOut: rule })).failure).toBeDefined();
  },
);
