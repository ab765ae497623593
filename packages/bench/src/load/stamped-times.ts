/**
 * When something became of values, each known by the time at which it was made (now-ms.ts): so the process that writes
 * and the one that watches speak of the same writes.
 */

import { nowMs } from './now-ms';

/** Of each value, one after the other: when it was made and when this became of it, ms. */
export type StampedList = readonly number[];

export class StampedTimes {
  readonly list: number[] = [];

  note(stampMs: number): void {
    this.list.push(stampMs, nowMs());
  }
}

/** How long after the first the second became of the same values, ms; 0 where it came before. */
export function delaysBetween(first: StampedList, second: StampedList): number[] {
  const firsts = new Map<number, number>();
  for (let i = 0; i < first.length; i += 2) firsts.set(first[i] as number, first[i + 1] as number);
  const delays: number[] = [];
  for (let i = 0; i < second.length; i += 2) {
    const from = firsts.get(second[i] as number);
    if (from !== undefined) delays.push(Math.max(0, (second[i + 1] as number) - from));
  }
  return delays;
}
