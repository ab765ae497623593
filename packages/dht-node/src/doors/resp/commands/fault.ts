/** Why a command is not carried out: what its caller is told instead of a reply. Nothing of it was started. */

import { RingError, type Bytes, type ErrorCode } from '@ringkeep/shared';
import { error, type Reply } from '../protocol/replies';

/** Thrown while a command is read, and nowhere else. */
export class CommandFault {
  constructor(readonly reply: Reply) {}
}

export function fault(text: string): CommandFault {
  return new CommandFault(error(text));
}

export const SYNTAX_ERROR = fault('ERR syntax error');
export const NOT_AN_INTEGER = fault('ERR value is not an integer or out of range');
export const NOT_A_FLOAT = fault('ERR value is not a valid float');
export const CROSS_SLOT = fault("CROSSSLOT Keys in request don't hash to the same slot");

export function wrongArity(name: string): CommandFault {
  return fault(`ERR wrong number of arguments for '${name.toLowerCase()}' command`);
}

export function unknownSubcommand(command: string, subcommand: Bytes): CommandFault {
  return fault(`ERR unknown subcommand '${subcommand.slice(0, 128)}'. Try ${command} HELP.`);
}

export function invalidExpireTime(name: string): CommandFault {
  return fault(`ERR invalid expire time in '${name}' command`);
}

/**
 * An error of the ring. What may have happened is UNKNOWNOUTCOME and nothing else is: a client that repeats what
 * TRYAGAIN says repeats nothing that was started.
 */
export function ringError(code: ErrorCode, text: string, writes: boolean): Reply {
  switch (code) {
    case 'OUTCOME_UNKNOWN':
      return error(`UNKNOWNOUTCOME ${text}`);
    case 'INTERNAL':
      return error(writes ? `UNKNOWNOUTCOME ${text}` : `ERR ${text}`);
    case 'UNAVAILABLE':
    case 'NOT_OWNER':
    case 'RESOURCE_EXHAUSTED':
    case 'DEADLINE_EXCEEDED':
    case 'CANCELLED':
      return error(`TRYAGAIN ${text}`);
    default:
      return error(`ERR ${text}`);
  }
}

/** Carries out what is answered at once. */
export function guarded(run: () => Reply): Reply {
  try {
    return run();
  } catch (refusal) {
    return replyTo(refusal);
  }
}

/**
 * What a caller is told in place of a reply. A fault of this program is told as well, as one after which nobody knows
 * what has happened: it ends one command, and not the node.
 */
export function replyTo(error: unknown): Reply {
  if (error instanceof CommandFault) return error.reply;
  if (error instanceof RingError) return ringError(error.code, error.message, true);
  return ringError(
    'INTERNAL',
    `internal error: ${error instanceof Error ? error.message : String(error)}`,
    true,
  );
}
