import { observersAsOne, type FactKinds } from '../../src/meter';

interface TestObserver {
  begun?(what: string): void;
  ended?(what: string): void;
}

const KINDS: FactKinds<TestObserver> = { begun: true, ended: true };

function collecting(heard: string[], name: string): TestObserver {
  return { begun: (what) => heard.push(`${name} begun ${what}`) };
}

test('each hears what it asks for, in their order, and of what nobody asks for there is nothing', () => {
  const heard: string[] = [];
  const all = observersAsOne(KINDS, [collecting(heard, 'a'), {}, collecting(heard, 'b')], fail);
  all.begun?.('x');
  expect(heard).toEqual(['a begun x', 'b begun x']);
  expect('ended' in all).toBe(false);
});

test('one that throws keeps the fact from nobody else, and what it throws is told', () => {
  const heard: string[] = [];
  const faults: string[] = [];
  const faulty: TestObserver = {
    begun: () => {
      throw new Error('no room for a line');
    },
  };
  const all = observersAsOne(KINDS, [faulty, collecting(heard, 'b')], ({ message }) => faults.push(message));
  all.begun?.('x');
  expect([heard, faults]).toEqual([['b begun x'], ['no room for a line']]);
});

test('an observer keeps its own this', () => {
  class Counting implements TestObserver {
    count = 0;
    begun(): void {
      this.count++;
    }
  }
  const counting = new Counting();
  observersAsOne<TestObserver>(KINDS, [counting], fail).begun?.('x');
  expect(counting.count).toBe(1);
});

function fail(error: Error): never {
  throw error;
}
