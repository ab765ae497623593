/**
 * Finds which process answers at an address that a node advertises, by the number that the process drew when it
 * started. A node or registry that is about to give a node a part of the ring asks first, on a connection of its own:
 * an older connection may live on where nobody could connect any more.
 *
 * The registry need not know the authority of its nodes, and trusts nothing because of the connection. It speaks TLS
 * where the address says so, and does not check the certificate. A node asks in the way in which it will talk to the
 * other one.
 */

import { isIP } from 'node:net';
import { Metadata, credentials } from '@grpc/grpc-js';
import {
  parseAddress,
  channelTo,
  NODE_CHANNEL,
  fromServiceError,
  type TlsMaterial,
} from '@ringkeep/shared/channel';
import { dht } from '@ringkeep/shared/wire';

/** The callers that wait for the answer, a registration or a handover, wait longer than this. */
const ANSWER_MS = 1_500;
/** TLS does not accept addresses as names of servers, and nobody looks at the name here. */
const UNNAMED_HOST = 'localhost';

/** Throws RingError when none does. Without `tls`, certificates are not checked. */
export async function processAt(
  address: string,
  tls?: { readonly own: TlsMaterial | undefined },
): Promise<bigint> {
  const { secure, host } = parseAddress(address);
  const unchecked = tls === undefined && secure;
  const name = unchecked && isIP(host) !== 0 ? { 'grpc.ssl_target_name_override': UNNAMED_HOST } : {};
  const [target, secured, options] = channelTo(address, tls?.own, { ...NODE_CHANNEL, ...name });
  const client = new dht.DhtNodeClient(
    target,
    unchecked ? credentials.createSsl(null, null, null, { rejectUnauthorized: false }) : secured,
    options,
  );
  try {
    return await new Promise((resolve, reject) => {
      client.identifyNode({}, new Metadata(), { deadline: Date.now() + ANSWER_MS }, (error, answer) => {
        if (error) reject(fromServiceError(error, { call: 'IdentifyNode', address, writes: false }));
        else resolve(answer.process);
      });
    });
  } finally {
    client.close();
  }
}
