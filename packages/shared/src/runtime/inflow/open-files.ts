/** How many files and sockets this process may have open, and how many it has. */

import { readdirSync, readFileSync } from 'node:fs';

const LIMIT = /^Max open files\s+(\d+|unlimited)/m;

/** The limit, or undefined where the system does not tell. Node.js has raised it as far as it may by then. */
export function openFilesMax(): number | undefined {
  try {
    const found = LIMIT.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return found === undefined ? undefined : found === 'unlimited' ? Infinity : Number(found);
  } catch {
    return undefined;
  }
}

/** How many are open, or undefined where the system does not tell. */
export function openFiles(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return undefined;
  }
}
