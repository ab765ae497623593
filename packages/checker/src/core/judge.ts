/**
 * The verdict on the operations on one object, and the evidence for a bad one.
 *
 * Linearizability is closed under prefixes: cut a history anywhere and it is still linearizable. So a history that is
 * not linearizable has a first return at which it ceases to be, which is found by halving. The operation that returns
 * there is the culprit: everything before has an order, and no order has room for it.
 */

import type { Model, TimedOperation } from './model';
import { Search, type SearchLimits, type SearchOutcome } from './search';
import { Timeline } from './timeline';

/**
 * Seconds of work and a fraction of a usual heap. A search that exceeds them would rarely end with ten times as much.
 */
export const DEFAULT_LIMITS: SearchLimits = {
  stepsMax: 20_000_000,
  visitedBytesMax: 256 * 1024 * 1024,
};

/** Partial orders that are kept as evidence. */
const PARTIAL_ORDERS_MAX = 8;
/** Steps for each question asked on the way to the evidence: the verdict stands without it. */
const EVIDENCE_STEPS_MAX = 5_000_000;

export interface PartialOrder<State, Operation> {
  readonly order: readonly TimedOperation<Operation>[];
  /** The state at its end, in which the culprit is not possible. */
  readonly state: State;
}

export interface Evidence<State, Operation> {
  /** The operation that cannot be placed. */
  readonly culprit: TimedOperation<Operation>;
  /** What had been called when the culprit returned, in the order of the calls. */
  readonly operations: readonly TimedOperation<Operation>[];
  /** How far one gets without it, one order for each state that one can end in. */
  readonly partialOrders: readonly PartialOrder<State, Operation>[];
  /** True when everything before the culprit's return is known to have an order. */
  readonly first: boolean;
}

export type UndecidedReason = 'steps' | 'memory';

export type Judgement<State, Operation> =
  | {
      readonly verdict: 'linearizable';
      readonly order: readonly TimedOperation<Operation>[];
      readonly steps: number;
    }
  | {
      readonly verdict: 'not-linearizable';
      readonly evidence: Evidence<State, Operation>;
      readonly steps: number;
    }
  | { readonly verdict: 'undecided'; readonly reason: UndecidedReason; readonly steps: number };

interface Attempt<State, Operation> {
  readonly outcome: SearchOutcome;
  readonly order: readonly TimedOperation<Operation>[];
  readonly state: State;
  readonly steps: number;
}

/** Judges the operations on one object. */
export function judge<State, Operation>(
  model: Model<State, Operation>,
  operations: readonly TimedOperation<Operation>[],
  limits: SearchLimits = DEFAULT_LIMITS,
): Judgement<State, Operation> {
  const evidenceLimits = { ...limits, stepsMax: Math.min(limits.stepsMax, EVIDENCE_STEPS_MAX) };
  const inCallOrder = [...operations].sort((a, b) => a.callAt - b.callAt);
  const { outcome, order, steps } = attempt(model, inCallOrder, Infinity, limits);
  switch (outcome) {
    case 'found':
      return { verdict: 'linearizable', order, steps };
    case 'none':
      return {
        verdict: 'not-linearizable',
        evidence: findEvidence(model, inCallOrder, evidenceLimits),
        steps,
      };
    case 'steps-exhausted':
      return { verdict: 'undecided', reason: 'steps', steps };
    case 'memory-exhausted':
      return { verdict: 'undecided', reason: 'memory', steps };
  }
}

function attempt<State, Operation>(
  model: Model<State, Operation>,
  operations: readonly TimedOperation<Operation>[],
  cutAt: number,
  limits: SearchLimits,
): Attempt<State, Operation> {
  const timeline = new Timeline(model, operations, cutAt);
  const search = new Search(timeline, limits);
  const outcome = search.run();
  return {
    outcome,
    order: search.order().map((index) => timeline.operations[index] as TimedOperation<Operation>),
    state: timeline.states.stateOf(search.stateNumber),
    steps: search.steps,
  };
}

function findEvidence<State, Operation>(
  model: Model<State, Operation>,
  operations: readonly TimedOperation<Operation>[],
  limits: SearchLimits,
): Evidence<State, Operation> {
  const returned = operations
    .filter(({ returnAt }) => returnAt !== Infinity)
    .sort((a, b) => a.returnAt - b.returnAt);
  // Cut after the first `bad` returns it is not linearizable; after the first `good` ones it is, or may be.
  let bad = returned.length;
  let good = 0;
  let first = true;
  let longest: PartialOrder<State, Operation> = { order: [], state: model.initial };
  const cutAfter = (count: number): number =>
    count === 0 ? -Infinity : (returned[count - 1] as TimedOperation<Operation>).returnAt;
  while (bad - good > 1) {
    const middle = (bad + good) >>> 1;
    const { outcome, order, state } = attempt(model, operations, cutAfter(middle), limits);
    if (outcome === 'none') {
      bad = middle;
      continue;
    }
    good = middle;
    if (outcome === 'found') longest = { order, state };
    else first = false;
  }
  const cutAt = cutAfter(bad);
  const partialOrders = illustrate(model, operations, cutAt, limits);
  return {
    culprit: returned[bad - 1] as TimedOperation<Operation>,
    operations: operations.filter(({ callAt }) => callAt <= cutAt),
    partialOrders: partialOrders.length > 0 ? partialOrders : [longest],
    first,
  };
}

/** The longest orders that end at the cut, one for each state. */
function illustrate<State, Operation>(
  model: Model<State, Operation>,
  operations: readonly TimedOperation<Operation>[],
  cutAt: number,
  limits: SearchLimits,
): PartialOrder<State, Operation>[] {
  const timeline = new Timeline(model, operations, cutAt);
  const longest = new Map<number, number[]>();
  let furthest = -1;
  const search: Search = new Search(timeline, limits, {
    lookAhead: false,
    onDeadEnd: (event, state) => {
      if (event < furthest) return;
      if (event > furthest) longest.clear();
      furthest = event;
      const known = longest.get(state);
      if (known === undefined ? longest.size < PARTIAL_ORDERS_MAX : known.length < search.orderLength)
        longest.set(state, search.order());
    },
  });
  search.run();
  if (timeline.events.length - 1 !== furthest) return [];
  return [...longest].map(([state, order]) => ({
    order: order.map((index) => timeline.operations[index] as TimedOperation<Operation>),
    state: timeline.states.stateOf(state),
  }));
}
