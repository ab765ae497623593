/**
 * The closed set of what can go wrong, and what the caller may do about each.
 *
 * Codes travel as one byte in batch replies, and as gRPC statuses with a `ringkeep-code` trailer; both tables are
 * total. "Key not present" and "Value not provided" are results, not errors of this kind.
 */

/** What a caller may do with an error. */
export type Advice = 'give-up' | 'refresh-and-retry' | 'retry-later' | 'outcome-unknown';

interface CodeFacts {
  /** The byte in a batch reply; never reused. */
  readonly byte: number;
  /** The gRPC status code, https://grpc.io/docs/guides/status-codes/. */
  readonly grpcStatus: number;
  readonly advice: Advice;
  readonly text: string;
}

export const ERROR_CODES = {
  INVALID_ARGUMENT: { byte: 16, grpcStatus: 3, advice: 'give-up', text: 'invalid argument' },
  /** This node does not own the key; the newer ring comes with the answer. Nothing was started. */
  NOT_OWNER: { byte: 17, grpcStatus: 9, advice: 'refresh-and-retry', text: 'not the owner of the key' },
  /** Nobody can answer for the key at present. Nothing was started. */
  UNAVAILABLE: {
    byte: 18,
    grpcStatus: 14,
    advice: 'retry-later',
    text: 'no node can answer for the key at present',
  },
  /** Too much at once. Nothing was started. */
  RESOURCE_EXHAUSTED: { byte: 19, grpcStatus: 8, advice: 'retry-later', text: 'too much at once' },
  /** The deadline passed before anything was started. */
  DEADLINE_EXCEEDED: {
    byte: 20,
    grpcStatus: 4,
    advice: 'give-up',
    text: 'the deadline has passed, nothing was written',
  },
  /** A write that may or may not have happened, once. */
  OUTCOME_UNKNOWN: {
    byte: 21,
    grpcStatus: 10,
    advice: 'outcome-unknown',
    text: 'outcome unknown: the write may have happened',
  },
  CANCELLED: { byte: 22, grpcStatus: 1, advice: 'give-up', text: 'cancelled by the caller' },
  ALREADY_EXISTS: { byte: 23, grpcStatus: 6, advice: 'give-up', text: 'already exists' },
  FAILED_PRECONDITION: { byte: 24, grpcStatus: 9, advice: 'give-up', text: 'not in this state' },
  /** The registry does not keep the caller's ring, or has an old copy of it. It decided nothing. */
  WRONG_REGISTRY: { byte: 26, grpcStatus: 9, advice: 'give-up', text: 'not the registry of this ring' },
  INTERNAL: { byte: 25, grpcStatus: 13, advice: 'outcome-unknown', text: 'internal error' },
} as const satisfies Record<string, CodeFacts>;

export type ErrorCode = keyof typeof ERROR_CODES;

const codesByByte = new Map<number, ErrorCode>(
  (Object.keys(ERROR_CODES) as ErrorCode[]).map((code) => [ERROR_CODES[code].byte, code]),
);

/** The code that a byte of a batch reply stands for; INTERNAL for a byte from a later version. */
export function errorCodeOfByte(byte: number): ErrorCode {
  return codesByByte.get(byte) ?? 'INTERNAL';
}

/** Marks a RingError for other copies of this class, too: the client has its own in its bundle. */
const MARK: unique symbol = Symbol.for('ringkeep.RingError');

/** The one error class that leaves the project's libraries. */
export class RingError extends Error {
  override readonly name = 'RingError';

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && MARK in value;
  }

  constructor(
    readonly code: ErrorCode,
    message?: string,
    options?: ErrorOptions,
  ) {
    super(message === undefined || message === '' ? ERROR_CODES[code].text : message, options);
  }

  get [MARK](): true {
    return true;
  }

  get advice(): Advice {
    return ERROR_CODES[this.code].advice;
  }
}

/** Stops the present step of the process on a broken invariant, a programmer's error. Stays on in production. */
export function invariant(condition: unknown, text: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${text}`);
}
