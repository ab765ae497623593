/** Is memory flat? The median of each minute against that of the third: what a node takes once it is warm. */

import { spreadOf } from './spread';

export interface MemorySample {
  readonly node: number;
  readonly seconds: number;
  readonly bytes: number;
}

export interface MemoryVerdict {
  readonly minutes: readonly { readonly minute: number; readonly node: number; readonly mebibytes: number }[];
  /** The largest departure from the third minute, as a share; undefined when there is none to compare. */
  readonly departure: number | undefined;
  readonly text: string;
}

/** Minutes that a node is given to become warm. */
const WARM_MINUTES = 2;
const DEPARTURE_MOST = 0.1;

export function judgeMemory(samples: readonly MemorySample[]): MemoryVerdict {
  const groups = new Map<string, MemorySample[]>();
  for (const sample of samples) {
    const id = `${sample.node} ${Math.floor(sample.seconds / 60)}`;
    groups.set(id, [...(groups.get(id) ?? []), sample]);
  }
  const minutes = [...groups.values()].map((group) => ({
    minute: Math.floor((group[0] as MemorySample).seconds / 60) + 1,
    node: (group[0] as MemorySample).node,
    mebibytes: spreadOf(group.map(({ bytes }) => bytes)).median / 2 ** 20,
  }));
  const departures = minutes.flatMap(({ minute, node, mebibytes }) => {
    const base = minutes.find((other) => other.node === node && other.minute === WARM_MINUTES + 1);
    return base && minute > base.minute ? [Math.abs(mebibytes / base.mebibytes - 1)] : [];
  });
  if (departures.length === 0) return { minutes, departure: undefined, text: 'too short to tell' };
  const departure = Math.max(...departures);
  const flat = departure <= DEPARTURE_MOST;
  const text = `memory after minute ${WARM_MINUTES} is ${flat ? 'flat' : 'NOT flat'}: at most ${(departure * 100).toFixed(1)} % from minute ${WARM_MINUTES + 1} (bound ${DEPARTURE_MOST * 100} %)`;
  return { minutes, departure, text };
}
