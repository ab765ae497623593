/**
 * A client that watches everything throughout, and what it finds wrong: a change that was told twice or out of order, and
 * an acknowledged write that was not told although the watch has not said that changes are missing.
 */

import type { RingChanges } from '@ringkeep/client';
import { type RingClient } from '@ringkeep/client';
import { arcContains } from '@ringkeep/shared/ring/arc';
import { parsePosition } from '@ringkeep/shared/ring/position';
import { positionOf } from '@ringkeep/shared/ring/ring-key';
import { ringKeyOf } from '@ringkeep/shared/operations';
import type { Bytes } from '@ringkeep/shared';
import type { HistoryOperation, Value } from '@ringkeep/checker';

/** The last changes are on their way. */
const CATCH_UP_MS = 10_000;
const LOOK_MS = 100;

interface WatchedKey {
  version: number;
  /** Undefined while nothing was told of it. */
  value: Value | undefined;
  readonly told: Set<string>;
  /** What was written later must be told. */
  judgedFromMs: number;
}

export class RecordedWatch {
  events = 0;
  /** Parts of the ring of which the watch has said that changes are missing. */
  saidToBeLost = 0;
  private readonly repeated: string[] = [];
  private readonly keys = new Map<string, WatchedKey>();
  private changes: RingChanges | undefined;
  private done: Promise<void> = Promise.resolve();

  constructor(keys: readonly string[]) {
    for (const key of keys)
      this.keys.set(key, { version: 0, value: undefined, told: new Set(), judgedFromMs: Infinity });
  }

  async start(client: RingClient): Promise<void> {
    const changes = client.watch();
    this.changes = changes;
    await changes.ready;
    for (const key of this.keys.values()) key.judgedFromMs = performance.now();
    this.done = this.follow(changes);
  }

  /** Waits until it has what each key held at the end, for a while. */
  async catchUp(last: ReadonlyMap<string, Value>): Promise<void> {
    const untilMs = performance.now() + CATCH_UP_MS;
    while (this.differing(last).length > 0 && performance.now() < untilMs)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }

  async stop(): Promise<void> {
    await this.changes?.return();
    await this.done;
  }

  /** Everything that is wrong, in words. */
  faults(history: readonly HistoryOperation[], last: ReadonlyMap<string, Value>): string[] {
    const untold = history.flatMap((operation) => {
      const key = this.keys.get(operation.key);
      if (operation.op !== 'set' || operation.outcome !== 'ok' || operation.held === false || !key) return [];
      const { value, callMs, client } = operation;
      if (callMs <= key.judgedFromMs || key.told.has(value)) return [];
      return [`${operation.key}: ${value} of client ${client} was not told`];
    });
    const differing = this.differing(last).map(
      (key) => `${key}: the last change that was told is not the last`,
    );
    return [...this.repeated, ...untold, ...differing];
  }

  private differing(last: ReadonlyMap<string, Value>): string[] {
    return [...last].flatMap(([key, value]) => {
      const own = this.keys.get(key)?.value;
      return own === undefined || own === value ? [] : [key];
    });
  }

  private async follow(changes: RingChanges): Promise<void> {
    for await (const event of changes) {
      this.events++;
      if (event.kind === 'lost') {
        this.lostWithin({ start: parsePosition(event.start), end: parsePosition(event.end) });
        continue;
      }
      const name = Buffer.from(event.key).toString();
      const key = this.keys.get(name);
      if (key === undefined) continue;
      if (event.version <= key.version)
        this.repeated.push(`${name}: ${event.kind} ${event.version} was told after ${key.version}`);
      key.version = event.version;
      key.value = event.value ? Buffer.from(event.value).toString() : null;
      if (key.value !== null) key.told.add(key.value);
    }
  }

  private lostWithin(range: Parameters<typeof arcContains>[0]): void {
    this.saidToBeLost++;
    for (const [name, key] of this.keys) {
      if (!arcContains(range, positionOf(ringKeyOf(name as Bytes)))) continue;
      // What was under way may lie on either side of the gap.
      key.judgedFromMs = performance.now();
      key.value = undefined;
      key.version = 0;
    }
  }
}
