/**
 * The URL under which others reach a node: the given address, with the scheme and the port added if they are left out.
 */

import { RingError } from '@ringkeep/shared';
import { addressUrl, hostAndPort, isWildcard, parseAddress } from '@ringkeep/shared/channel';

/** Throws INVALID_ARGUMENT if it is not an address, or stands for every address of a machine. */
export function advertisedAddress(given: string, secure: boolean, port: number): string {
  const [scheme, rest] = given.includes('://') ? given.split('://', 2) : [secure ? 'https' : 'http', given];
  const hasPort = /^(\[[^\]]*\]|[^:]*):\d+$/.test(rest as string);
  const address = parseAddress(`${scheme}://${hasPort ? rest : hostAndPort({ host: rest as string, port })}`);
  if (!isWildcard(address)) return addressUrl(address);
  throw new RingError(
    'INVALID_ARGUMENT',
    `${address.host} stands for every address of this machine, so nobody can connect to it; name one with --advertise ` +
      '(NODE_ADVERTISE), under which the registry, other nodes and clients reach this node; "--advertise hostname" ' +
      'takes this machine’s name',
  );
}
