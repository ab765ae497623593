/** The fields of a transaction in a line of a history, checked one by one. */

import type { Bytes } from '@ringkeep/shared';
import { RingError } from '@ringkeep/shared';
import { integerIn } from '@ringkeep/shared/operations/integers';
import { checkCondition } from './condition-line';

const CHECKS: Readonly<Record<string, (value: unknown) => boolean>> = {
  transaction: (value) => typeof value === 'string',
  elsewhere: (value) => typeof value === 'boolean',
  then: isParts,
  else: isParts,
  told: (value) => Array.isArray(value) && value.every(isTold),
};

const FORMS: Readonly<Record<string, string>> = {
  transaction: 'a string, the same in each record of the transaction',
  elsewhere: 'true or false',
  then: 'a list of {"do":"get"}, {"do":"set","value":"text"}, {"do":"add","delta":"1"} and their kin',
  else: 'a list of {"do":"get"}, {"do":"set","value":"text"}, {"do":"add","delta":"1"} and their kin',
  told: 'a list of {"value":"text","version":7}, either of which may be left out',
};

export function isTransactField(name: string): boolean {
  return name === 'conditions' || Object.hasOwn(CHECKS, name);
}

/** Throws INVALID_ARGUMENT saying what the field must be. */
export function checkTransactField(name: string, value: unknown): void {
  if (name === 'conditions') {
    if (!Array.isArray(value)) throw new RingError('INVALID_ARGUMENT', 'conditions must be a list');
    return value.forEach(checkCondition);
  }
  if (CHECKS[name]?.(value) === true) return;
  throw new RingError('INVALID_ARGUMENT', `${name} of a transact must be ${FORMS[name]}`);
}

function isParts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isPart);
}

function isPart(part: unknown): boolean {
  if (typeof part !== 'object' || part === null) return false;
  const { do: what, value, delta, mayEndFromMs, keepsEnd, ...rest } = part as Record<string, unknown>;
  if (Object.keys(rest).length > 0) return false;
  if (mayEndFromMs !== undefined && typeof mayEndFromMs !== 'number') return false;
  if (keepsEnd !== undefined && typeof keepsEnd !== 'boolean') return false;
  const writesValue = what !== 'get' && what !== 'delete';
  if (!writesValue && (mayEndFromMs !== undefined || keepsEnd !== undefined)) return false;
  switch (what) {
    case 'get':
    case 'delete':
      return value === undefined && delta === undefined;
    case 'set':
    case 'exchange':
    case 'append':
      return typeof value === 'string' && delta === undefined;
    case 'add':
      return value === undefined && typeof delta === 'string' && integerIn(delta as Bytes) !== undefined;
    default:
      return false;
  }
}

function isTold(told: unknown): boolean {
  if (typeof told !== 'object' || told === null) return false;
  const { value, version, ...rest } = told as Record<string, unknown>;
  const isValue = value === undefined || value === null || typeof value === 'string';
  const isVersion = version === undefined || (Number.isSafeInteger(version) && (version as number) >= 0);
  return isValue && isVersion && Object.keys(rest).length === 0;
}
