/**
 * An error without a stack: where a call is answered says nothing of who made it, and taking a stack costs
 * more than all else that a refusal does.
 */

import { RingError, type ErrorCode } from '../ring';

export function stacklessError(code: ErrorCode, message?: string, options?: ErrorOptions): RingError {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return new RingError(code, message, options);
  } finally {
    Error.stackTraceLimit = limit;
  }
}
