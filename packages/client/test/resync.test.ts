/** A part of the ring that is read anew while it changes: a mirror of it is right, whenever the pages come. */

import fc from 'fast-check';
import { position, positionBytes, ringKey, type Arc, type Bytes, type RingKey } from '@ringkeep/shared';
import type { ToldChange } from '@ringkeep/shared/operations';
import { Resync } from '../src/core';

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
/** The ring is wider than the range that is read: it runs through zero, and leaves out `c`. */
const PLACES = new Map(NAMES.map((name, index) => [name, BigInt(index) * 2n ** 61n]));
const RANGE: Arc = { start: position(3n * 2n ** 61n), end: position(2n * 2n ** 61n) };
const placed = (key: Bytes): RingKey => ringKey(positionBytes(position(PLACES.get(key) as bigint)), key);

const steps = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('write' as const),
      name: fc.constantFrom(...NAMES),
      deletes: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('tell' as const) }),
    fc.record({ kind: fc.constant('ask' as const) }),
    fc.record({ kind: fc.constant('answer' as const) }),
    fc.record({ kind: fc.constant('fail' as const) }),
  ),
  { maxLength: 60 },
);

test('the mirror is the store at the end, and is told no change before what it follows', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const store = new Map<string, number>(NAMES.map((name) => [name, 1]));
      const mirror = new Map<string, number>();
      let seq = 1;
      let untold: ToldChange[] = [];
      let page: { from: Bytes; seq: number; entries: [string, number][] } | undefined;
      const resync = new Resync(RANGE, placed);
      const take = (changes: readonly ToldChange[]): void => {
        for (const { key, kind, version } of changes) {
          expect(version).toBeGreaterThan(mirror.get(key) ?? 0);
          if (kind === 'put') mirror.set(key, version);
          else mirror.delete(key);
        }
      };
      const tell = (): void => {
        take(resync.pass(untold));
        untold = [];
      };
      const ask = (): void => {
        const from = page === undefined ? resync.ask() : undefined;
        if (from === undefined) return;
        const entries = [...store].filter(([name]) => placed(name as Bytes) >= from);
        entries.sort(([a], [b]) => (placed(a as Bytes) < placed(b as Bytes) ? -1 : 1));
        page = { from, seq, entries };
      };
      /** Pages of one entry: the next one begins behind it. */
      const answer = (): void => {
        if (page === undefined) return;
        const [first, second] = page.entries;
        const isOf = first !== undefined && holds(placed(first[0] as Bytes));
        const next = second && placed(second[0] as Bytes);
        if (first && isOf) mirror.set(first[0], first[1]);
        take(resync.read(page.seq, next));
        page = undefined;
      };
      for (const step of taken) {
        if (step.kind === 'write') {
          seq++;
          const kind = step.deletes ? 'delete' : 'put';
          if (step.deletes) store.delete(step.name);
          else store.set(step.name, seq);
          untold.push({ kind, key: step.name as Bytes, value: undefined, version: seq });
        } else if (step.kind === 'tell') tell();
        else if (step.kind === 'ask') ask();
        else if (step.kind === 'answer') answer();
        else if (page !== undefined) {
          page = undefined;
          resync.failed();
        }
      }
      for (let i = 0; i < 20; i++) {
        ask();
        answer();
        tell();
      }
      const within = (entries: Iterable<readonly [string, number]>): unknown =>
        [...entries].filter(([name]) => holds(placed(name as Bytes))).sort();
      expect(within(mirror)).toEqual(within(store));
      expect(resync.isOverWith(RANGE, seq)).toBe(true);
    }),
  );
});

function holds(key: RingKey): boolean {
  return key >= positionBytes(RANGE.start) || key < positionBytes(RANGE.end);
}
