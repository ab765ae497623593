/**
 * Finds who has a port that cannot be listened on: another server, or an outgoing connection of this machine.
 *
 * Linux gives outgoing connections ports from 32768 on, which include the usual ones of a ring, and then people find no
 * server to blame. Linux's /proc/net says which it is. Elsewhere both are possible.
 */

import { readFile } from 'node:fs/promises';

export type PortUse = 'server' | 'outgoing connection' | 'unknown';

const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];
const RANGE = '/proc/sys/net/ipv4/ip_local_port_range';
/** The state of a socket that listens, as the tables write it. */
const LISTENING = '0A';

export async function portUse(port: number): Promise<PortUse> {
  const tables = await Promise.all(TABLES.map((path) => readFile(path, 'utf8').catch(() => '')));
  return portUseIn(tables, port);
}

/** What tables in the format of /proc/net/tcp say about a port. */
export function portUseIn(tables: readonly string[], port: number): PortUse {
  const states = tables
    .flatMap((table) => table.split('\n'))
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => Number.parseInt(fields[1]?.split(':')[1] ?? '', 16) === port)
    .map((fields) => fields[3]);
  if (states.length === 0) return 'unknown';
  return states.includes(LISTENING) ? 'server' : 'outgoing connection';
}

/** The ports that this machine gives to outgoing connections; undefined where it does not say. */
export async function outgoingPorts(): Promise<readonly [least: number, most: number] | undefined> {
  const text = await readFile(RANGE, 'utf8').catch(() => '');
  const [, least, most] = /^(\d+)\s+(\d+)/.exec(text) ?? [];
  return least === undefined || most === undefined ? undefined : [Number(least), Number(most)];
}

/** For people: `port 50001 on 127.0.0.1 is in use`, and by what, unless it is a server, which people expect. */
export async function portInUse(port: number, host: string): Promise<string> {
  const taken = `port ${port} on ${host} is in use`;
  const use = await portUse(port);
  if (use === 'server') return taken;
  if (use === 'unknown') return `${taken} by another server or an outgoing connection`;
  const range = await outgoingPorts();
  const given = range === undefined ? '' : ` (this machine gives them the ports ${range[0]} to ${range[1]})`;
  return `${taken} by an outgoing connection${given}`;
}
