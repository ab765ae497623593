import { HistoryRecorder, type Action, type HistoryOperation } from '@ringkeep/checker';
import { Random } from '@ringkeep/shared';
import { longestKeyOutage, longestSilenceMs } from '../../chaos/availability';
import { drawFaults, FAULT_KINDS, readKinds } from '../../chaos/faults';
import { lostWrites } from '../../chaos/lost-writes';

type Step = [action: Action, callMs: number, returnMs: number, outcome: 'ok' | 'fail' | 'unknown'];

function history(key: string, steps: readonly Step[]): readonly HistoryOperation[] {
  return steps.map(([action, callMs, returnMs, outcome], client) => ({
    ...action,
    client,
    key,
    callMs,
    returnMs,
    outcome,
  }));
}

const set = (value: string): Action => ({ op: 'set', value });

test('an acknowledged write is lost when only an older value is found', () => {
  const told = history('k', [
    [set('a'), 0, 1, 'ok'],
    [set('b'), 2, 3, 'ok'],
  ]);
  expect(lostWrites(told, [['k', 'b']])).toEqual([]);
  expect(lostWrites(told, [['k', 'a']]).map(({ write }) => write)).toEqual([told[1]]);
  expect(lostWrites(told, [['k', null]])).toHaveLength(2);
  expect(lostWrites(told, [['k', 'never written']])).toHaveLength(2);
});

test('of writes at the same time either may be the last', () => {
  const told = history('k', [
    [set('a'), 0, 5, 'ok'],
    [set('b'), 2, 3, 'ok'],
  ]);
  expect(lostWrites(told, [['k', 'a']])).toEqual([]);
  expect(lostWrites(told, [['k', 'b']])).toEqual([]);
});

test('a write or delete of unknown outcome may take effect late, a failed one never', () => {
  const told = history('k', [
    [set('late'), 0, 1, 'unknown'],
    [set('a'), 2, 3, 'ok'],
    [set('never'), 4, 5, 'fail'],
  ]);
  expect(lostWrites(told, [['k', 'late']])).toEqual([]);
  expect(lostWrites(told, [['k', 'never']])).toHaveLength(1);
  const deleted = [...told, ...history('k', [[{ op: 'delete' }, 1, 2, 'unknown']])];
  expect(lostWrites(deleted, [['k', null]])).toEqual([]);
});

test('a key that was never written is rightly absent', () => {
  const recorder = new HistoryRecorder();
  recorder.fail(recorder.call(1, 'k', set('a'), 0), 1);
  expect(lostWrites(recorder.history(), [['k', null]])).toEqual([]);
});

test('an outage lasts from the first call after a success to the next success', () => {
  const told = [
    ...history('k', [
      [set('a'), 0, 1, 'ok'],
      [set('b'), 10, 14, 'fail'],
      [set('c'), 13, 19, 'unknown'],
      [{ op: 'get' }, 18, 30, 'ok'],
    ]),
    ...history('other', [[{ op: 'get' }, 20, 22, 'ok']]),
  ];
  expect(longestKeyOutage(told)).toEqual({ key: 'k', forMs: 20, fromMs: 10 });
  expect(longestSilenceMs(told)).toBe(21);
});

test('time in which nobody asked for the key is no outage', () => {
  const asked = (again: number): readonly HistoryOperation[] =>
    history('k', [
      [set('a'), 10, 14, 'fail'],
      [{ op: 'get' }, 16, 17, 'fail'],
      [{ op: 'get' }, 50, again, 'ok'],
    ]);
  expect(longestKeyOutage(asked(52))).toEqual({ key: 'k', forMs: 7, fromMs: 10 });
  expect(longestKeyOutage(asked(60))).toEqual({ key: 'k', forMs: 10, fromMs: 50 });
});

test('without operations there is no outage', () => {
  expect(longestKeyOutage([])).toBeUndefined();
  expect(longestSilenceMs([])).toBe(0);
});

test('the same seed draws the same faults, each undone before the end, and many seeds draw every kind', () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 50; seed++) {
    const faults = drawFaults(new Random(seed), 120_000, 5);
    expect(faults).toEqual(drawFaults(new Random(seed), 120_000, 5));
    expect(faults.length).toBeGreaterThan(5);
    for (const { kind, atMs, forMs } of faults) {
      seen.add(kind);
      expect(atMs + forMs).toBeLessThanOrEqual(120_000);
    }
  }
  expect([...seen].sort()).toEqual(Object.keys(FAULT_KINDS).sort());
});

test('kinds of faults are chosen by name and by family, and only those are drawn', () => {
  expect(readKinds('cut,power-cut,cut')).toEqual(['cut', 'power-cut']);
  expect([...readKinds('old'), ...readKinds('new')]).toEqual(readKinds('all'));
  expect(readKinds('all')).toEqual(Object.keys(FAULT_KINDS));
  expect(() => readKinds('cut,powercut')).toThrow(
    /there is no fault "powercut"; the faults are all, new, old, kill/,
  );
  const drawn = drawFaults(new Random(1), 120_000, 5, readKinds('cut,sleep')).map(({ kind }) => kind);
  expect([...new Set(drawn)].sort()).toEqual(['cut', 'sleep']);
});
