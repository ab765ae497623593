/**
 * Clients that ask for transactions on keys of one tag, and record what each key of them was told.
 *
 * They use the client library. What they write is unique, as with the other clients, and half of what they ask for is on
 * condition of what they met last.
 */

import { RecordedCall, type HistoryRecorder } from '@ringkeep/checker';
import type { RingClient, TransactCondition, TransactOperation, TransactOptions } from '@ringkeep/client';
import { type Bytes, type Random } from '@ringkeep/shared';
import {
  bytesOfBuffer,
  bytesOfText,
  encodeFullAnswer,
  encodeTransactionAnswer,
  OperationType,
  ringKeyOf,
  transactionRequest,
  type OperationOf,
  type WriteResult,
} from '@ringkeep/shared/operations';

/** What each operation of a transaction here is told. */
interface Told {
  readonly held: boolean;
  readonly version: number;
  readonly results: readonly WriteResult[];
}

const CONDITIONS_MAX = 2;
const BRANCH_MAX = 3;

export class TransactionDraw {
  private readonly versions = new Map<string, number>();
  private turn = 0;

  /** `groups`: keys of one tag each. */
  constructor(
    private readonly client: number,
    private readonly random: Random,
    private readonly groups: readonly (readonly string[])[],
  ) {}

  next(): TransactOptions {
    const { random } = this;
    const keys = random.pick(this.groups);
    this.turn++;
    const conditions = Array.from({ length: random.below(CONDITIONS_MAX + 1) }, () =>
      this.condition(random.pick(keys)),
    );
    const branch = (count: number): TransactOperation[] =>
      Array.from({ length: count }, (_, index) => this.operation(random.pick(keys), index));
    return {
      if: conditions,
      then: branch(random.between(1, BRANCH_MAX)),
      else: branch(random.below(BRANCH_MAX)),
    };
  }

  /** What it was told of each key is what the next conditions are made of. */
  told({ then, else: otherwise = [] }: TransactOptions, { held, results }: Told): void {
    for (const [index, { key }] of (held ? then : otherwise).entries())
      this.versions.set(String(key), (results[index] as WriteResult).version);
  }

  private condition(key: string): TransactCondition {
    const version = this.versions.get(key);
    if (version !== undefined && this.random.chance(0.5)) return { key, ifVersion: version };
    return this.random.chance(0.5) ? { key, ifAbsent: true } : { key, ifPresent: true };
  }

  private operation(key: string, index: number): TransactOperation {
    const value = `${this.client}.${this.turn}.${index} `;
    return {
      key,
      withVersion: true,
      ...this.random.pick([
        { op: 'get' },
        { op: 'get' },
        { op: 'delete' },
        { op: 'set', value },
        { op: 'exchange', value },
        { op: 'append', value },
      ] as const),
    };
  }
}

/** Asks for one, and records it. Throws what the client throws. */
export async function transactRecorded(
  recorder: HistoryRecorder,
  client: { readonly number: number; readonly ring: RingClient; readonly deadlineMs: number },
  options: TransactOptions,
  uncertain: (error: unknown) => boolean,
): Promise<Told> {
  const call = new RecordedCall(recorder, client.number, operationOf(options), performance.now());
  try {
    const { held, version, results } = await client.ring.transact(options, { deadlineMs: client.deadlineMs });
    const told = { held, version, results: results as unknown as readonly WriteResult[] };
    call.ok(answerOf(told), performance.now());
    return told;
  } catch (error) {
    if (uncertain(error)) call.unknown(performance.now());
    else call.fail(performance.now());
    throw error;
  }
}

/** As it goes to a node. */
function operationOf(options: TransactOptions): OperationOf<'transact'> {
  const { key, transaction } = transactionRequest(options, (text) =>
    typeof text === 'string' ? bytesOfText(text) : bytesOfBuffer(text),
  );
  return { type: OperationType.transact, key: ringKeyOf(key), transaction };
}

/** As it came from a node, where every operation was told as a `WriteResult`. */
function answerOf({ held, version, results }: Told): Bytes {
  const values = results.map(({ done, version, value }) =>
    encodeFullAnswer({ held: done, version, value: value && bytesOfBuffer(value) }),
  );
  return encodeTransactionAnswer({ held, version, values });
}

/** Keys of one tag; none ends in a digit, so that none is a counter. */
export function taggedKeys(tag: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `{${tag}}${String.fromCharCode(97 + index)}`);
}
