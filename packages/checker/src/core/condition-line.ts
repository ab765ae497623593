/** The condition of a write, and versions, in a line of a history. */

import { RingError } from '@ringkeep/shared';

/** Throws INVALID_ARGUMENT saying what it must be. */
export function checkCondition(value: unknown): void {
  const { is, ...rest } =
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const names = Object.keys(rest).join();
  if ((is === 'absent' || is === 'present') && names === '') return;
  if (is === 'value' && names === 'value' && typeof rest.value === 'string') return;
  if (is === 'version' && names === 'version')
    return checkVersion('the version of a condition', rest.version);
  throw fault(
    `condition must be {"is":"absent"}, {"is":"present"}, {"is":"version","version":7} or {"is":"value","value":"text"}, got ${show(value)}`,
  );
}

/** Throws INVALID_ARGUMENT. */
export function checkVersion(name: string, value: unknown): void {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw fault(`${name} must be an integer from 0, got ${show(value)}`);
}

function fault(text: string): RingError {
  return new RingError('INVALID_ARGUMENT', text);
}

function show(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
