/** How each operation of a ring is recorded in a history: one row for each of the catalogue. */

import {
  decodeDelta,
  decodeExpiry,
  decodeFullAnswer,
  nameOf,
  OperationType,
} from '@ringkeep/shared/operations';
import type { Extras, OperationName, OperationOf, SingleOperation } from '@ringkeep/shared/operations';
import { bufferOfBytes, bytesOfBuffer } from '@ringkeep/shared/operations/bytes';
import type { Bytes } from '@ringkeep/shared';
import { conditionOf } from './history-condition';
import type { Action } from './history';
import type { Value } from './history-values';
import type { Observation } from './recorder';

interface Row<Name extends SingleName> {
  readonly action: (operation: OperationOf<Name>) => Action;
  /** What the value of its answer says; `null` when it has none. */
  readonly observed: (answer: Value) => Observation;
}

/** Transactions are on several keys. */
type SingleName = Exclude<OperationName, 'transact' | 'scan'>;

const ROWS: { readonly [Name in SingleName]: Row<Name> } = {
  get: { action: () => ({ op: 'get' }), observed: (value) => ({ value }) },
  delete: { action: () => ({ op: 'delete' }), observed: (previous) => ({ previous }) },
  exchange: { action: ({ value }) => ({ op: 'set', value }), observed: (previous) => ({ previous }) },
  set: { action: ({ value }) => ({ op: 'set', value }), observed: () => ({}) },
  add: {
    action: ({ delta }) => ({ op: 'add', delta: decodeDelta(delta).toString() }),
    observed: (result) => (result === null ? {} : { result }),
  },
  append: {
    action: ({ value }) => ({ op: 'append', value }),
    observed: (length) => (length === null ? {} : { length: Number(length) }),
  },
  expire: { action: () => ({ op: 'expire' }), observed: () => ({}) },
  persist: { action: () => ({ op: 'persist' }), observed: () => ({}) },
};

/**
 * @param mayEndFromMs from when on a time to live that begins now may be over, by the history's clock; where a store's
 *   clocks are never wrong, after just so long
 */
export function actionOf(
  operation: SingleOperation,
  mayEndFromMs: (ttlMs: number) => number = () => -Infinity,
): Action {
  const { action } = ROWS[nameOf(operation.type) as SingleName] as {
    action: (operation: SingleOperation) => Action;
  };
  const { condition, ttl } = operation.extras ?? {};
  const ttlMs = ttlOf(operation);
  return {
    ...action(operation),
    ...(condition !== undefined && { condition: conditionOf(condition) }),
    ...(ttlMs !== undefined && { mayEndFromMs: mayEndFromMs(ttlMs) }),
    ...(ttl?.kind === 'keep' && { keepsEnd: true }),
  } as Action;
}

/** How long its key is to live; what is to end at some moment may end at any. */
function ttlOf(operation: SingleOperation): number | undefined {
  if (operation.type === OperationType.expire) {
    const { kind, ms } = decodeExpiry(operation.expiry);
    return kind === 'duration' ? ms : 0;
  }
  const ttl = operation.extras?.ttl;
  return ttl?.kind === 'duration' ? ttl.ms : undefined;
}

/** `answer`: as it came, `undefined` where it has no value. */
export function observationOf({ type, extras }: SingleOperation, answer: Bytes | undefined): Observation {
  const { observed } = ROWS[nameOf(type) as SingleName];
  if (extras === undefined) return observed(answer ?? null);
  const { held, version, value } = decodeFullAnswer(bufferOfBytes(answer ?? ('' as Bytes)));
  const told = value === undefined ? null : bytesOfBuffer(value);
  const isOfEnd = type === OperationType.expire || type === OperationType.persist;
  if (isOfEnd && held) return { ...endObserved(extras, told), version, ...(extras.condition && { held }) };
  // An expiry that is not as asked is a condition that does not hold, too, but nobody records which.
  if (extras.condition === undefined) return { ...observed(told), version };
  if (held) return { ...observed(told), version, held };
  // A key without a value has version 0, whether or not values are shown.
  return { ...((extras.showsPresent || version === 0) && { previous: told }), version, held };
}

/** What is there is told where it was to be shown. */
function endObserved({ showsPresent }: Extras, told: Value): Observation {
  return showsPresent ? { previous: told } : {};
}
