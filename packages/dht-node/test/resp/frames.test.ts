/** How much of one arc is under way: what an arc would refuse waits at the door. */

import type { ArcConfig, RingKey } from '@ringkeep/shared';
import { OperationType, type Operation, type OperationResult } from '@ringkeep/shared/operations';
import { Frames, type FrameSink } from '../../src/doors/resp/asking/frames';
import { WRITES_UNDER_WAY_MAX } from '../../src/doors/resp/limits';

const DONE: OperationResult = { ok: true, value: undefined };
const ARCS = { a: {}, b: {} } as unknown as Readonly<Record<string, ArcConfig>>;

class HeldSink implements FrameSink {
  readonly asked: { readonly operations: readonly Operation[]; readonly answer: () => void }[] = [];
  readonly core = { view: { version: 1, arcOfKey: (key: string) => ARCS[key[0] as string] } };

  query(operations: readonly Operation[], _: unknown, answer: Parameters<FrameSink['query']>[2]): void {
    const results = operations.map(() => DONE);
    this.asked.push({ operations, answer: () => answer({ results, hops: 0, ring: undefined }) });
  }

  get operations(): number {
    return this.asked.reduce((sum, { operations }) => sum + operations.length, 0);
  }
}

function writeTo(arc: string): Operation {
  return { type: OperationType.delete, key: `${arc}2345678key` as RingKey };
}

test('writes of an arc beyond the limit are asked when those before them are answered, and reads at once', () => {
  const sink = new HeldSink();
  let flush = (): void => undefined;
  const frames = new Frames(sink, (action) => (flush = action));
  let answered = 0;
  const note = { answered: () => void answered++ };
  const wanted = 3 * WRITES_UNDER_WAY_MAX;
  for (let i = 0; i < wanted; i++) frames.ask(writeTo('a'), note);
  expect(sink.operations).toBe(WRITES_UNDER_WAY_MAX);
  frames.ask(writeTo('b'), note);
  frames.ask({ type: OperationType.get, key: 'a2345678key' as RingKey }, note);
  flush();
  expect(sink.operations).toBe(WRITES_UNDER_WAY_MAX + 2);
  let most = 0;
  while (sink.asked.length > 0) {
    most = Math.max(most, sink.operations);
    sink.asked.shift()?.answer();
  }
  expect(answered).toBe(wanted + 2);
  expect(most).toBeLessThanOrEqual(WRITES_UNDER_WAY_MAX + 2);
});
