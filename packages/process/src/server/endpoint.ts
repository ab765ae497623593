/** Where a server listens, and why it cannot. */

import type { AddressInfo, Server } from 'node:net';
import { RingError } from '@ringkeep/shared';
import { hostAndPort } from '@ringkeep/shared/channel';
import { portInUse } from './port-use';

export interface Endpoint {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** What people should change when the port is taken, e.g. `--port or REGISTRY_PORT`. */
  readonly portOption?: string | undefined;
}

/** FAILED_PRECONDITION, for people. */
export async function bindFault(endpoint: Endpoint, error: Error): Promise<RingError> {
  const change = endpoint.portOption === undefined ? '' : `; choose another one with ${endpoint.portOption}`;
  const why = /EADDRINUSE/.test(error.message)
    ? `${await portInUse(endpoint.port, endpoint.host)}${change}`
    : `cannot listen on ${hostAndPort(endpoint)}: ${error.message}`;
  return new RingError('FAILED_PRECONDITION', why, { cause: error });
}

/**
 * Lets a server listen; what it says later of callers that it could not let in goes to `refused`.
 *
 * @returns the port. Throws FAILED_PRECONDITION.
 */
export function listenOn(
  server: Server,
  endpoint: Endpoint,
  refused: (text: string) => void,
): Promise<number> {
  const { host, port } = endpoint;
  return new Promise((resolve, reject) => {
    server.once('error', (fault) => void bindFault(endpoint, fault).then(reject));
    server.listen({ host, port }, () => {
      // No more files may be opened, for example: whoever knocks is not let in, and the others stay.
      server.on('error', (fault) => refused(`a caller was refused: ${fault.message}`));
      resolve((server.address() as AddressInfo).port);
    });
  });
}
