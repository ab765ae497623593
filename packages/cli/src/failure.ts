/**
 * Exit codes, and the errors that stand for them.
 *
 * A code speaks of the data, not of the terminal: a reader that stops early, as `head` does, changes none, and nor
 * does whatever happens to stderr. Only an answer that was lost in another way turns Ok into NotWritten.
 */

import { RingError } from '@ringkeep/shared';

export const ExitCode = {
  Ok: 0,
  Error: 1,
  Usage: 2,
  NotPresent: 3,
  /** The ring has fewer copies of some arcs than it should. */
  Degraded: 4,
  /** Some arcs of the ring cannot be used. */
  Unavailable: 5,
  /** What was asked for is done, but the answer could not be written, say to a full disk. */
  NotWritten: 6,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The command line was wrong: nothing was tried. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof UsageError ? ExitCode.Usage : ExitCode.Error;
}

/** What to tell people of an error, in one line. */
export function messageOf(error: unknown): string {
  if (error instanceof RingError) return `${error.message} [${error.code}]`;
  return error instanceof Error ? error.message : String(error);
}

/** Runs a check of what was typed: what it throws is a usage error. */
export function checked<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
