/**
 * Which process answers at an address that a node advertises: the number that it has drawn when it started. Whoever is to
 * give a node a part of the ring asks first, on a connection of its own: an older one may live on where nobody could
 * connect any more.
 *
 * The registry need not know the authority of its nodes, and trusts nothing because of the connection: it speaks TLS
 * where the address says so, and does not look at the certificate. A node asks as it will talk to the other one.
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

/** Who waits for the answer, a registration or a handover, waits longer than that. */
const ANSWER_MS = 1_500;
/** TLS knows no addresses as names of servers, and nobody looks at the name here. */
const UNNAMED_HOST = 'localhost';

/** Throws RingError when none does. `tls` is left out: certificates are not looked at. */
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
