/**
 * Finds which process is at the other end of a connection on this machine, by the ports of its sockets in Linux's
 * /proc. With it, a link in front of a server can cut off one process and let the others through.
 */

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Whether this machine can tell. */
export const TELLS_PORTS = process.platform === 'linux';

/** The local ports of the TCP sockets over IPv4 of some processes; one that is gone has none. */
export function localPortsOf(pids: readonly number[]): ReadonlySet<number> {
  const inodes = new Set(pids.flatMap(socketInodesOf));
  const ports = new Set<number>();
  if (inodes.size === 0) return ports;
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1)) {
    const [, local, , , , , , , , inode] = line.trim().split(/\s+/);
    const port = local?.split(':')[1];
    if (port !== undefined && inode !== undefined && inodes.has(inode)) ports.add(parseInt(port, 16));
  }
  return ports;
}

function socketInodesOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap(
      (fd) => /^socket:\[(\d+)\]$/.exec(linkAt(`${folder}/${fd}`))?.[1] ?? [],
    );
  } catch {
    return [];
  }
}

/** Empty for a descriptor that was closed meanwhile. */
function linkAt(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
