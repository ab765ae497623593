/** What the search costs, and what it says when it may not cost more. */

import { Random } from '@ringkeep/shared';
import { checkHistory, judgeKey, type HistoryOperation } from '../src';
import { get, operation, set } from './support/history-builder';
import { playedHistory } from './support/random-histories';

const SHAPE = { clients: 64, values: 0, unknownShare: 0.02, previousShare: 0.5, casShare: 0, readShare: 0.5 };

/** Writes of a few values seen in an impossible order by nobody in particular: a search without end. */
function hardHistory(): HistoryOperation[] {
  const writes = Array.from({ length: 24 }, (_, at) => operation(at, set(`v${at % 12}`), 0, 100));
  const reads = Array.from({ length: 24 }, (_, at) =>
    operation(100 + at, get(`v${(at * 7) % 12}`), 2 * at + 1, 2 * at + 2),
  );
  const again = Array.from({ length: 12 }, (_, at) =>
    operation(200, get(`v${(at * 5) % 12}`), 60 + 2 * at, 61 + 2 * at),
  );
  return [...writes, ...reads, ...again];
}

test('100,000 operations of 64 clients on 4,000 keys take less than two steps each', () => {
  const history = playedHistory(new Random(1), { ...SHAPE, operations: 100_000, keys: 4_000 });
  const { verdict, steps, operations, keys } = checkHistory(history);
  expect({ verdict, operations }).toEqual({ verdict: 'linearizable', operations: 100_000 });
  expect(keys).toBeGreaterThan(3_000);
  expect(steps).toBeLessThan(200_000);
});

test('20,000 operations of 64 clients on one key, one in five of unknown outcome, need few steps', () => {
  const history = playedHistory(new Random(2), { ...SHAPE, operations: 20_000, keys: 1, unknownShare: 0.2 });
  const { verdict, steps } = checkHistory(history);
  expect(verdict).toBe('linearizable');
  expect(steps).toBeLessThan(1_000_000);
});

test('a stale read among 4,000 operations on one key is found and named', () => {
  const history = playedHistory(new Random(3), { ...SHAPE, operations: 4_000, keys: 1 });
  const reads = history.filter((each) => each.op === 'get' && each.outcome === 'ok' && each.value !== null);
  const [old, late] = [reads[400], reads[1_200]] as [HistoryOperation, HistoryOperation];
  const stale = { ...late, value: 'value' in old ? old.value : null } as HistoryOperation;
  const { verdict, failures } = checkHistory(history.map((each) => (each === late ? stale : each)));
  expect(verdict).toBe('not-linearizable');
  expect(failures[0]?.first).toBe(true);
  expect(failures[0]?.culprit).toBe(stale);
});

test('thousands of unknown writes that nobody saw cost nothing', () => {
  const unseen = Array.from({ length: 5_000 }, (_, at) => operation(at, set(`unseen ${at}`), at, undefined));
  const seen = Array.from({ length: 1_000 }, (_, at) => [
    operation(-1, set(`seen ${at}`), 10 * at, 10 * at + 1),
    operation(-2, get(`seen ${at}`), 10 * at + 2, 10 * at + 3),
  ]).flat();
  const { verdict, steps } = checkHistory([...unseen, ...seen]);
  expect(verdict).toBe('linearizable');
  expect(steps).toBeLessThan(10_000);
});

test('a search that may take no more steps is undecided, never wrong', () => {
  const limits = { stepsMax: 1_000, visitedBytesMax: 1 << 20 };
  expect(judgeKey(hardHistory(), null, limits)).toMatchObject({ verdict: 'undecided', reason: 'steps' });
});

test('a search that may take no more memory is undecided, never wrong', () => {
  const limits = { stepsMax: 1_000_000, visitedBytesMax: 1 << 12 };
  expect(judgeKey(hardHistory(), null, limits)).toMatchObject({ verdict: 'undecided', reason: 'memory' });
});

test('one key that fails outweighs others that are undecided', () => {
  const wrong = { ...operation(1, get('never written'), 0, 1), key: 'wrong' };
  const { verdict, undecided, failures } = checkHistory([...hardHistory(), wrong], {
    limits: { stepsMax: 1_000 },
  });
  expect(verdict).toBe('not-linearizable');
  expect(undecided.map(({ key }) => key)).toEqual(['k']);
  expect(failures.map(({ key }) => key)).toEqual(['wrong']);
});

test('no more keys are judged once enough have failed', () => {
  const history = Array.from({ length: 30 }, (_, at) => ({
    ...operation(1, get('never'), 0, 1),
    key: `key ${at}`,
  }));
  expect(checkHistory(history, { failuresMax: 3 }).failures).toHaveLength(3);
  expect(checkHistory(history).failures).toHaveLength(10);
});
