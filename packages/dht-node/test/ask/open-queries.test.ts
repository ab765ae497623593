/** What observers hear of queries: each of their operations once, whatever becomes of it. */

import { type Bytes } from '@ringkeep/shared';
import { OperationType, ringKeyOf, type Operation } from '@ringkeep/shared/operations';
import { OPERATIONS_UNDER_WAY_MAX } from '../../src/ask/admission';
import { OpenQueries, type QueryOptions } from '../../src/ask/open-queries';
import type { AnsweredOperations } from '../../src/observing/node-observer';

const read: Operation = { type: OperationType.get, key: ringKeyOf('key' as Bytes) };
const write: Operation = { type: OperationType.set, key: ringKeyOf('key' as Bytes), value: 'value' as Bytes };
const OPTIONS: QueryOptions = {
  door: 'test',
  hops: 0,
  deadlineMs: 1_000,
  ringVersion: 1,
  direct: false,
  bytes: 16,
  inFrame: true,
};

let nowMs: number;
let queries: OpenQueries;
let heard: AnsweredOperations[];
let abandoned: number;
let answers: number;
beforeEach(() => {
  [nowMs, heard, abandoned, answers] = [0, [], 0, 0];
  queries = new OpenQueries(() => nowMs);
  queries.observe({
    answered: (fact) => heard.push(fact),
    abandoned: ({ operations }) => (abandoned += operations),
  });
});

const open = (request: number, operations: readonly Operation[]): boolean =>
  queries.open(request, operations, OPTIONS, nowMs, () => answers++);

test('an answer is told with how long it took, after whoever asked has it', () => {
  queries.observe({
    answered: (fact) => {
      expect(answers).toBe(1);
      heard.push(fact);
    },
  });
  open(1, [read]);
  nowMs = 7;
  const results = [{ ok: true, value: undefined }] as const;
  queries.answer(1, { results, hops: 1, ring: undefined });
  queries.answer(1, { results, hops: 1, ring: undefined });
  expect(heard).toEqual([
    {
      door: 'test',
      operations: [read],
      results,
      hops: 0,
      requestBytes: 16,
      durationMs: 7,
      refusal: undefined,
    },
  ]);
});

test('what is not admitted is told once, with the reason', () => {
  expect(
    open(
      1,
      Array.from({ length: OPERATIONS_UNDER_WAY_MAX }, () => read),
    ),
  ).toBe(true);
  expect(open(2, [write])).toBe(false);
  queries.giveUp(2);
  queries.giveUp(2);
  expect(heard.map(({ refusal, results }) => [refusal, results])).toEqual([
    ['too much under way', [expect.objectContaining({ code: 'RESOURCE_EXHAUSTED' })]],
  ]);
});

test('of what a caller cancels no answer is told, and of the rest one when the node stops', () => {
  open(1, [read, read]);
  open(2, [read, write]);
  queries.cancel(1);
  queries.close();
  open(3, [write]);
  queries.giveUpAll();
  expect(abandoned).toBe(2);
  expect(
    heard.map(({ refusal, results }) => [refusal, results.map((each) => (each.ok ? 'ok' : each.code))]),
  ).toEqual([
    [undefined, ['UNAVAILABLE', 'OUTCOME_UNKNOWN']],
    ['stopping', ['UNAVAILABLE']],
  ]);
});

test('what is under way is what is neither answered nor cancelled', () => {
  open(1, [read, read]);
  open(2, [write]);
  expect(queries.underWay).toMatchObject({ operations: 3, bytes: 32 });
  queries.cancel(1);
  expect(queries.underWay).toMatchObject({ operations: 1, bytes: 16 });
});
