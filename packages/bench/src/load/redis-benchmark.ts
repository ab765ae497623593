/** Redis' own load generator, `redis-benchmark`, as a load of one point. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { NotInstalled } from '../systems/system';

const run = promisify(execFile);
/** It would ask a server that does not answer for ever. */
const GIVEN_UP_MS = 120_000;

export const REDIS_TESTS = ['get', 'set', 'incr', 'mset'] as const;
export type RedisTest = (typeof REDIS_TESTS)[number];

export interface RedisBenchmarkRun {
  readonly port: number;
  readonly test: RedisTest;
  /** Commands in one write of a connection. */
  readonly pipeline: number;
  readonly connections: number;
  readonly requests: number;
  /** Keys are drawn from so many. */
  readonly keys: number;
  readonly valueBytes: number;
}

/** @returns commands a second. Throws NotInstalled when it is not on this machine. */
export async function redisBenchmark(
  { port, test, pipeline, connections, requests, keys, valueBytes }: RedisBenchmarkRun,
  signal: AbortSignal,
): Promise<number> {
  const numbers = { p: port, P: pipeline, c: connections, n: requests, r: keys, d: valueBytes };
  const args = Object.entries(numbers).flatMap(([flag, value]) => [`-${flag}`, String(value)]);
  try {
    const { stdout } = await run('redis-benchmark', ['--csv', '-t', test, ...args], {
      signal,
      timeout: GIVEN_UP_MS,
    });
    const [, rate] = /^"(?:GET|SET|INCR|MSET)[^"]*","([\d.]+)"/m.exec(stdout) ?? [];
    if (rate === undefined) throw new Error(`redis-benchmark said nothing of ${test}:\n${stdout}`);
    return Number(rate);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new NotInstalled('redis-benchmark is not installed (Debian: apt-get install redis-tools)');
  }
}
