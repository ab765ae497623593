/**
 * Exit codes, and the errors that lead to them.
 *
 * A code describes the data, not the terminal. A reader that stops early, as `head` does, changes no code, and neither
 * does anything that happens to stderr. Only an answer that was lost in another way turns Ok into NotWritten.
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
  /** The command is done, but its answer could not be written, for example to a full disk. */
  NotWritten: 6,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The command line was wrong, and nothing was tried. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export function exitCodeOf(error: unknown): ExitCode {
  return error instanceof UsageError ? ExitCode.Usage : ExitCode.Error;
}

/** The text of an error for people, in one line. */
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
