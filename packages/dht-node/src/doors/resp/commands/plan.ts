/**
 * What a command asks of the ring.
 *
 * Most are a *plan*: operations that are known from the arguments alone, and what their answers are to the caller. The
 * primary evaluates them, so nothing is read first. The few that must look before they know what to write are a
 * *script*: a function over the entries of some keys, which is carried out by compare-and-set (together.ts).
 */

import { RingError, type Bytes, type RingKey } from '@ringkeep/shared';
import type {
  Extras,
  KeyTerms,
  Operation,
  OperationName,
  OperationResult,
  SingleOperation,
} from '@ringkeep/shared/operations';
// The data path asks the modules themselves: each name of an index is a call.
import { OperationType } from '@ringkeep/shared/operations/catalogue';
import { checkKey, checkOperation, placed } from '@ringkeep/shared/operations/check';
import { isWrite } from '@ringkeep/shared/operations/operation';
import type { Protocol, Reply } from '../protocol/replies';
import { CommandFault, ringError } from './fault';

/** One that is sent by itself or in a transaction: no transaction itself. */
export type PlannedOperation = Exclude<Operation, { readonly type: typeof OperationType.transact }>;

export interface Plan {
  readonly kind: 'plan';
  /** Each of another key, unless they go together. */
  readonly operations: readonly PlannedOperation[];
  /** They are one transaction. */
  readonly together: boolean;
  /** What to answer, by operation. */
  reply(results: readonly OperationResult[], protocol: Protocol): Reply;
}

/** Entries as a script sees and changes them. */
export interface Entries {
  /** Carries it out, and tells its answer. */
  apply(operation: SingleOperation): OperationResult;
}

export interface Script {
  readonly kind: 'script';
  /** All that it looks at, of one tag. */
  readonly keys: readonly RingKey[];
  run(entries: Entries, protocol: Protocol): Reply;
}

export type Prepared = Plan | Script;

/** Throws CommandFault where the ring would not take it. */
export function operationOf<Name extends OperationName>(
  terms: KeyTerms,
  name: Name,
  key: Bytes,
  operands: readonly Bytes[] = [],
  extras?: Extras,
): Extract<Operation, { readonly type: (typeof OperationType)[Name] }> {
  const made = checkOperation(OperationType[name], key, operands, undefined, terms, undefined, extras);
  if (made instanceof RingError) throw new CommandFault(ringError(made.code, made.message, false));
  return made as Extract<Operation, { readonly type: (typeof OperationType)[Name] }>;
}

/** Throws CommandFault where it is no key of the ring. */
export function located(terms: KeyTerms, key: Bytes): RingKey {
  try {
    checkKey(key, terms.keyBytesMax);
    return placed(key, terms.positionRule);
  } catch (refusal) {
    if (refusal instanceof RingError) throw new CommandFault(ringError(refusal.code, refusal.message, false));
    throw refusal;
  }
}

type Told = (value: Bytes | undefined, protocol: Protocol) => Reply;
type NotDone = (result: Failure, operation: PlannedOperation) => Reply;

/** Of one operation, as most are. */
export class SinglePlan implements Plan {
  readonly kind = 'plan';
  readonly together = false;

  constructor(
    readonly operation: PlannedOperation,
    private readonly told: Told,
    private readonly notDone: NotDone,
  ) {}

  get operations(): readonly [PlannedOperation] {
    return [this.operation];
  }

  reply([result]: readonly OperationResult[], protocol: Protocol): Reply {
    return this.replyOf(result as OperationResult, protocol);
  }

  replyOf(result: OperationResult, protocol: Protocol): Reply {
    return result.ok ? this.told(result.value, protocol) : this.notDone(result, this.operation);
  }
}

/** Of one operation, whose answer has a value or none. */
export function planOf(operation: PlannedOperation, told: Told, notDone: NotDone = failed): SinglePlan {
  return new SinglePlan(operation, told, notDone);
}

function failed(result: Failure, operation: PlannedOperation): Reply {
  return failure(result, isWrite(operation));
}

/** Of several, each of another key. */
export function planOfAll(
  operations: readonly PlannedOperation[],
  told: (values: readonly (Bytes | undefined)[], protocol: Protocol) => Reply,
  together = false,
): Plan {
  return {
    kind: 'plan',
    operations,
    together,
    reply: (results, protocol) => {
      const failed = results.find(({ ok }) => !ok);
      if (failed) return failure(worst(results), operations.some(isWrite));
      return told(
        results.map((result) => (result as Success).value),
        protocol,
      );
    },
  };
}

export type Success = Extract<OperationResult, { ok: true }>;
export type Failure = Extract<OperationResult, { ok: false }>;

export function failure({ code, text }: Failure, writes: boolean): Reply {
  return ringError(code, text, writes);
}

/** If one may have happened, the command may have. */
function worst(results: readonly OperationResult[]): Failure {
  const failures = results.filter((result): result is Failure => !result.ok);
  const unknown = failures.find(({ code }) => code === 'OUTCOME_UNKNOWN' || code === 'INTERNAL');
  return (unknown ?? failures[0]) as Failure;
}
