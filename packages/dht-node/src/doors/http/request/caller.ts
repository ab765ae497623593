/**
 * Who may ask at all. Any web page can make its reader's browser send requests to loopback, so what a browser tells of
 * a request's origin is believed, and what it hides decides against it:
 *
 *   1. Host is a loopback literal, localhost, or a name that the door was given. A page that has its own name point to
 *      127.0.0.1 (DNS rebinding) has that name there: 421.
 *   2. Origin is the door's own, or one that the door was given: else 403.
 *   3. Sec-Fetch-Site is not cross-site, unless such an Origin says who it is: else 403.
 */

import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { quoted } from '@ringkeep/shared/ring/excerpt';
import { HttpFault, malformed } from '../http-fault';

const LOOPBACK_6 = new BlockList();
LOOPBACK_6.addAddress('::1', 'ipv6');
LOOPBACK_6.addSubnet('127.0.0.0', 8, 'ipv4');

export interface CallerRules {
  /** In lower case, without ports. */
  readonly hosts: ReadonlySet<string>;
  /** Origins of other pages that may ask, as browsers send them: `https://example.org`. */
  readonly origins: ReadonlySet<string>;
}

/**
 * Throws a fault: 400, 403 or 421.
 *
 * @param authority the server that the target itself names, if it does
 * @returns the foreign origin that may read the answer, if there is one
 */
export function checkCaller(
  headers: IncomingHttpHeaders,
  authority: string | undefined,
  { hosts, origins }: CallerRules,
): string | undefined {
  const host = authority ?? headers.host;
  if (host === undefined) throw malformed('the header Host is missing');
  checkHost(host, hosts);
  const { origin } = headers;
  if (origin !== undefined && origin !== `http://${host}`) {
    if (origins.has(origin)) return origin;
    throw new HttpFault(
      403,
      `a page of ${quoted(origin)} asks; start the node with --http-origin (NODE_HTTP_ORIGIN) if it may`,
    );
  }
  if (headers['sec-fetch-site'] === 'cross-site')
    throw new HttpFault(403, 'a page of another site asks, and does not say which one');
  return undefined;
}

function checkHost(host: string, hosts: ReadonlySet<string>): void {
  const name = hostNameOf(host);
  if (name === undefined) throw malformed(`the host ${quoted(host)} is no host, with or without a port`);
  if (name === 'localhost' || isLoopback(name) || hosts.has(name)) return;
  throw new HttpFault(
    421,
    `this door is not ${quoted(name)}; start the node with --http-name (NODE_HTTP_NAME) if it is`,
  );
}

/** Without its port, in lower case; of an IPv6 literal without its brackets. Undefined if it is none. */
export function hostNameOf(host: string): string | undefined {
  const found = /^(?:\[([0-9a-fA-F:.]{2,45})\]|([A-Za-z0-9._-]{1,255}))(?::[0-9]{0,5})?$/.exec(host);
  return (found?.[1] ?? found?.[2])?.toLowerCase();
}

function isLoopback(name: string): boolean {
  if (name.startsWith('127.')) return isIPv4(name);
  return name.includes(':') && isIPv6(name) && LOOPBACK_6.check(name, 'ipv6');
}
