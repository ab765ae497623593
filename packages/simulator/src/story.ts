/** A failed run in words: one line for a list, and the lines of its trace that tell the story. */

import type { Rule } from './left-out';
import type { PlantedBug } from './planted-bugs';
import type { Find } from './planted-search';
import type { Adjustments } from './scenario';
import type { RunResult } from './simulation';
import { formatLine } from './world/trace';

const TEXT_CHARS_MAX = 160;
/** Widths of the columns of the list of planted bugs. */
const RULE_CHARS = 26;
const FOCUS_CHARS = 16;
const SEED_CHARS = 5;

/** The options that repeat a run. */
export function repeatOptions(
  seed: number,
  { focus, without, safetyMs, clients, machinesLater }: Adjustments,
  leftOut: Rule | undefined,
): string {
  const options = [`--seed ${seed}`];
  if (focus) options.push(`--focus ${focus}`);
  if (without && without.length > 0) options.push(`--without ${without.join(',')}`);
  if (safetyMs !== undefined) options.push(`--safety ${safetyMs}`);
  if (clients !== undefined) options.push(`--clients ${clients}`);
  if (machinesLater !== undefined) options.push(`--joins ${machinesLater}`);
  if (leftOut !== undefined) options.push(`--leave-out ${leftOut}`);
  return options.join(' ');
}

/** Seed, checker, what is wrong, which faults led there, and how to see it again. */
export function failureLine(
  seed: number,
  adjustments: Adjustments,
  result: RunResult,
  leftOut?: Rule,
): string {
  const { failure, lines } = result;
  if (!failure) return `seed ${seed}: no failure`;
  const faults = lines
    .filter(({ kind, atMs }) => kind === 'fault' && atMs <= failure.atMs)
    .map(({ text }) => text);
  const text = (failure.text.split('\n')[0] ?? '').slice(0, TEXT_CHARS_MAX);
  const story = faults.filter((fault) => !fault.includes(' starts')).join('; ') || 'no fault at all';
  const again = `npm run simulate -- ${repeatOptions(seed, adjustments, leftOut)} --trace`;
  return `seed ${seed} · ${failure.checker}: ${text} · story: ${story} · again: ${again}`;
}

/** Faults, versions of the ring and what nodes reported, up to the failure. */
export function shortTrace({ lines }: RunResult): string[] {
  return lines.filter(({ kind }) => ['fault', 'registry', 'event', 'check'].includes(kind)).map(formatLine);
}

/** Which seed notices that a rule is left out, and how. */
export function plantedLine({ rule, focus, within, story }: PlantedBug, find: Find | undefined): string {
  const where = `${rule.padEnd(RULE_CHARS)} ${focus.padEnd(FOCUS_CHARS)}`;
  if (!find) return `${where} NOT FOUND within ${within} seeds: ${story}`;
  const { checker = '', text = '' } = find.result.failure ?? {};
  const how = `${checker}: ${text.split('\n')[0] ?? ''}`.slice(0, TEXT_CHARS_MAX);
  return `${where} seed ${String(find.scenario.seed).padStart(SEED_CHARS)} ${how}`;
}
