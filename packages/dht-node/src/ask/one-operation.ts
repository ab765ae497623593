/** One operation asked by itself, through any door: checked, admitted, and carried out or refused like any other. */

import { RingError, type Bytes } from '@ringkeep/shared';
import {
  checkOperation,
  keyTermsOf,
  operandBytes,
  type Extras,
  type OperationResult,
} from '@ringkeep/shared/operations';
import type { NodeHost } from '../hosting/host';
import type { QueryAnswer } from './open-queries';

export interface OneOperation {
  /** A code of the catalogue, as it came. */
  readonly type: number;
  readonly key: Bytes;
  /** In the order of its row. */
  readonly operands: readonly Bytes[];
  readonly extras: Extras | undefined;
  /** Of the key (8 bytes), where it has been hashed already. */
  readonly position?: Bytes;
}

export interface AskTerms {
  /** Through which it came. */
  readonly door: string;
  readonly deadlineMs: number;
  /** Forwards so far. */
  readonly hops: number;
  /** The newest ring that the caller knows; 0 for none. */
  readonly ringVersion: number;
  /** Called with a function that gives the question up. */
  readonly onCancel?: (giveUp: () => void) => void;
}

export interface OneAnswer {
  readonly value: Bytes | undefined;
  readonly hops: number;
}

/** Throws RingError with what is wrong with the operation, or why it was not carried out. */
export async function askOne(
  host: NodeHost,
  { type, key, operands, extras, position }: OneOperation,
  { door, deadlineMs, hops, ringVersion, onCancel }: AskTerms,
): Promise<OneAnswer> {
  const terms = keyTermsOf(host.core.view.ring);
  const operation = checkOperation(type, key, operands, position, terms, undefined, extras);
  if (operation instanceof RingError) {
    host.observer.malformed?.({ door, operations: 1, code: operation.code });
    throw operation;
  }
  const bytes = operation.key.length + operandBytes(operation);
  const options = { door, hops, deadlineMs, ringVersion, direct: false, bytes, inFrame: false };
  const answer = await new Promise<QueryAnswer>((resolve) => {
    const request = host.query([operation], options, resolve);
    onCancel?.(() => host.cancel(request));
  });
  const result = answer.results[0] as OperationResult;
  if (!result.ok) throw new RingError(result.code, result.text);
  return { value: result.value, hops: answer.hops };
}
