/** Redis through ioredis. Values come as bytes, as from the others. */

import { Redis } from 'ioredis';
import type { Target } from './target';

export async function openIoredis(port: number, autoPipelining: boolean): Promise<Target> {
  const redis = new Redis({
    host: '127.0.0.1',
    port,
    enableAutoPipelining: autoPipelining,
    lazyConnect: true,
  });
  await redis.connect();
  return {
    get: (key) => redis.getBuffer(key),
    set: (key, value) => redis.set(key, value),
    delete: (key) => redis.del(key),
    close: async () => {
      await redis.quit();
    },
  };
}
