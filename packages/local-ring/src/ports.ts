/** Ports for the processes of a ring: which are free, and a row of them for callers that did not ask for any. */

import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { RingError } from '@ringkeep/shared';
import { outgoingPorts, portInUse } from '@ringkeep/process/server';

const HOST = '127.0.0.1';
/** Where rows and single ports are looked for: below what Linux, macOS and Windows give to outgoing connections. */
const LEAST = 20_000;
const MOST = 32_000;
const ROW_STEP = 100;
const ATTEMPTS_MAX = 1_000;

/** Handed out by this process, so perhaps nobody listens on them yet. */
const given = new Set<number>();

/** A port on loopback that nobody uses at the moment, for a process that must come back at the same one. */
export async function freePort(): Promise<number> {
  const outgoing = await outgoingPorts();
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const port = randomInt(LEAST, MOST);
    const mayBeTaken = outgoing !== undefined && port >= outgoing[0] && port <= outgoing[1];
    if (given.has(port) || (mayBeTaken && attempt < ATTEMPTS_MAX / 2) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error(`found no free port from ${LEAST} to ${MOST}`);
}

export interface PortRow {
  readonly first: number;
  /** Why it is not the usual row; undefined if it is, or if the row was asked for. */
  readonly moved: string | undefined;
}

/**
 * `count` free ports in a row: those asked for, else the usual ones, else the first that are free. With `offsets`, as
 * many are free at each of these distances. Throws INVALID_ARGUMENT naming `option` if some that were asked for are
 * taken.
 */
export async function freeRow(
  asked: number | undefined,
  usual: number,
  count: number,
  option: string,
  offsets: readonly number[] = [0],
): Promise<PortRow> {
  const first = asked ?? usual;
  const taken = await firstTaken(first, count, offsets);
  if (taken === undefined) return { first, moved: undefined };
  const why = await portInUse(taken, HOST);
  if (asked !== undefined) {
    throw new RingError('INVALID_ARGUMENT', `${why}; choose other ports with ${option}`);
  }
  const most = MOST - count - Math.max(...offsets);
  for (let other = LEAST; other <= most; other += ROW_STEP) {
    if ((await firstTaken(other, count, offsets)) === undefined) return { first: other, moved: why };
  }
  throw new RingError('UNAVAILABLE', `${why}, and no other ports are free; choose ports with ${option}`);
}

async function firstTaken(
  first: number,
  count: number,
  offsets: readonly number[],
): Promise<number | undefined> {
  for (const offset of offsets) {
    for (let port = first + offset; port < first + offset + count; port++) {
      if (!(await isFree(port))) return port;
    }
  }
  return undefined;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => resolve(false));
    server.listen(port, HOST, () => server.close(() => resolve(true)));
  });
}
