/**
 * Addresses of servers: host:port, http://host:port or https://host:port, with IPv6 hosts in brackets.
 *
 * On the wire and in the ring an address is a URL, whose scheme says whether TLS is spoken. People may leave out
 * http://. There is one normal form (lower case, no trailing slash), so that equal addresses are equal strings.
 */

import { isIPv4, isIPv6 } from 'node:net';
import { RingError, excerpt, quoted } from '../ring';

export interface ServerAddress {
  /** TLS, that is https. */
  readonly secure: boolean;
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
}

export const PORT_MAX = 65_535;
const FORM = /^(?:(https?):\/\/)?(\[[^\]]*\]|[^/:[\]?#@\s]*)(?::([^:/?#]*))?\/?$/i;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*\.?$/i;

/** Throws INVALID_ARGUMENT saying what is wrong with the text. */
export function parseAddress(text: string): ServerAddress {
  const parts = FORM.exec(text.trim());
  if (!parts) throw fault(text, 'expected host:port, http://host:port or https://host:port');
  const [, scheme = 'http', rawHost = '', rawPort = ''] = parts;
  const host = checkHost(text, rawHost.toLowerCase());
  if (rawPort === '') throw fault(text, 'the port is missing');
  const port = Number(rawPort);
  if (!/^\d{1,5}$/.test(rawPort) || port < 1 || port > PORT_MAX) {
    throw fault(text, `the port must be an integer from 1 to ${PORT_MAX}, got ${quoted(rawPort)}`);
  }
  return { secure: scheme.toLowerCase() === 'https', host, port };
}

function checkHost(text: string, host: string): string {
  if (host === '') throw fault(text, 'the host is missing');
  if (host.startsWith('[')) {
    const inner = host.slice(1, -1);
    if (!isIPv6(inner)) throw fault(text, `${excerpt(host)} is no IPv6 address`);
    return inner;
  }
  const looksNumeric = /^[\d.]+$/.test(host);
  if (looksNumeric ? !isIPv4(host) : !HOST_NAME.test(host))
    throw fault(text, `${excerpt(host)} is not a host name`);
  return host;
}

function fault(text: string, why: string): RingError {
  return new RingError('INVALID_ARGUMENT', `${quoted(text)} is not an address: ${why}`);
}

/** It stands for every address of a machine: a server may listen on it, but nobody can connect to it from elsewhere. */
export function isWildcard({ host }: Pick<ServerAddress, 'host'>): boolean {
  if (isIPv4(host)) return host === '0.0.0.0';
  // The form in which URLs write IPv6 addresses has one text for each.
  return isIPv6(host) && ['[::]', '[::ffff:0:0]'].includes(new URL(`http://[${host}]`).hostname);
}

/** host:port, an IPv6 host in brackets. */
export function hostAndPort(address: Pick<ServerAddress, 'host' | 'port'>): string {
  return `${isIPv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`;
}

/** The normal form: http://host:port or https://host:port. */
export function addressUrl(address: ServerAddress): string {
  return `${address.secure ? 'https' : 'http'}://${hostAndPort(address)}`;
}

/** What grpc-js connects to. The scheme is always named: a bare `name:1` would be read as a URI. */
export function grpcTarget(address: ServerAddress): string {
  if (isIPv4(address.host)) return `ipv4:${hostAndPort(address)}`;
  if (isIPv6(address.host)) return `ipv6:${hostAndPort(address)}`;
  return `dns:${hostAndPort(address)}`;
}
