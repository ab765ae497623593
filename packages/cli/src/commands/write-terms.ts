/** The flags of a write: its condition and its time to live. */

import type { WriteOptions } from '@ringkeep/client';
import { option, optionValues, type OptionValues } from '@ringkeep/process/command-line';
import { bytesTyped } from '../encoding';
import { UsageError } from '../failure';
import type { CommandContext } from './command';

const DAY_MS = 86_400_000;
export const readTtl = optionValues.durationMs(1, 36_500 * DAY_MS);

export const conditions = {
  ifAbsent: option({
    flag: '--if-absent',
    text: 'only if the key has no value',
    read: optionValues.yesOrNo,
    default: false,
  }),
  ifPresent: option({
    flag: '--if-present',
    text: 'only if the key has a value',
    read: optionValues.yesOrNo,
    default: false,
  }),
  ifVersion: option({
    flag: '--if-version <version>',
    text: 'only if the key has this version; 0 is that of a key without a value',
    read: optionValues.integer(0, Number.MAX_SAFE_INTEGER),
  }),
  ifValue: option({ flag: '--if-value <value>', text: 'only if the key has this value', read: String }),
};

export const ttlOption = {
  ttl: option({
    flag: '--ttl <duration>',
    text: 'the key ends after so long, such as 90s or 2h; keep: when it would have ended; none: never',
    read: timeToLive,
  }),
};

function timeToLive(given: string): number | 'keep' | 'none' {
  return given === 'keep' || given === 'none' ? given : readTtl(given);
}

/** What the flags of a write ask for. */
export function writeOptions(
  context: CommandContext,
  options: Readonly<Record<string, unknown>>,
): WriteOptions {
  const { ifAbsent, ifPresent, ifVersion, ifValue, ttl } = options as OptionValues<typeof conditions> & {
    readonly ttl?: number | 'keep' | 'none';
  };
  const given = [ifAbsent, ifPresent, ifVersion !== undefined, ifValue !== undefined].filter(Boolean);
  if (given.length > 1) throw new UsageError('a write has one condition at most');
  const end = typeof ttl === 'number' ? { ttlMs: ttl } : ttl && { ttl };
  const common = { signal: context.signal, showPresent: true, ...end };
  if (ifAbsent) return { ...common, ifAbsent };
  if (ifPresent) return { ...common, ifPresent };
  if (ifVersion !== undefined) return { ...common, ifVersion };
  if (ifValue === undefined) return { ...common, withVersion: true };
  return { ...common, ifValue: bytesTyped(ifValue, context.encoding, 'expected value') };
}
