/** How many files and sockets this process may have open, and how many it has. */

import { readdirSync, readFileSync } from 'node:fs';

const LIMIT = /^Max open files\s+(\d+|unlimited)/m;

/** The limit, or undefined if the system does not tell. Node.js has raised it as far as it may by then. */
export function openFilesMax(): number | undefined {
  try {
    const found = LIMIT.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return found === undefined ? undefined : found === 'unlimited' ? Infinity : Number(found);
  } catch {
    return undefined;
  }
}

/** How many are open, or undefined if the system does not tell. */
export function openFiles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}

/** Kept for what is opened later: the log's next files, checkpoints, the registry, other nodes. */
const RESERVED_MIN = 24;
const RESERVED_SHARE = 1 / 8;

/** How many connections leave room for everything else; unlimited if the system does not tell. */
export function connectionsThatFit(max = openFilesMax(), open = openFiles()): number {
  if (max === undefined || open === undefined) return Infinity;
  return Math.max(0, Math.floor(max - open - Math.max(RESERVED_MIN, RESERVED_SHARE * max)));
}
