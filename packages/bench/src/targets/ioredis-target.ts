/**
 * Redis through ioredis. Without autopipelining values are read as text, with it as bytes: whichever costs ioredis less, though
 * the others return bytes.
 */

import { Redis } from 'ioredis';
import { PAGE_ENTRIES, type Target } from './target';

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
    readAll: (_order, took) => readAll(redis, took),
    close: async () => {
      await redis.quit();
    },
  };
}

/** Its SCAN tells keys; their values are asked for with one command a page. */
async function readAll(redis: Redis, took: (entries: number) => boolean): Promise<void> {
  let cursor: string | Buffer = '0';
  do {
    const [next, keys]: [Buffer, Buffer[]] = await redis.scanBuffer(cursor, 'COUNT', PAGE_ENTRIES);
    const values = keys.length > 0 ? await redis.mgetBuffer(keys) : [];
    for (const value of values) if (!took(value ? 1 : 0)) return;
    cursor = next.toString();
  } while (cursor !== '0');
}
