/**
 * Problem documents (RFC 9457): what went wrong, with the code of the RingError if it is one. Their type is
 * `about:blank`, so the title is the phrase of the status; `code` is for programs, `detail` for people.
 *
 * An outcome that is unknown is 500, and never 502, 503 or 504: proxies repeat requests that were answered so. What is
 * 503 or 504 was not started.
 */

import { STATUS_CODES } from 'node:http';
import { RingError, type ErrorCode } from '@ringkeep/shared';
import { HttpFault } from './http-fault';

const STATUSES: Readonly<Record<ErrorCode, number>> = {
  INVALID_ARGUMENT: 400,
  NOT_OWNER: 503,
  UNAVAILABLE: 503,
  RESOURCE_EXHAUSTED: 503,
  DEADLINE_EXCEEDED: 504,
  OUTCOME_UNKNOWN: 500,
  CANCELLED: 503,
  ALREADY_EXISTS: 409,
  FAILED_PRECONDITION: 409,
  WRONG_REGISTRY: 500,
  INTERNAL: 500,
};

/** Seconds; what is 503 may do a moment later. */
const RETRY_AFTER = ['Retry-After', '1'] as const;

export interface Problem {
  readonly status: number;
  /** Name, value, name, value. */
  readonly headers: readonly string[];
  readonly document: {
    readonly type: 'about:blank';
    readonly title: string;
    readonly status: number;
    readonly detail: string;
    readonly code?: string;
  };
}

export function problemOf(error: unknown): Problem {
  if (error instanceof HttpFault)
    return problem(error.status, error.detail, error.more.code, error.more.headers);
  if (error instanceof RingError) return problem(STATUSES[error.code], error.message, error.code);
  return problem(500, 'a fault of the node itself; its log says more', 'INTERNAL');
}

function problem(status: number, detail: string, code?: string, headers: readonly string[] = []): Problem {
  return {
    status,
    headers: status === 503 ? [...headers, ...RETRY_AFTER] : headers,
    document: {
      type: 'about:blank',
      title: STATUS_CODES[status] ?? 'Error',
      status,
      detail,
      ...(code !== undefined && { code }),
    },
  };
}
