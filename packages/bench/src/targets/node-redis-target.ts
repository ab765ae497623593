/** Redis through node-redis, which sends the commands of one turn together. */

import { createClient } from 'redis';
import type { Target } from './target';

export async function openNodeRedis(port: number): Promise<Target> {
  const client = createClient({ socket: { host: '127.0.0.1', port } });
  await client.connect();
  return {
    get: (key) => client.get(key),
    set: (key, value) => client.set(key, value),
    delete: (key) => client.del(key),
    count: (key) => client.incr(key),
    close: () => client.close(),
  };
}
