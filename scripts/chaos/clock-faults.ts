/** Clocks of single nodes that are set, or stand still while their machine sleeps (shifted-clock.ts does it). */

import type { Random } from '@ringkeep/shared';
import { compiled } from '@ringkeep/local-ring';
import type { Fault } from './faults';
import type { Grounds } from './grounds';
import type { ClockOrder } from './shifted-clock';

/** Around the leases of a ring, and far beyond. */
const JUMPS_MS = [30, 400, 2_500, 60_000, 3_600_000];

/** What a node's environment needs so that its clocks can be shifted. */
export const CLOCK_ENV: Readonly<Record<string, string>> = {
  NODE_OPTIONS: `--require "${compiled('scripts/dist/chaos/shifted-clock.js')}"`,
};

/** The wall clock is wrong for a while, and set right again. */
export function jump(grounds: Grounds, fault: Fault, random: Random): Promise<void> {
  const jumpMs = random.pick(JUMPS_MS) * (random.chance(0.5) ? 1 : -1);
  return grounds.withNodes(fault, random, 'process', async (places) => {
    grounds.tell(`by ${jumpMs} ms`);
    for (const { process } of places) process?.send({ setMs: jumpMs } satisfies ClockOrder);
    await grounds.pause(fault.forMs);
    for (const { process } of places) process?.send({ setMs: -jumpMs } satisfies ClockOrder);
  });
}

/** A machine that sleeps, whose uptime goes on, or a virtual one that is paused, in which it stands still. */
export function sleep(grounds: Grounds, fault: Fault, random: Random): Promise<void> {
  const order: ClockOrder = { sleepMs: fault.forMs, uptimeGoesOn: random.chance(0.5) };
  return grounds.withNodes(fault, random, 'process', async (places) => {
    for (const { process } of places) process?.send(order);
    await grounds.pause(fault.forMs);
  });
}
