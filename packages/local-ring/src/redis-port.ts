/** Where a node's door for Redis clients is: it says so when it is ready. */

import { invariant } from '@ringkeep/shared';
import type { NodePlace } from './local-ring';

/** Of a node that was started with `--redis-port`, 0 included. */
export async function redisPortOf({ name, process }: NodePlace): Promise<number> {
  const [, port] = /for Redis clients on [^ ]*:(\d+)/.exec((await process?.ready) ?? '') ?? [];
  invariant(port !== undefined, `${name} says where its door for Redis clients is`);
  return Number(port);
}
