/**
 * Redis through ioredis. Without autopipelining values are read as text, with it as bytes: whichever costs ioredis less, though
 * the others return bytes.
 */

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
    get: autoPipelining ? (key) => redis.getBuffer(key) : (key) => redis.get(key),
    set: (key, value) => redis.set(key, value),
    delete: (key) => redis.del(key),
    count: (key) => redis.incr(key),
    close: async () => {
      await redis.quit();
    },
  };
}
