/** Histories for property tests: made up freely (mostly wrong), or played on a real register (right). */

import type { Random } from '@ringkeep/shared';
import type { Action, HistoryCondition, HistoryOperation, Part, RecordedOutcome, Value } from '../../src';

export interface Shape {
  readonly operations: number;
  readonly clients: number;
  readonly keys: number;
  /** How many different values are written; 0 for a new one each time. */
  readonly values: number;
  readonly unknownShare: number;
  /** Whether writes say what they replaced. */
  readonly previousShare: number;
  readonly casShare: number;
  readonly readShare: number;
}

/** A few operations on one key with times and results out of the hat. */
export function freeHistory(random: Random, operations: number): HistoryOperation[] {
  const values = ['a', '1', 'c'].slice(0, random.between(1, 3));
  const value = (): Value => (random.chance(0.25) ? null : random.pick(values));
  const span = random.between(operations, operations * 3);
  const maybe = <T>(make: () => T): T | undefined => (random.chance(0.4) ? make() : undefined);
  const conditional = () => ({
    condition: random.pick<HistoryCondition>([
      { is: 'absent' },
      { is: 'present' },
      { is: 'value', value: random.pick(values) },
    ]),
    held: random.chance(0.6),
  });
  const history: HistoryOperation[] = [];
  for (let client = 0; client < operations; client++) {
    const outcome: RecordedOutcome = random.chance(0.3) ? 'unknown' : random.chance(0.05) ? 'fail' : 'ok';
    const callMs = random.below(span);
    const action: Action = random.pick<() => Action>([
      () => ({ op: 'get', value: value() }),
      () => ({ op: 'get', value: value() }),
      () => ({ op: 'set', value: random.pick(values), previous: maybe(value) }),
      () => ({ op: 'set', value: random.pick(values) }),
      () => ({ op: 'delete', previous: maybe(value) }),
      () => ({ op: 'set', value: random.pick(values), previous: maybe(value), ...conditional() }),
      () => ({ op: 'delete', previous: maybe(value), ...conditional() }),
      () => ({ op: 'add', delta: random.pick(['1', '-1']), result: maybe(() => `${random.below(4) - 1}`) }),
      () => ({ op: 'add', delta: '1', ...conditional() }),
      () => ({ op: 'append', value: random.pick(values), length: maybe(() => random.between(1, 3)) }),
      () => freePart(random, values, outcome === 'ok' ? { held: random.chance(0.7) } : {}),
      () => ({
        op: 'cas',
        expected: value(),
        value: value(),
        swapped: random.chance(0.6),
        previous: random.chance(0.2) ? value() : undefined,
      }),
    ])();
    const returnMs = outcome === 'unknown' && random.chance(0.5) ? null : callMs + random.below(span);
    history.push({ ...action, client, key: 'k', callMs, returnMs, outcome });
  }
  return history;
}

/** A transaction's part on one key, with a branch of one or two operations and what they were told out of the hat. */
function freePart(random: Random, values: string[], told: { held?: boolean }): Action {
  const value = (): Value => (random.chance(0.25) ? null : random.pick(values));
  const part = (): Part =>
    random.pick<Part>([
      { do: 'get' },
      { do: 'delete' },
      { do: 'set', value: random.pick(values) },
      { do: 'exchange', value: random.pick(values) },
      { do: 'append', value: random.pick(values) },
      { do: 'add', delta: '1' },
    ]);
  const branch = (): Part[] => Array.from({ length: random.below(3) }, part);
  const elsewhere = random.chance(0.3);
  return {
    op: 'transact',
    transaction: '1',
    conditions: random.chance(0.5)
      ? []
      : [random.pick<HistoryCondition>([{ is: 'absent' }, { is: 'present' }])],
    elsewhere,
    then: branch(),
    // Which of two branches an unanswered one took is left open, hence not judged exactly.
    else: elsewhere && told.held === undefined ? [] : branch(),
    ...told,
    told: Array.from({ length: 2 }, () =>
      random.chance(0.5) ? {} : { value: random.chance(0.8) ? value() : '1' },
    ),
  };
}

/**
 * A linearizable history: each operation takes effect at a moment between call and return, those of
 * unknown outcome perhaps, and perhaps later.
 */
export function playedHistory(random: Random, shape: Shape): HistoryOperation[] {
  interface Effect {
    readonly atMs: number;
    readonly index: number;
  }
  const history: HistoryOperation[] = [];
  const effects: Effect[] = [];
  const freeAtMs = new Array<number>(shape.clients).fill(0);
  let written = 0;
  const newValue = (): string => `v${shape.values === 0 ? written++ : random.below(shape.values)}`;
  for (let index = 0; index < shape.operations; index++) {
    const client = index % shape.clients;
    const callMs = (freeAtMs[client] as number) + random.fraction();
    const returnMs = callMs + random.fraction() * 5;
    freeAtMs[client] = returnMs;
    const unknown = random.chance(shape.unknownShare);
    const key = `key ${Math.floor(random.fraction() * random.fraction() * shape.keys)}`;
    const draw = random.fraction();
    const action: Action =
      draw < shape.readShare
        ? { op: 'get' }
        : draw < shape.readShare + shape.casShare
          ? { op: 'cas', expected: null, value: newValue() }
          : random.chance(0.1)
            ? { op: 'delete' }
            : { op: 'set', value: newValue() };
    history.push({ ...action, client, key, callMs, returnMs, outcome: unknown ? 'unknown' : 'ok' });
    if (unknown && random.chance(0.5)) continue;
    const lateness = unknown && random.chance(0.5) ? 50 : 0;
    effects.push({ atMs: callMs + random.fraction() * (returnMs - callMs + lateness), index });
  }
  effects.sort((a, b) => a.atMs - b.atMs);
  const store = new Map<string, Value>();
  for (const { index } of effects) {
    const operation = history[index] as HistoryOperation;
    const found = store.get(operation.key) ?? null;
    const previous = random.chance(shape.previousShare) ? found : undefined;
    switch (operation.op) {
      case 'get':
        history[index] = { ...operation, value: found };
        break;
      case 'set':
        store.set(operation.key, operation.value);
        history[index] = { ...operation, previous };
        break;
      case 'delete':
        store.set(operation.key, null);
        history[index] = { ...operation, previous };
        break;
      case 'cas': {
        // What a client read a moment ago, mostly: so that some swap and some do not.
        const expected = random.chance(0.7) ? found : null;
        const swapped = expected === found;
        if (swapped) store.set(operation.key, operation.value);
        history[index] = { ...operation, expected, swapped, previous };
        break;
      }
    }
  }
  return history;
}
