/**
 * Public data that is not part of the project: statistics of production caches, and real reads. It is looked for beside
 * the project and in $RINGKEEP_DATA. A benchmark whose data is missing says so and skips it.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '@ringkeep/local-ring';

const TRACE_MEBIBYTES_MAX = 64;

/** What Twitter measured of one of its cache clusters (github.com/twitter/cache-trace, CC BY 4.0). */
export interface CacheCluster {
  readonly cluster: number;
  readonly key_size: number | null;
  readonly value_size: number | null;
  /** Shares of operations, by their memcached names. */
  readonly ops: Readonly<Record<string, number>>;
  readonly zipf_alpha: number | null;
}

/** Undefined, with a message, when the file is missing. */
export function cacheClusters(): CacheCluster[] | undefined {
  const path = recorded('twitter-cluster-stats/2020Mar.json', 'the clusters');
  return path === undefined ? undefined : (JSON.parse(readFileSync(path, 'utf8')) as CacheCluster[]);
}

/** The reads of a web shop (cache2k-benchmark, CC BY 4.0): numbers of keys, in order. */
export function webShopReads(): number[] | undefined {
  const path = recorded('cache2k-traces/web07.trace.xz', 'the trace');
  if (path === undefined) return undefined;
  const { error, stdout } = spawnSync('xz', ['-dc', path], { maxBuffer: TRACE_MEBIBYTES_MAX * 2 ** 20 });
  if (error) {
    process.stderr.write('SKIPPED: the trace: xz is not installed (Debian: apt-get install xz-utils)\n');
    return undefined;
  }
  // Four bytes each, big-endian.
  return Array.from({ length: stdout.length >> 2 }, (_, index) => stdout.readUInt32BE(index * 4));
}

function recorded(file: string, what: string): string | undefined {
  const path = join(process.env.RINGKEEP_DATA ?? join(PROJECT_ROOT, '../shared/data'), file);
  if (existsSync(path)) return path;
  process.stderr.write(`SKIPPED: ${what}: there is no ${path}; set RINGKEEP_DATA\n`);
  return undefined;
}
