/**
 * The definition of linearizability, written down as plainly as possible: try every order. It shares nothing
 * with the checker but the shape of a history. For a handful of operations.
 */

import type { HistoryCondition, HistoryOperation, Part, Value } from '../../src';

type Choice = (operation: HistoryOperation) => boolean;

/** `isOptional`: which operations need not take effect. */
export function isLinearizable(
  history: readonly HistoryOperation[],
  initial: Value = null,
  isOptional: Choice = ({ outcome }) => outcome === 'unknown',
): boolean {
  return canFinish(
    history.filter(({ outcome }) => outcome !== 'fail'),
    initial,
    isOptional,
  );
}

function canFinish(left: readonly HistoryOperation[], value: Value, isOptional: Choice): boolean {
  if (left.every(isOptional)) return true;
  for (const next of left) {
    const others = left.filter((each) => each !== next);
    if (others.some((each) => precedes(each, next))) continue;
    if (effects(next, value).some((after) => canFinish(others, after, isOptional))) return true;
    // One that is optional may also have had no effect: it is in nobody's way then.
    if (isOptional(next) && canFinish(others, value, isOptional)) return true;
  }
  return false;
}

function precedes(a: HistoryOperation, b: HistoryOperation): boolean {
  return a.outcome === 'ok' && a.returnMs !== null && a.returnMs < b.callMs;
}

/** The values that may be there afterwards; none when the operation could not have answered as it did. */
function effects(operation: HistoryOperation, value: Value): Value[] {
  if (operation.op === 'transact') return partEffects(operation, value);
  const after = effect(operation, value);
  return after === undefined ? [] : [after];
}

/** Which branch was taken is not known where nobody was told; conditions on other keys may have decided it. */
function partEffects(operation: Extract<HistoryOperation, { op: 'transact' }>, value: Value): Value[] {
  const known = operation.outcome === 'ok';
  const holds = operation.conditions.every((condition) => isAsked(condition, value));
  const branches = [
    ...(holds ? [operation.then] : []),
    ...(operation.elsewhere || !holds ? [operation.else] : []),
  ];
  const taken = known ? (operation.held === true ? operation.then : operation.else) : undefined;
  return branches.flatMap((branch) => {
    if (taken !== undefined && branch !== taken) return [];
    let now: Value | undefined = value;
    for (const [index, part] of branch.entries()) {
      const told = known ? operation.told?.[index]?.value : undefined;
      now = now === undefined ? undefined : partEffect(part, now, told);
    }
    return now === undefined ? [] : [now];
  });
}

function partEffect(part: Part, value: Value, told: Value | undefined): Value | undefined {
  const shown = part.do === 'get' || part.do === 'exchange' || part.do === 'delete';
  if (shown && told !== undefined && told !== value) return undefined;
  switch (part.do) {
    case 'get':
      return value;
    case 'delete':
      return null;
    case 'set':
    case 'exchange':
      return part.value;
    case 'append': {
      const made = (value ?? '') + part.value;
      return told !== undefined && told !== String(made.length) ? undefined : made;
    }
    case 'add': {
      if (value !== null && !/^-?\d+$/.test(value)) return undefined;
      const sum = String(Number(value ?? 0) + Number(part.delta));
      return told !== undefined && told !== sum ? undefined : sum;
    }
  }
}

/** The value afterwards, or undefined when the operation could not have answered as it did. */
function effect(operation: Exclude<HistoryOperation, { op: 'transact' }>, value: Value): Value | undefined {
  const seen = (recorded: Value | undefined): boolean =>
    operation.outcome === 'unknown' || recorded === undefined || recorded === value;
  switch (operation.op) {
    case 'get':
      return seen(operation.value) ? value : undefined;
    case 'set':
    case 'delete': {
      if (!seen(operation.previous)) return undefined;
      const { condition, held } = operation;
      const made = operation.op === 'set' ? operation.value : null;
      if (condition === undefined) return made;
      const holds = isAsked(condition, value);
      if (operation.outcome === 'ok' && held !== holds) return undefined;
      return holds ? made : value;
    }
    case 'add':
    case 'append': {
      if (!seen(operation.previous)) return undefined;
      const { condition, held } = operation;
      const holds = condition === undefined || isAsked(condition, value);
      if (condition !== undefined && operation.outcome === 'ok' && held !== holds) return undefined;
      if (!holds) return value;
      return operation.op === 'add' ? sumOf(operation, value) : joined(operation, value);
    }
    case 'expire':
    case 'persist': {
      if (!seen(operation.previous)) return undefined;
      const { condition, held, version, outcome } = operation;
      if (outcome === 'unknown') return value;
      if (condition !== undefined) return held === isAsked(condition, value) ? value : undefined;
      return version === undefined || (version === 0) === (value === null) ? value : undefined;
    }
    case 'expiry':
      return value === null || (operation.of !== undefined && operation.of !== value) ? undefined : null;
    case 'cas': {
      if (!seen(operation.previous)) return undefined;
      const matches = operation.expected === value;
      if (operation.outcome === 'ok' && operation.swapped !== matches) return undefined;
      return matches ? operation.value : value;
    }
  }
}

function sumOf(operation: Extract<HistoryOperation, { op: 'add' }>, value: Value): Value | undefined {
  if (value !== null && !/^-?\d+$/.test(value)) return undefined;
  const sum = String(Number(value ?? 0) + Number(operation.delta));
  return operation.outcome === 'ok' && operation.result !== undefined && operation.result !== sum
    ? undefined
    : sum;
}

function joined(operation: Extract<HistoryOperation, { op: 'append' }>, value: Value): Value | undefined {
  const made = (value ?? '') + operation.value;
  return operation.outcome === 'ok' && operation.length !== undefined && operation.length !== made.length
    ? undefined
    : made;
}

/** Versions are left out here: what they stand for is not in a value. */
function isAsked(condition: HistoryCondition, value: Value): boolean {
  switch (condition.is) {
    case 'absent':
      return value === null;
    case 'present':
      return value !== null;
    case 'value':
      return value === condition.value;
    case 'version':
      throw new Error('no version without a history of them');
  }
}

/** True when the order obeys real time, answers as recorded, and leaves out nothing that is certain. */
export function provesLinearizable(
  order: readonly HistoryOperation[],
  history: readonly HistoryOperation[],
  initial: Value = null,
): boolean {
  const placed = new Set(order);
  if (placed.size !== order.length) return false;
  let values = new Set<Value>([initial]);
  for (const [index, operation] of order.entries()) {
    values = new Set([...values].flatMap((value) => effects(operation, value)));
    if (values.size === 0) return false;
    if (order.slice(index + 1).some((later) => precedes(later, operation))) return false;
  }
  // What says nothing (a read whose result nobody saw) may be missing.
  return history.every((each) => placed.has(each) || each.outcome !== 'ok' || saysNothing(each));
}

function saysNothing(operation: HistoryOperation): boolean {
  if (operation.op === 'transact') return true;
  return operation.op === 'get' && operation.value === undefined;
}
