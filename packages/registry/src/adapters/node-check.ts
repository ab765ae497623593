/**
 * Is a node where it says that it is? Before a registration counts, the registry itself connects to the address that
 * the node advertises and must find that very process there. Otherwise a node that nobody can reach would be given a
 * part of the keys, and they would be gone with it.
 *
 * The answer is a number that the process has drawn, which it sends with its registration. Nothing is trusted because
 * of the connection, so TLS is spoken where the address says so, but the certificate is not looked at: the registry
 * need not know the authority of its nodes.
 */

import { isIP } from 'node:net';
import { Metadata, credentials } from '@grpc/grpc-js';
import { RingError, type ErrorCode } from '@ringkeep/shared';
import { NODE_CHANNEL, channelTo, fromServiceError, parseAddress } from '@ringkeep/shared/runtime';
import { dht } from '@ringkeep/shared/wire';

/** Which process answers at an address. Throws RingError when none does. */
export type NodeCheck = (addr: string) => Promise<bigint>;

/** A node waits longer than that for the answer to its registration. */
const ANSWER_MS = 1_500;
/** TLS knows no addresses as names of servers, and nobody looks at the name here. */
const UNNAMED_HOST = 'localhost';

export const askNode: NodeCheck = async (addr) => {
  const { secure, host } = parseAddress(addr);
  const name = secure && isIP(host) !== 0 ? { 'grpc.ssl_target_name_override': UNNAMED_HOST } : {};
  const [target, secured, options] = channelTo(addr, undefined, { ...NODE_CHANNEL, ...name });
  const unchecked = secure ? credentials.createSsl(null, null, null, { rejectUnauthorized: false }) : secured;
  const client = new dht.DhtNodeClient(target, unchecked, options);
  try {
    return await new Promise((resolve, reject) => {
      client.identifyNode({}, new Metadata(), { deadline: Date.now() + ANSWER_MS }, (error, answer) => {
        if (error) reject(fromServiceError(error, { call: 'IdentifyNode', address: addr, writes: false }));
        else resolve(answer.process);
      });
    });
  } finally {
    client.close();
  }
};

/** Throws UNAVAILABLE when nobody answers there, which may pass, and FAILED_PRECONDITION when somebody else does. */
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
