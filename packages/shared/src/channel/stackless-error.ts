/**
 * An error without a stack. The place where a call is answered says nothing about who made the call, and taking a stack
 * costs more than everything else in a refusal.
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
