/**
 * Checks that a node is where it says that it is. Before a registration counts, the registry itself connects to the
 * address that the node advertises, and must find that very process there. Otherwise a node that nobody can reach would
 * be given a part of the keys, and they would be gone with it.
 */

import { RingError, type ErrorCode } from '@ringkeep/shared';

/** Which process answers at an address. Throws RingError when none does. */
export type NodeCheck = (addr: string) => Promise<bigint>;

/** Throws UNAVAILABLE when nobody answers there, which may pass, and FAILED_PRECONDITION when another process does. */
export async function checkNodeAt(addr: string, process: bigint, whoAnswers: NodeCheck): Promise<void> {
  const found = await whoAnswers(addr).catch((error: Error) => {
    throw unreachable('UNAVAILABLE', addr, `the registry cannot reach it there: ${error.message}`, error);
  });
  if (found !== process)
    throw unreachable('FAILED_PRECONDITION', addr, 'another process answers there', undefined);
}

function unreachable(code: ErrorCode, addr: string, why: string, cause: Error | undefined): RingError {
  const text =
    `the node advertises ${addr}, and ${why}. It gets no part of the ring until the registry has found it: give it with ` +
    '--advertise (NODE_ADVERTISE) the address under which the registry, other nodes and clients reach it';
  return new RingError(code, text, cause && { cause });
}
