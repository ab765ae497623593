/**
 * One Redis server, with and without its append-only file. Ways: `ioredis` (default), `autopipelining`, `publishing`, which
 * has that, too, and `node-redis`.
 */

import { mkdir } from 'node:fs/promises';
import { freePort } from '@ringkeep/local-ring';
import { KeptProcess, versionOf } from './kept-process';
import type { System } from './system';

export async function startRedis(folder: string, appendOnly: boolean): Promise<System> {
  const version = versionOf('redis-server', 'redis-server');
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  args.push(...(appendOnly ? ['--appendonly', 'yes', '--appendfsync', 'always'] : ['--appendonly', 'no']));
  const server = await KeptProcess.start('redis-server', args);
  try {
    await server.listens(port);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    label: `Redis ${version}`,
    durability: appendOnly ? 'fdatasync before the answer' : 'none',
    copies: 1,
    nodes: 1,
    pids: [server.pid],
    redisPort: port,
    target: (way) =>
      way === 'node-redis'
        ? { kind: 'node-redis', port }
        : { kind: 'ioredis', port, autoPipelining: isPipelined(way), publishes: way === 'publishing' },
    stop: () => server.stop(),
  };
}

function isPipelined(way: string | undefined): boolean {
  return way === 'autopipelining' || way === 'publishing';
}
