/**
 * What a transaction does to one of its keys: its conditions on it, and of each branch the operations on it.
 *
 * A history has one record for each key of a transaction, so that keys stay independent objects. That all of them took
 * effect at one moment is checked by their versions (positions.ts).
 */

import type { Bytes } from '@ringkeep/shared';
import { integerIn, isInteger64 } from '@ringkeep/shared/operations/integers';
import type { HistoryCondition, Value } from './history-values';

export type Part =
  | { readonly do: 'get' }
  | { readonly do: 'delete' }
  | ({ readonly do: 'set' | 'exchange' | 'append'; readonly value: string } & PartEnd)
  | ({ readonly do: 'add'; readonly delta: string } & PartEnd);

/** What becomes of the end of the key; an add and an append keep it unless they bring another one. */
interface PartEnd {
  /** From this time on the key may end because of it. */
  readonly mayEndFromMs?: number;
  readonly keepsEnd?: boolean;
}

/** The end that a branch leaves: one that a part has brought, from when on, or that of before. */
export type EndLeft = number | 'kept' | undefined;

export function endLeftBy(parts: readonly Part[]): EndLeft {
  let end: EndLeft = 'kept';
  for (const part of parts) {
    if (part.do === 'get') continue;
    if (part.do === 'delete') end = undefined;
    else if (part.mayEndFromMs !== undefined) end = part.mayEndFromMs;
    else if ((part.do === 'set' || part.do === 'exchange') && part.keepsEnd !== true) end = undefined;
  }
  return end;
}

/** What one part was told: a value, the sum of an `add`, the length of what an `append` made, in decimal. */
export interface Told {
  readonly value?: Value;
  readonly version?: number;
}

/** What a transaction is to one of its keys. */
export interface TransactionPart {
  /** The records of one transaction have one name. */
  readonly transaction: string;
  readonly conditions: readonly HistoryCondition[];
  /** It has conditions on other keys, too. */
  readonly elsewhere: boolean;
  readonly then: readonly Part[];
  readonly else: readonly Part[];
  /** All conditions held; an ok one says so. */
  readonly held?: boolean;
  /** The number of the transaction: the version of what it wrote. */
  readonly version?: number;
  /** By part of the branch that was carried out. */
  readonly told?: readonly Told[];
}

/** Of a key before anything is known of it. */
export const UNKNOWN = Symbol('unknown');
export type State = Value | typeof UNKNOWN;

/** What parts say of the state in which they begin, and of the one that they leave. */
export interface Walked {
  /** The only state in which they are possible, if that is known. */
  readonly begins: State;
  readonly leaves: State;
  /** False if they change nothing. */
  readonly writes: boolean;
  /** They made something of what was not known: whether they are possible depends on it. */
  readonly depends: boolean;
}

/** Goes through the parts of a branch. @returns undefined where they cannot have been told what they were */
export function walk(
  parts: readonly Part[],
  told: readonly Told[] | undefined,
  start: State,
): Walked | undefined {
  let begins = start;
  let state = start;
  let writes = false;
  let depends = false;
  for (const [index, part] of parts.entries()) {
    const seen = told?.[index]?.value;
    if (part.do === 'get' || part.do === 'exchange' || part.do === 'delete') {
      if (seen !== undefined && state !== UNKNOWN && seen !== state) return undefined;
      if (seen !== undefined && state === UNKNOWN) {
        // Nothing was known so far, so nothing was written so far.
        if (!writes) begins = seen;
        state = seen;
      }
    }
    if (part.do === 'get') continue;
    writes = true;
    depends ||= state === UNKNOWN && (part.do === 'add' || part.do === 'append');
    const made = leftBy(part, state, seen);
    if (made === undefined) return undefined;
    state = made;
  }
  return { begins, leaves: state, writes, depends };
}

/** The state that a part leaves; undefined where it is not possible. */
function leftBy(
  part: Exclude<Part, { do: 'get' }>,
  state: State,
  seen: Value | undefined,
): State | undefined {
  switch (part.do) {
    case 'delete':
      return null;
    case 'set':
    case 'exchange':
      return part.value;
    case 'add':
      return sumOf(part.delta, state, seen);
    case 'append': {
      if (state === UNKNOWN) return UNKNOWN;
      const made = `${state ?? ''}${part.value}`;
      return seen !== undefined && seen !== `${made.length}` ? undefined : made;
    }
  }
}

function sumOf(delta: string, state: State, seen: Value | undefined): State | undefined {
  if (state === UNKNOWN) return seen === undefined ? UNKNOWN : seen;
  const before = state === null ? 0n : integerIn(state as Bytes);
  if (before === undefined || !isInteger64(before + BigInt(delta))) return undefined;
  const sum = `${before + BigInt(delta)}`;
  return seen !== undefined && seen !== sum ? undefined : sum;
}

/** The branches that it may have taken: one if it was told, both if not. */
export function branchesOf(part: TransactionPart): readonly ('then' | 'else')[] {
  if (part.held === undefined) return ['then', 'else'];
  return part.held ? ['then'] : ['else'];
}

export function mayChange(part: TransactionPart): boolean {
  return branchesOf(part).some((branch) => walk(part[branch], part.told, UNKNOWN)?.writes === true);
}

/** Whether its key may have had this value right after it. */
export function mayLeave(part: TransactionPart, value: Value): boolean {
  return branchesOf(part).some((branch) => {
    const walked = walk(part[branch], part.told, UNKNOWN);
    return walked?.writes === true && (walked.leaves === UNKNOWN || walked.leaves === value);
  });
}

export function describePart({ conditions, held, version, ...branches }: TransactionPart): string {
  const wanted =
    conditions.length === 0 ? '' : ` if ${conditions.map((each) => JSON.stringify(each)).join(', ')}`;
  const branch = held === false ? 'else' : 'then';
  const done = branches[branch]
    .map((part) => ('value' in part ? `${part.do} ${part.value}` : part.do))
    .join(', ');
  const told = branches.told?.map(({ value }) => (value === undefined ? '?' : (value ?? 'none'))).join(', ');
  return `transact${wanted} ${branch} ${done || 'nothing'} → ${told ?? '?'}${version === undefined ? '' : ` (version ${version})`}`;
}
