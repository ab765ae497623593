/** A registry or a node that ends by itself, as by kill -9, at a named point (preload.ts). */

import { readFile } from 'node:fs/promises';
import { compiled, RingProcess } from '@ringkeep/local-ring';
import { FAILPOINT_ENV, PASSED_ENV } from './failpoint';

/** One life of a process: how to make it end at a point, or by kill -9 if there is none, and what to begin with. */
export interface Life {
  readonly point: string | undefined;
  readonly afresh: boolean;
}

export function startArmed(
  kind: 'registry' | 'node',
  args: readonly string[],
  passedFile: string,
  point: string | undefined,
): RingProcess {
  const env = {
    NODE_OPTIONS: `--require "${compiled('scripts/dist/failpoints/preload.js')}"`,
    LOG_LEVEL: 'error',
    [PASSED_ENV]: passedFile,
    ...(point !== undefined && { [FAILPOINT_ENV]: point }),
  };
  return RingProcess.start(kind, args, { env });
}

/**
 * Has a process end at each of its points, those too that show only on the way, or at the chosen ones. `live` tells
 * whether it ended at the point. Returns where it ended.
 *
 * Some points come only in a new folder, and some only after an end at another one, whose leftovers they clear away.
 */
export async function endAtPoints(
  passedFile: string,
  live: (life: Life) => Promise<boolean>,
  chosen: (point: string) => boolean = () => true,
): Promise<string[]> {
  /** Where the life before had ended in which a point showed first. */
  const origins = new Map<string, string | undefined>();
  let endedAt: string | undefined;
  const follow = async (point: string | undefined, afresh: boolean): Promise<boolean> => {
    const ended = await live({ point, afresh });
    for (const name of (await readFile(passedFile, 'utf8')).trim().split('\n'))
      if (!origins.has(name)) origins.set(name, endedAt);
    endedAt = ended ? point : undefined;
    return ended;
  };
  const endAt = async (point: string): Promise<boolean> => {
    if ((await follow(point, false)) || (await follow(point, true))) return true;
    return (await follow(origins.get(point), true)) && follow(point, false);
  };
  for (const afresh of [true, false]) await follow(undefined, afresh);
  const done: string[] = [];
  for (;;) {
    const point = [...origins.keys()].find((name) => chosen(name) && !done.includes(name));
    if (point === undefined) break;
    if (!(await endAt(point))) throw new Error(`it did not come to the point "${point}" again`);
    done.push(point);
  }
  // What the last one left is looked at as well.
  await follow(undefined, false);
  return done;
}
