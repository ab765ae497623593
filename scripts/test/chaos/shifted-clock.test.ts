/** A process with shifted clocks, as a node of a chaos run has them; needs what `npm run build` made of the scripts. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClockOrder } from '../../chaos/shifted-clock';
import { compiled } from '@ringkeep/local-ring';

/** Says after each order by how much each clock has gone on, in milliseconds. */
const PROGRAM = `
  const { uptime } = require('node:os');
  const read = () => [Date.now(), new Date().getTime(), performance.now(), Number(process.hrtime.bigint()) / 1e6, uptime() * 1e3];
  let before = read();
  require('node:net').createServer().listen(0, '127.0.0.1');
  process.on('message', () => {
    const now = read();
    process.send(now.map((at, index) => at - before[index]));
    before = now;
  });
`;

test('clocks are set forward and back, and stand still in a sleep', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ringkeep-clock-'));
  const program = join(folder, 'program.js');
  await writeFile(program, PROGRAM);
  const child = fork(program, { execArgv: ['--require', compiled('scripts/dist/chaos/shifted-clock.js')] });
  const after = async (order: ClockOrder): Promise<number[]> => {
    child.send(order);
    const [passed] = (await once(child, 'message')) as [number[]];
    return passed.map((ms) => Math.round(ms / 3_600_000));
  };
  try {
    expect(await after({ setMs: 3_600_000 })).toEqual([1, 1, 0, 0, 0]);
    expect(await after({ setMs: -7_200_000 })).toEqual([-2, -2, 0, 0, 0]);
    child.send({ sleepMs: 300, uptimeGoesOn: true } satisfies ClockOrder);
    const [wall, , running, hrtime, uptime] = (await once(child, 'message'))[0] as number[];
    expect(wall).toBeGreaterThanOrEqual(295);
    expect(uptime).toBeGreaterThanOrEqual(280);
    expect(wall! - running!).toBeGreaterThanOrEqual(295);
    expect(wall! - hrtime!).toBeGreaterThanOrEqual(295);
    child.send({ sleepMs: 300, uptimeGoesOn: false } satisfies ClockOrder);
    const paused = (await once(child, 'message'))[0] as number[];
    expect(paused[0]! - paused[4]!).toBeGreaterThanOrEqual(270);
  } finally {
    child.kill('SIGKILL');
    await rm(folder, { recursive: true });
  }
});
