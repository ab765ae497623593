/**
 * Commands carried out as one: EXEC, and single commands that must look before they write.
 *
 * If all of them are plans they are one transaction, evaluated by the primary in one step. A transaction undoes all
 * where one operation fails, and EXEC does not: there the others stand. So if one fails, and where there are scripts, it
 * goes another way: read all their entries in one step, try the commands on them (trial.ts), and write what the trial
 * wrote in one transaction, on the condition that every entry still has its version. If one has not, all of it again.
 * Either way the commands are carried out at one moment, each seeing those before it, and an error is that of its
 * command alone.
 */

import type { Bytes, RingKey } from '@ringkeep/shared';
import { RingError } from '@ringkeep/shared';
import {
  bufferOfBytes,
  checkOperation,
  decodeTransactionAnswer,
  doneWith,
  encodeExtras,
  encodeTransaction,
  OperationType,
  operandOf,
  rowOf,
  type Condition,
  type EncodedOperation,
  type KeyTerms,
  type Operation,
  type OperationResult,
  type SingleOperation,
} from '@ringkeep/shared/operations';
import { bytesOfBuffer } from '@ringkeep/shared/operations/bytes';
import { keyOf, POSITION_BYTES } from '@ringkeep/shared/ring/ring-key';
import { fullAnswerIn, WITH_TTL } from '../commands/answers';
import { CROSS_SLOT, ringError } from '../commands/fault';
import type { PlannedOperation, Prepared } from '../commands/plan';
import type { Protocol, Reply } from '../protocol/replies';
import { Trial, type ReadEntry } from './trial';

/** Others may write the same keys in between so often; then it is said that nothing was done. */
const TRIES_MAX = 64;

export interface Asking {
  /** What the ring says of its keys, as of now. */
  readonly terms: KeyTerms;
  /** The ring's time, ms. */
  readonly wallMs: number;
  ask(operation: Operation): Promise<OperationResult>;
}

/** A key that must have the version that it had. */
export interface Watched {
  readonly key: RingKey;
  readonly version: number;
}

export type TogetherOutcome =
  | { readonly kind: 'done'; readonly replies: readonly Reply[] }
  /** A watched key has changed. */
  | { readonly kind: 'changed' }
  /** Why nothing was done, or what is not known. */
  | {
      readonly kind: 'failed';
      readonly reply: Reply;
      /** Nothing was done: a transaction does not hold it. */
      readonly isTooLarge: boolean;
    };

interface KeyCondition {
  readonly key: RingKey;
  readonly condition: Condition;
}

export async function together(
  commands: readonly Prepared[],
  watched: readonly Watched[],
  asking: Asking,
  protocol: Protocol,
): Promise<TogetherOutcome> {
  const keys = keysOf(commands, watched);
  const [first] = keys;
  if (first === undefined)
    return { kind: 'done', replies: commands.map((command) => replyOf(command, [], protocol)) };
  const place = first.slice(0, POSITION_BYTES);
  if (keys.some((key) => !key.startsWith(place)))
    return { kind: 'failed', reply: CROSS_SLOT.reply, isTooLarge: false };
  const conditions = watched.map(({ key, version }) => ifVersion(key, version));
  const direct = directly(commands);
  if (direct !== undefined) {
    const answer = await transact(first, conditions, direct, asking);
    const outcome = answer.ok ? readDirect(answer, commands, protocol) : refused(answer);
    if (outcome !== undefined) return outcome;
  }
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const outcome = await tryOnce(commands, conditions, keys, asking, protocol);
    if (outcome !== undefined) return outcome;
  }
  const text = `nothing was written: other clients changed the same keys ${TRIES_MAX} times meanwhile`;
  return { kind: 'failed', reply: ringError('UNAVAILABLE', text, true), isTooLarge: false };
}

function keysOf(commands: readonly Prepared[], watched: readonly Watched[]): readonly RingKey[] {
  const keys = new Set(watched.map(({ key }) => key));
  for (const command of commands)
    for (const key of command.kind === 'plan' ? command.operations.map((each) => each.key) : command.keys)
      keys.add(key);
  return [...keys];
}

// ---- as one transaction ----

/** The operations, if all are known and a transaction may have them. */
function directly(commands: readonly Prepared[]): readonly SingleOperation[] | undefined {
  const operations: SingleOperation[] = [];
  for (const command of commands) {
    if (command.kind === 'script') return undefined;
    for (const operation of command.operations) {
      if (operation.type === OperationType.scan || operation.extras?.condition !== undefined)
        return undefined;
      operations.push(operation);
    }
  }
  return operations;
}

