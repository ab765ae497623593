/** The checker against the definition, on thousands of small histories. */

import { Random } from '@ringkeep/shared';
import { judgeKey, type HistoryOperation, type Value } from '../src';
import { isLinearizable, provesLinearizable } from './support/naive-checker';
import { freeHistory, playedHistory } from './support/random-histories';

const HISTORIES = 4_000;
const FIRST_SEED = 1;

/** Judges, compares, checks the proof; throws the story of a disagreement. */
function compare(seed: number, history: readonly HistoryOperation[], initial: Value): boolean {
  const expected = isLinearizable(history, initial);
  const judgement = judgeKey(history, initial);
  const proven =
    judgement.verdict === 'linearizable'
      ? provesLinearizable(judgement.order, history, initial)
      : judgement.verdict === 'not-linearizable' && isCulprit(judgement.failure, initial);
  if (expected !== (judgement.verdict === 'linearizable') || !proven) {
    const story = history.map((each) => JSON.stringify(each)).join('\n');
    throw new Error(
      `seed ${seed}: ${judgement.verdict}, proven: ${proven}, by definition ${expected}\n${story}`,
    );
  }
  return expected;
}

/** True when what had been called at the culprit's return is right as long as the culprit may be left out. */
function isCulprit(
  failure: { culprit: HistoryOperation; operations: readonly HistoryOperation[]; first: boolean },
  initial: Value,
): boolean {
  const { culprit, operations, first } = failure;
  const endMs = culprit.returnMs ?? Infinity;
  const returnOf = ({ outcome, returnMs }: HistoryOperation): number =>
    outcome === 'unknown' ? Infinity : (returnMs ?? Infinity);
  // Of several that return at the same time any may be the one.
  const upTo = isLinearizable(operations, initial, (each) => returnOf(each) > endMs);
  const before = isLinearizable(operations, initial, (each) => returnOf(each) >= endMs);
  return first && !upTo && before;
}

test('it agrees with the definition on histories made up freely, and its proofs hold', () => {
  let good = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORIES; seed++) {
    const random = new Random(seed);
    const history = freeHistory(random, random.between(1, 6));
    if (compare(seed, history, random.chance(0.5) ? null : 'a')) good++;
  }
  // Both verdicts are well represented, or the comparison would say little.
  expect(good).toBeGreaterThan(HISTORIES / 5);
  expect(good).toBeLessThan((HISTORIES * 4) / 5);
});

test('it agrees with the definition on histories that were played and then spoilt', () => {
  let good = 0;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + HISTORIES; seed++) {
    const random = new Random(seed);
    const history = playedHistory(random, {
      operations: random.between(4, 7),
      clients: random.between(2, 7),
      keys: 1,
      values: random.pick([0, 2]),
      unknownShare: 0.3,
      previousShare: random.pick([0, 0.5, 1]),
      casShare: 0.2,
      readShare: 0.4,
    });
    if (random.chance(0.8)) spoil(random, history);
    if (compare(seed, history, null)) good++;
  }
  expect(good).toBeGreaterThan(HISTORIES / 5);
  expect(good).toBeLessThan((HISTORIES * 4) / 5);
});

/** Gives an operation the result of another one, or makes one fail that did not. */
function spoil(random: Random, history: HistoryOperation[]): void {
  const at = random.below(history.length);
  const victim = history[at] as HistoryOperation;
  if (random.chance(0.2)) history[at] = { ...victim, outcome: 'fail' };
  const written = history.flatMap((each) => ('value' in each && each.value ? [each.value] : []));
  const value = written.length === 0 ? null : random.pick([...written, null]);
  if (victim.op === 'get') history[at] = { ...victim, value };
  else if (victim.op === 'transact') history[at] = { ...victim, told: [{ value }] };
  else if (victim.op !== 'expiry') history[at] = { ...victim, previous: value };
}
