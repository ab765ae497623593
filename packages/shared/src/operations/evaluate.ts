/**
 * What an operation means: the one place that says what value it leaves its key with, and what its answer is.
 *
 * The primary asks once, in the step in which a write gets its number. It passes the value that the newest numbered
 * write leaves, committed or not. The result is a plain entry: followers, log and transfer know nothing of operations.
 */

import type { Bytes } from '../ring/bytes';
import { invariant } from '../ring/errors';
import { OperationType } from './catalogue';
import type { Operation } from './operation';

/** The value that the key has afterwards; undefined if the key is erased. */
export interface Effect {
  readonly value: Bytes | undefined;
}

export interface Evaluation {
  /** Undefined if nothing changes. */
  readonly effect: Effect | undefined;
  readonly answer: Bytes | undefined;
}

const ERASED: Effect = { value: undefined };

/**
 * `latest` is the value that the key has; undefined if it has none, or if the operation's row says that it does not
 * look.
 */
export function evaluate(operation: Operation, latest: Bytes | undefined): Evaluation {
  switch (operation.type) {
    case OperationType.get:
      return { effect: undefined, answer: latest };
    case OperationType.delete:
      return { effect: ERASED, answer: latest };
    case OperationType.exchange:
      return { effect: { value: operation.value }, answer: latest };
    case OperationType.set:
      return { effect: { value: operation.value }, answer: undefined };
    case OperationType.compareAndSet:
      return {
        effect: latest === operation.expected ? { value: operation.value } : undefined,
        answer: latest,
      };
    default:
      return unknown(operation);
  }
}

function unknown(operation: never): never {
  invariant(false, `every operation of the catalogue has its meaning: ${JSON.stringify(operation)}`);
}
