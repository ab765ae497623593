/** The URL under which others reach a node: what is given, completed by scheme and port where those are left out. */

import { addressUrl, hostAndPort, parseAddress } from '@ringkeep/shared/runtime';

export function advertisedAddress(given: string, secure: boolean, port: number): string {
  const [scheme, rest] = given.includes('://') ? given.split('://', 2) : [secure ? 'https' : 'http', given];
  const hasPort = /^(\[[^\]]*\]|[^:]*):\d+$/.test(rest as string);
  return addressUrl(
    parseAddress(`${scheme}://${hasPort ? rest : hostAndPort({ host: rest as string, port })}`),
  );
}
