/** Clients of Redis that people use, unchanged, against a node that is a process: ioredis, node-redis, and redis-cli. */

import { execFile, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort, LocalRing } from '@ringkeep/local-ring';

/** What is used of node-redis here; its own types are of every module that Redis has. */
interface NodeRedis {
  connect(): Promise<unknown>;
  close(): Promise<unknown>;
  duplicate(): NodeRedis;
  set(key: string, value: string, options?: object): Promise<string | null>;
  get(key: string): Promise<string | null>;
  incr(key: string): Promise<number>;
  mGet(keys: readonly string[]): Promise<(string | null)[]>;
  expire(key: string, seconds: number): Promise<number>;
  ttl(key: string): Promise<number>;
  watch(key: string): Promise<unknown>;
  multi(): NodeRedisMulti;
  scanIterator(options: object): AsyncIterable<string[]>;
  pSubscribe(pattern: string, listener: (message: string, channel: string) => void): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): this;
}

interface NodeRedisMulti {
  incr(key: string): NodeRedisMulti;
  get(key: string): NodeRedisMulti;
  exec(): Promise<unknown[]>;
}

const { createClient } = createRequire(__filename)('redis') as {
  createClient(options: { readonly url: string; readonly RESP?: 2 | 3 }): NodeRedis;
};

let port: number;
let folder: string;
let ring: LocalRing;

beforeAll(async () => {
  port = await freePort();
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-redis-clients-'));
  const nodeArgs = ['--redis-port', String(port)];
  ring = await LocalRing.start({ folder, replicationFactor: 1, links: false, nodeArgs }, 1);
  await ring.settled();
}, 60_000);
afterAll(async () => {
  await ring.stop();
  await rm(folder, { recursive: true, force: true });
});

describe('ioredis', () => {
  test('reads, writes, pipelines, transacts and scans', async () => {
    const redis = new Redis(port, { maxRetriesPerRequest: 1 });
    try {
      expect(await redis.set('io:a', 'Olá', 'EX', 100)).toBe('OK');
      expect(await redis.get('io:a')).toBe('Olá');
      expect(await redis.ttl('io:a')).toBeGreaterThan(90);
      const bytes = Buffer.from([0, 13, 10, 255]);
      await redis.set(bytes, bytes);
      expect(await redis.getBuffer(bytes)).toEqual(bytes);
      const piped = await redis.pipeline().incr('io:n').incr('io:n').get('io:n').exec();
      expect(piped).toEqual([
        [null, 1],
        [null, 2],
        [null, '2'],
      ]);
      const made = await redis.multi().set('{io}x', 'y').incr('{io}x').get('{io}x').exec();
      expect(made?.map(([error, value]) => error?.message ?? value)).toEqual([
        'OK',
        'ERR value is not an integer or out of range',
        'y',
      ]);
      await redis.mset(Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`io:scan${i}`, i])));
      const found: string[] = [];
      for await (const keys of redis.scanStream({ match: 'io:scan*', count: 4 }))
        found.push(...(keys as string[]));
      expect(found).toHaveLength(25);
      await expect(redis.call('LPUSH', 'l', 'x')).rejects.toThrow(/^ERR unknown command 'LPUSH'/);
    } finally {
      redis.disconnect();
    }
  });

  test('listens to changes', async () => {
    const redis = new Redis(port);
    const listener = new Redis(port);
    try {
      const heard = new Promise((resolve) => listener.on('pmessage', (...told) => resolve(told)));
      await listener.psubscribe('__keyspace@0__:io:ev*');
      await redis.set('io:event', '1');
      expect(await heard).toEqual(['__keyspace@0__:io:ev*', '__keyspace@0__:io:event', 'set']);
    } finally {
      redis.disconnect();
      listener.disconnect();
    }
  });
});

describe.each([2, 3] as const)('node-redis with RESP%i', (RESP) => {
  test('reads, writes, watches and transacts', async () => {
    const client = createClient({ url: `redis://127.0.0.1:${port}`, RESP }).on('error', () => undefined);
    await client.connect();
    try {
      const key = `{nr${RESP}}`;
      expect(
        await client.set(`${key}a`, '1', { condition: 'NX', expiration: { type: 'EX', value: 50 } }),
      ).toBe('OK');
      expect(await client.incr(`${key}a`)).toBe(2);
      expect(await client.mGet([`${key}a`, `${key}none`])).toEqual(['2', null]);
      expect(await client.expire(`${key}a`, 100)).toBe(1);
      expect(await client.ttl(`${key}a`)).toBeGreaterThan(90);
      expect(await client.multi().incr(`${key}a`).get(`${key}a`).exec()).toEqual([3, '3']);
      await client.watch(`${key}a`);
      await client.set(`${key}a`, '7');
      await expect(client.multi().incr(`${key}a`).exec()).rejects.toThrow();
      const found: string[] = [];
      for await (const keys of client.scanIterator({ MATCH: `${key.replace(/[{}]/g, '?')}*` }))
        found.push(...keys);
      expect(found).toEqual([`${key}a`]);
    } finally {
      await client.close();
    }
  });

  test('listens to changes', async () => {
    const client = createClient({ url: `redis://127.0.0.1:${port}`, RESP }).on('error', () => undefined);
    const listener = client.duplicate().on('error', () => undefined);
    await Promise.all([client.connect(), listener.connect()]);
    try {
      const heard = new Promise((resolve) => {
        void listener
          .pSubscribe('__keyevent@0__:set', (message, channel) => resolve([message, channel]))
          .then(() => client.set(`nr${RESP}:event`, '1'));
      });
      expect(await heard).toEqual([`nr${RESP}:event`, '__keyevent@0__:set']);
    } finally {
      await Promise.all([client.close(), listener.close()]);
    }
  });
});

const hasCli = spawnSync('redis-cli', ['--version']).status === 0;

(hasCli ? describe : describe.skip)('redis-cli', () => {
  const cli = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)('redis-cli', ['-p', String(port), ...args])).stdout.trimEnd();

  test('reads and writes, in both protocols', async () => {
    expect(await cli('SET', 'cli:a', '1')).toBe('OK');
    expect(await cli('-3', 'INCR', 'cli:a')).toBe('2');
    expect(await cli('-3', 'HELLO')).toContain('server ringkeep');
    expect(await cli('--scan', '--pattern', 'cli:*')).toBe('cli:a');
    expect(await cli('INFO', 'server')).toContain('redis_version:');
    expect(await cli('COMMAND', 'DOCS', 'get')).toContain('summary');
  });
});
