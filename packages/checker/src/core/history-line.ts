/**
 * One operation a line: the file format of histories (NDJSON).
 *
 *   {"client":3,"key":"city","op":"set","value":"Porto","previous":null,"callMs":12.5,"returnMs":13,"outcome":"ok"}
 *
 * Fields are those of HistoryOperation. Lines may come in any order. What comes in is checked field by field,
 * names included: a misspelt "previous" would otherwise quietly make the check weaker.
 */

import { RingError, type Bytes } from '@ringkeep/shared';
import { integerIn } from '@ringkeep/shared/operations/integers';
import type { HistoryOperation } from './history';
import { checkCondition, checkVersion } from './condition-line';
import { checkTransactField, isTransactField } from './transact-line';

/** One largest value of the store twice, each byte escaped, and the rest. */
export const LINE_CHARS_MAX = 16 * 1024 * 1024;

const COMMON_FIELDS = ['client', 'key', 'op', 'callMs', 'returnMs', 'outcome'];
const FIELDS: Readonly<Record<HistoryOperation['op'], readonly string[]>> = {
  get: ['value', 'version'],
  set: ['value', 'previous', 'condition', 'held', 'version', 'mayEndFromMs', 'keepsEnd'],
  delete: ['previous', 'condition', 'held', 'version'],
  add: ['delta', 'result', 'previous', 'condition', 'held', 'version', 'mayEndFromMs', 'keepsEnd'],
  append: ['value', 'length', 'previous', 'condition', 'held', 'version', 'mayEndFromMs', 'keepsEnd'],
  transact: ['transaction', 'conditions', 'elsewhere', 'then', 'else', 'held', 'version', 'told'],
  expire: ['previous', 'condition', 'held', 'version', 'mayEndFromMs'],
  persist: ['previous', 'condition', 'held', 'version'],
  expiry: ['of'],
  cas: ['expected', 'value', 'swapped', 'previous'],
};
const REQUIRED: Readonly<Record<HistoryOperation['op'], readonly string[]>> = {
  get: [],
  set: ['value'],
  delete: [],
  add: ['delta'],
  append: ['value'],
  transact: ['transaction', 'conditions', 'elsewhere', 'then', 'else'],
  expire: [],
  persist: [],
  expiry: [],
  cas: ['expected', 'value'],
};

export function formatHistoryLine(operation: HistoryOperation): string {
  return JSON.stringify(operation);
}

/** Throws INVALID_ARGUMENT saying what is wrong with which field. */
export function parseHistoryLine(line: string): HistoryOperation {
  if (line.length > LINE_CHARS_MAX) {
    throw fault(`the line has ${line.length} characters; ${LINE_CHARS_MAX} are allowed`);
  }
  const record = objectIn(line);
  const { op, client, key, callMs, returnMs, outcome } = record;
  if (!isOp(op)) throw fault(`op must be ${Object.keys(FIELDS).join(', ')}, got ${show(op)}`);
  const fields = FIELDS[op];
  for (const name of Object.keys(record)) {
    if (!COMMON_FIELDS.includes(name) && !fields.includes(name))
      throw fault(`${op} has no field ${show(name)}`);
  }
  for (const name of REQUIRED[op]) if (!(name in record)) throw fault(`${op} needs the field ${name}`);
  if (typeof client !== 'number' || !Number.isSafeInteger(client) || client < 0) {
    throw fault(`client must be an integer from 0, got ${show(client)}`);
  }
  if (typeof key !== 'string') throw fault(`key must be a string, got ${show(key)}`);
  if (outcome !== 'ok' && outcome !== 'fail' && outcome !== 'unknown') {
    throw fault(`outcome must be ok, fail or unknown, got ${show(outcome)}`);
  }
  if (typeof callMs !== 'number') throw fault(`callMs must be a number, got ${show(callMs)}`);
  if (returnMs !== null && (typeof returnMs !== 'number' || returnMs < callMs)) {
    throw fault(`returnMs must be null or a number from callMs on, got ${show(returnMs)}`);
  }
  if (returnMs === null && outcome !== 'unknown') throw fault(`an outcome of ${outcome} needs a returnMs`);
  for (const name of fields) if (name in record) checkField(op, name, record[name]);
  if (op === 'cas' && outcome === 'ok' && record.swapped === undefined) {
    throw fault('a cas with outcome ok needs the field swapped');
  }
  if (record.condition !== undefined && outcome === 'ok' && record.held === undefined) {
    throw fault(`a ${op} with a condition and the outcome ok needs the field held`);
  }
  if (op === 'transact' && outcome === 'ok' && record.held === undefined) {
    throw fault('a transact with the outcome ok needs the field held');
  }
  if (record.held !== undefined && op !== 'transact' && record.condition === undefined) {
    throw fault(`a ${op} with the field held needs a condition`);
  }
  return record as unknown as HistoryOperation;
}

function isOp(op: unknown): op is HistoryOperation['op'] {
  return typeof op === 'string' && Object.hasOwn(FIELDS, op);
}

function checkField(op: HistoryOperation['op'], name: string, value: unknown): void {
  if (op === 'transact' && isTransactField(name)) return checkTransactField(name, value);
  if (name === 'mayEndFromMs') {
    if (typeof value !== 'number') throw fault(`${name} must be a number, got ${show(value)}`);
  } else if (name === 'swapped' || name === 'held' || name === 'keepsEnd') {
    if (typeof value !== 'boolean') throw fault(`${name} must be true or false, got ${show(value)}`);
  } else if (name === 'version') {
    checkVersion('version', value);
  } else if (name === 'condition') {
    checkCondition(value);
  } else if (name === 'length') {
    checkVersion('length', value);
  } else if (name === 'delta' || name === 'result') {
    if (typeof value !== 'string' || integerIn(value as Bytes) === undefined)
      throw fault(`${name} must be a whole number of 64 bits in a string, got ${show(value)}`);
  } else if ((op === 'set' || op === 'append') && name === 'value') {
    if (typeof value !== 'string') throw fault(`value of a ${op} must be a string, got ${show(value)}`);
  } else if (value !== null && typeof value !== 'string') {
    throw fault(`${name} must be a string, or null for none, got ${show(value)}`);
  }
}

function objectIn(line: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (cause) {
    throw new RingError('INVALID_ARGUMENT', `not JSON: ${(cause as Error).message}`, { cause });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw fault(`a line is a JSON object, got ${show(parsed)}`);
  }
  return parsed as Record<string, unknown>;
}

function fault(text: string): RingError {
  return new RingError('INVALID_ARGUMENT', text);
}

function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
