/**
 * Redis through ioredis. Without autopipelining values are read as text, with it as bytes: whichever costs ioredis less, though
 * the others return bytes.
 */

import { Redis } from 'ioredis';
import { PAGE_ENTRIES, type Target, type Watching } from './target';

export interface IoredisOptions {
  readonly port: number;
  readonly autoPipelining: boolean;
  /** A write also publishes its value under its key, which is what a watch is told of. */
  readonly publishes?: boolean;
}

export async function openIoredis({ port, autoPipelining, publishes }: IoredisOptions): Promise<Target> {
  const redis = new Redis({
    host: '127.0.0.1',
    port,
    enableAutoPipelining: autoPipelining,
    lazyConnect: true,
  });
  await redis.connect();
  const subscriptions = publishes === true ? await Subscriptions.open(redis) : undefined;
  return {
    get: autoPipelining ? (key) => redis.getBuffer(key) : (key) => redis.get(key),
    set: subscriptions
      ? (key, value) => Promise.all([redis.set(key, value), redis.publish(key, value)])
      : (key, value) => redis.set(key, value),
    delete: (key) => redis.del(key),
    count: (key) => redis.incr(key),
    readAll: (_order, took) => readAll(redis, took),
    ...(subscriptions && { watch: (prefix, _since, onValue) => subscriptions.watch(prefix, onValue) }),
    close: async () => {
      await subscriptions?.close();
      await redis.quit();
    },
  };
}

/** A connection of its own, as Redis asks for: one that subscribes does nothing else. */
class Subscriptions {
  private readonly listeners = new Map<string, (value: Buffer) => void>();

  private constructor(private readonly redis: Redis) {
    redis.on('pmessageBuffer', (pattern: Buffer | string, _channel: Buffer, value: Buffer) =>
      this.listeners.get(pattern.toString())?.(value),
    );
  }

  static async open(redis: Redis): Promise<Subscriptions> {
    const own = redis.duplicate();
    await own.connect();
    return new Subscriptions(own);
  }

  /** What was published before is told to nobody. */
  async watch(prefix: string, onValue: (value: Buffer) => void): Promise<Watching> {
    const pattern = `${prefix}*`;
    this.listeners.set(pattern, onValue);
    await this.redis.psubscribe(pattern);
    return {
      since: '',
      close: async () => {
        await this.redis.punsubscribe(pattern);
        this.listeners.delete(pattern);
      },
    };
  }

  async close(): Promise<void> {
    await this.redis.quit();
  }
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
