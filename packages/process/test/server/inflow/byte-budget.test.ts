import { ByteBudget, STANDSTILL_MS, type Holding } from '@ringkeep/process/server';

const MAX = 1_000;

/** A budget, and holdings that end as a call does: what they hold is gone then. */
function subject() {
  const budget = new ByteBudget(MAX);
  const ended: string[] = [];
  const open = (name: string, there: number, nowMs = 0, here = 0): Holding => {
    const holding: Holding = budget.open(() => {
      ended.push(name);
      holding.close();
    });
    holding.set({ here, there }, nowMs);
    return holding;
  };
  return { budget, ended, open };
}

test('while half of the budget is free nobody is ended, however still they stand', () => {
  const { budget, ended, open } = subject();
  open('a', 500);
  budget.relieve(1_000_000);
  expect([ended, budget.bytes, budget.isFull]).toEqual([[], 500, false]);
});

test('with more than half of it taken, callers that stand still are ended, and those that move are not', () => {
  const { budget, ended, open } = subject();
  open('still', 300);
  const reader = open('reads', 200);
  const steady = open('reads as much as comes', 100);
  reader.set({ here: 0, there: 150 }, STANDSTILL_MS);
  steady.moved(STANDSTILL_MS);
  budget.relieve(STANDSTILL_MS - 1);
  expect(ended).toEqual([]);
  budget.relieve(STANDSTILL_MS);
  expect([ended, budget.bytes]).toEqual([['still'], 250]);
});

test('a caller that is given more has not moved for that', () => {
  const { budget, ended, open } = subject();
  const glutton = open('a', 300);
  glutton.set({ here: 0, there: 600 }, STANDSTILL_MS - 1);
  budget.relieve(STANDSTILL_MS);
  expect(ended).toEqual(['a']);
});

test('when all of it is taken the worst go first, by bytes and time, until a quarter is free', () => {
  const { budget, ended, open } = subject();
  open('large and new', 400, 500);
  open('small and old', 50, 0);
  open('large and old', 350, 0);
  open('medium', 300, 450);
  budget.relieve(510);
  expect([ended, budget.bytes]).toEqual([['large and old'], 750]);
});

test('what waits for the process itself counts, and ends nobody', () => {
  const { budget, ended, open } = subject();
  open('asks', 0, 0, 1_200);
  budget.relieve(1_000_000);
  expect([ended, budget.isFull]).toEqual([[], true]);
});

test('what a handler tells of a closed call counts no more', () => {
  const { budget, open } = subject();
  const holding = open('a', 100);
  holding.close();
  holding.set({ here: 50, there: 50 }, 1);
  holding.close();
  expect(budget.bytes).toBe(0);
});
