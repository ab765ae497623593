/** What the command line says of the door for HTTP. */

import { option, optionValues, type OptionValues } from '@ringkeep/process/command-line';
import type { HttpDoorOptions } from './http-options';
import { hostNameOf } from './request/caller';

export const HTTP_FLAGS = {
  httpPort: option({
    flag: '--http-port <port>',
    env: 'NODE_HTTP_PORT',
    text: 'port for HTTP and JSON; 0 takes any free one; closed unless given',
    read: optionValues.port,
  }),
  httpHost: option({
    flag: '--http-host <address>',
    env: 'NODE_HTTP_HOST',
    text: 'address to listen on for HTTP',
    read: optionValues.text,
    default: '127.0.0.1',
  }),
  httpName: option({
    flag: '--http-name <names>',
    env: 'NODE_HTTP_NAME',
    text: 'names in the header Host that are this node’s, besides localhost and loopback; separated by commas',
    read: namesIn,
  }),
  httpOrigin: option({
    flag: '--http-origin <origins>',
    env: 'NODE_HTTP_ORIGIN',
    text: 'origins whose pages may use this door (CORS), such as https://example.org; separated by commas',
    read: originsIn,
  }),
  httpConnections: option({
    flag: '--http-connections <n>',
    env: 'NODE_HTTP_CONNECTIONS',
    text: 'connections for HTTP at a time',
    read: optionValues.integer(1, 1_000_000),
    defaultText: '4096, or a quarter of the files that may be open',
  }),
};

/** Undefined if the door is to stay closed. */
export function httpDoorOptions({
  httpPort,
  httpHost,
  httpName = [],
  httpOrigin = [],
  httpConnections,
}: OptionValues<typeof HTTP_FLAGS>): HttpDoorOptions | undefined {
  if (httpPort === undefined) return undefined;
  return {
    port: httpPort,
    host: httpHost,
    names: httpName,
    origins: httpOrigin,
    ...(httpConnections !== undefined && { connectionsMax: httpConnections }),
  };
}

function namesIn(given: string): readonly string[] {
  return partsOf(given).map((name) => {
    const found = hostNameOf(name);
    if (found === undefined || found.length !== name.replace(/[[\]]/g, '').length)
      throw new Error('must be names of hosts without ports, separated by commas');
    return found;
  });
}

function originsIn(given: string): readonly string[] {
  return partsOf(given).map((origin) => {
    if (!/^https?:\/\/[^/?#\s]+$/.test(origin) || new URL(origin).origin !== origin)
      throw new Error('must be origins such as https://example.org, without a path, separated by commas');
    return origin;
  });
}

function partsOf(given: string): string[] {
  return given.split(',').map((part) => part.trim());
}