function readDirect(
  { value }: Extract<OperationResult, { ok: true }>,
  commands: readonly Prepared[],
  protocol: Protocol,
): TogetherOutcome {
  const { held, values } = decodeTransactionAnswer(bufferOfBytes(value as Bytes));
  if (!held) return { kind: 'changed' };
  let next = 0;
  const replies = commands.map((command) => {
    const count = command.kind === 'plan' ? command.operations.length : 0;
    const results = values.slice(next, (next += count)).map((each) => doneWith(each && bytesOfBuffer(each)));
    return replyOf(command, results, protocol);
  });
  return { kind: 'done', replies };
}

function replyOf(command: Prepared, results: readonly OperationResult[], protocol: Protocol): Reply {
  return command.kind === 'plan' ? command.reply(results, protocol) : ('' as Reply);
}

/** Undefined where an entry does not allow one of the operations: it is found out which. */
function refused({ code, text }: Extract<OperationResult, { ok: false }>): TogetherOutcome | undefined {
  if (code === 'FAILED_PRECONDITION' || code === 'INVALID_ARGUMENT') return undefined;
  return failed({ ok: false, code, text });
}

// ---- by compare-and-set ----

/** Undefined if something has changed between reading and writing. */
async function tryOnce(
  commands: readonly Prepared[],
  conditions: readonly KeyCondition[],
  keys: readonly RingKey[],
  asking: Asking,
  protocol: Protocol,
): Promise<TogetherOutcome | undefined> {
  const reads = keys.map((key): SingleOperation => ({ type: OperationType.get, key, extras: WITH_TTL }));
  const wallMs = asking.wallMs;
  const found = await transact(keys[0] as RingKey, conditions, reads, asking);
  if (!found.ok) return failed(found);
  const { held, values } = decodeTransactionAnswer(bufferOfBytes(found.value as Bytes));
  if (!held) return { kind: 'changed' };
  const entries = new Map<RingKey, ReadEntry | undefined>();
  const unchanged = keys.map((key, index) => {
    const { value, version, ttlMs } = fullAnswerIn(bytesOfBuffer(values[index] as Uint8Array));
    const expiresAtMs = ttlMs === undefined ? undefined : wallMs + ttlMs;
    entries.set(key, value === undefined ? undefined : { value, version, expiresAtMs });
    return ifVersion(key, version);
  });
  const trial = new Trial(entries, { wallMs, limits: asking.terms });
  const replies = commands.map((command) =>
    command.kind === 'script'
      ? command.run(trial, protocol)
      : command.reply(
          command.operations.map((operation) => trial.applyPlanned(operation)),
          protocol,
        ),
  );
  if (trial.writes.length === 0) return { kind: 'done', replies };
  const written = await transact(keys[0] as RingKey, unchanged, trial.writes, asking);
  if (!written.ok) return failed(written);
  return decodeTransactionAnswer(bufferOfBytes(written.value as Bytes)).held
    ? { kind: 'done', replies }
    : undefined;
}

function failed({ code, text }: Extract<OperationResult, { ok: false }>): TogetherOutcome {
  return { kind: 'failed', reply: ringError(code, text, true), isTooLarge: code === 'INVALID_ARGUMENT' };
}

/** Of an absent key the version is 0. */
function ifVersion(key: RingKey, version: number): KeyCondition {
  return { key, condition: version === 0 ? { kind: 'absent' } : { kind: 'version', version } };
}

// ---- transactions ----

function transact(
  at: RingKey,
  conditions: readonly KeyCondition[],
  then: readonly SingleOperation[],
  asking: Asking,
): Promise<OperationResult> {
  const operation = transactionOf(at, conditions, then, asking.terms);
  if (operation instanceof RingError)
    return Promise.resolve({ ok: false, code: operation.code, text: operation.message });
  return asking.ask(operation);
}

export function transactionOf(
  at: RingKey,
  conditions: readonly KeyCondition[],
  then: readonly PlannedOperation[],
  terms: KeyTerms,
): Operation | RingError {
  const transaction = encodeTransaction({
    conditions: conditions.map(({ key, condition }) => ({ key: keyOf(key), condition })),
    then: then.map(encoded),
    else: [],
  });
  return checkOperation(OperationType.transact, keyOf(at), [transaction], undefined, terms);
}

function encoded(operation: PlannedOperation): EncodedOperation {
  const { type, key, extras } = operation;
  return {
    type: type as EncodedOperation['type'],
    key: keyOf(key),
    extras: extras && encodeExtras(extras),
    operands: rowOf(type).brings.map((name) => operandOf(operation, name)),
  };
}
