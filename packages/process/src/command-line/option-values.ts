/** Readers of option values. Each takes a string and returns the value, or throws what the value must be instead. */

import { RingError } from '@ringkeep/shared';
import { PORT_MAX, addressUrl, parseAddress } from '@ringkeep/shared/channel';

/** Throws an Error whose text completes "--flag …", e.g. "must be an integer from 1 to 7". */
export type ValueReader<T> = (text: string) => T;

export const text: ValueReader<string> = (given) => {
  if (given === '') throw new Error('must not be empty');
  return given;
};

export function integer(least: number, most: number): ValueReader<number> {
  return (given) => {
    const value = Number(given);
    if (!/^-?\d+$/.test(given) || value < least || value > most) {
      throw new Error(`must be an integer from ${least} to ${most}`);
    }
    return value;
  };
}

/** A port to listen on; 0 takes any free one. */
export const port: ValueReader<number> = (given) => {
  const value = Number(given);
  if (!/^\d+$/.test(given) || value > PORT_MAX) {
    throw new Error(`must be a port, an integer from 0 (any free one) to ${PORT_MAX}`);
  }
  return value;
};

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Whole milliseconds from `500ms`, `2s`, `1.5s`, `10m`, `1h`, or a plain number of milliseconds. */
export function durationMs(leastMs: number, mostMs: number): ValueReader<number> {
  return (given) => {
    const parts = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/.exec(given);
    const value = parts ? Math.round(Number(parts[1]) * (UNIT_MS[parts[2] ?? 'ms'] as number)) : NaN;
    if (!(value >= leastMs && value <= mostMs)) {
      const range = `from ${formatDuration(leastMs)} to ${formatDuration(mostMs)}`;
      throw new Error(`must be a duration ${range}, such as 500ms or 2s`);
    }
    return value;
  };
}

export function formatDuration(ms: number): string {
  const unit = Object.keys(UNIT_MS)
    .reverse()
    .find((name) => ms > 0 && ms % (UNIT_MS[name] as number) === 0);
  return unit === undefined ? `${ms}ms` : `${ms / (UNIT_MS[unit] as number)}${unit}`;
}

export function choice<const Choices extends readonly string[]>(
  ...choices: Choices
): ValueReader<Choices[number]> {
  return (given) => {
    if (!choices.includes(given)) throw new Error(`must be one of ${choices.join(', ')}`);
    return given;
  };
}

/** A server's address, in its normal form. */
export const address: ValueReader<string> = (given) => {
  try {
    return addressUrl(parseAddress(given));
  } catch (error) {
    throw error instanceof RingError ? new Error(error.message.replace(/^"[^"]*" is not/, 'is not')) : error;
  }
};

/** Servers' addresses, separated by commas. */
export const addresses: ValueReader<string[]> = (given) =>
  given.split(',').map((part) => address(part.trim()));

export const yesOrNo: ValueReader<boolean> = (given) => {
  if (['1', 'true', 'yes', 'on'].includes(given.toLowerCase())) return true;
  if (['0', 'false', 'no', 'off'].includes(given.toLowerCase())) return false;
  throw new Error('must be true or false');
};
