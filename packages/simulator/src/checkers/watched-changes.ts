/**
 * What one watcher was told of a simulated ring: every change of each key once and in order, and none that never happened.
 *
 * Values that clients write are unlike each other, so an acknowledged set that the watcher should have been told is
 * recognised by its value. Where changes were lost it is not judged what was written until the watch has begun again.
 */

import { arcContains, positionOf, type Arc, type Bytes, type RingKey } from '@ringkeep/shared';
import type { ToldChange } from '@ringkeep/shared/operations';
import type { HistoryOperation, Value } from '@ringkeep/checker/core';
import type { Failure } from './failure';

const CHECKER = 'watches';

interface WatchedKey {
  readonly placed: RingKey;
  version: number;
  /** Undefined as long as nothing was told of it since the watch has begun, or since changes were lost. */
  value: Value | undefined;
  readonly told: Set<string>;
  /** What was written from then on must be told. */
  judgedFrom: number;
}

export class WatchedChanges {
  private readonly keys = new Map<string, WatchedKey>();
  lost = 0;
  events = 0;

  constructor(
    private readonly name: string,
    keys: ReadonlyMap<Bytes, RingKey>,
  ) {
    for (const [key, placed] of keys)
      this.keys.set(key, { placed, version: 0, value: undefined, told: new Set(), judgedFrom: Infinity });
  }

  /** Everything of a range up to some number. */
  told(range: Arc, changes: readonly ToldChange[], nowMs: number): Failure | undefined {
    for (const change of changes) {
      const key = this.keys.get(change.key);
      if (key === undefined) return this.failure(`was told of ${change.key}, which nobody writes`);
      this.events++;
      if (change.version <= key.version)
        return this.failure(
          `was told ${change.kind} ${change.version} of ${change.key} after ${key.version}`,
        );
      key.version = change.version;
      key.value = change.value ?? null;
      if (change.value !== undefined) key.told.add(change.value);
    }
    for (const key of this.within(range)) key.judgedFrom = Math.min(key.judgedFrom, nowMs);
    return undefined;
  }

  lostChanges(range: Arc): void {
    this.lost++;
    for (const key of this.within(range)) {
      key.judgedFrom = Infinity;
      key.value = undefined;
      // Numbers of another history may come again.
      key.version = 0;
    }
  }

  /** What is missing or was never written, when it has been told everything. */
  check(history: readonly HistoryOperation[], last: ReadonlyMap<string, Value>): Failure | undefined {
    for (const operation of history) {
      if (operation.op !== 'set') continue;
      const key = this.keys.get(operation.key);
      if (key === undefined) continue;
      const { value, callMs, returnMs, client } = operation;
      if (operation.outcome === 'fail' && key.told.has(value))
        return this.failure(`was told ${value} of ${operation.key}, which client ${client} did not write`);
      const isDone = operation.outcome === 'ok' && operation.held !== false && returnMs !== null;
      if (isDone && callMs > key.judgedFrom && !key.told.has(value))
        return this.failure(`was not told ${value} of ${operation.key}, which client ${client} has written`);
    }
    for (const [name, value] of last) {
      const own = this.keys.get(name)?.value;
      if (own !== undefined && own !== value)
        return this.failure(`has ${own ?? 'nothing'} for ${name}, and the ring has ${value ?? 'nothing'}`);
    }
    return undefined;
  }

  private within(range: Arc): WatchedKey[] {
    return [...this.keys.values()].filter(({ placed }) => arcContains(range, positionOf(placed)));
  }

  private failure(text: string): Failure {
    return { checker: CHECKER, text: `${this.name} ${text}` };
  }
}
