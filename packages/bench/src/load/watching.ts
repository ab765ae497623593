/** The watches of a load generator: how many events come, and when. */

/**
 * The watches of a load generator: how many events come, and when.
 */

import { invariant } from '@ringkeep/shared';
import type { Target, Watching } from '../targets/target';
import { stampOf } from './now-ms';
import { StampedTimes, type StampedList } from './stamped-times';

export interface WatchSample {
  readonly events: number;
  readonly seconds: number;
  readonly clientCpuUs: number;
  /** When the values came. */
  readonly told: StampedList;
}

/** Watches under way; what comes is counted from `count` on. */
export class Watches {
  private times = new StampedTimes();
  private countedFromMs = 0;
  private cpu = process.cpuUsage();

  private constructor(private readonly open: Watching[]) {}

  /** One for each prefix, all of one target. */
  static async start(target: Target, prefixes: readonly string[]): Promise<Watches> {
    const { watch } = target;
    invariant(watch, 'only those are asked that offer it');
    const watches = new Watches([]);
    const told = (value: Buffer): void => watches.times.note(stampOf(value));
    watches.open.push(...(await Promise.all(prefixes.map((prefix) => watch(prefix, undefined, told)))));
    return watches;
  }

  count(): void {
    this.times = new StampedTimes();
    this.countedFromMs = performance.now();
    this.cpu = process.cpuUsage();
  }

  async stop(): Promise<WatchSample> {
    const { list: told } = this.times;
    const seconds = (performance.now() - this.countedFromMs) / 1_000;
    const { user, system } = process.cpuUsage(this.cpu);
    await Promise.all(this.open.map((watching) => watching.close()));
    return { events: told.length / 2, seconds, clientCpuUs: user + system, told };
  }
}

/** From where on one watch is told what follows. */
export async function watchedFrom(target: Target): Promise<string> {
  invariant(target.watch, 'only those are asked that offer it');
  const watching = await target.watch('', undefined, () => undefined);
  await watching.close();
  return watching.since;
}

/** One watch goes on from there, as fast as it is told, until so many events have come. @returns seconds */
export async function catchUp(target: Target, since: string, events: number): Promise<number> {
  const { watch } = target;
  invariant(watch, 'only those are asked that offer it');
  let left = events;
  let allCame = (): void => undefined;
  const all = new Promise<void>((resolve) => (allCame = resolve));
  const beganAtMs = performance.now();
  const watching = await watch('', since, () => {
    if (--left === 0) allCame();
  });
  await all;
  const seconds = (performance.now() - beganAtMs) / 1_000;
  await watching.close();
  return seconds;
}
