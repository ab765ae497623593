/** Reads all entries of a target in one order, again and again, and how soon the first ones come. */

import { encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import { cpuMicroseconds } from '@ringkeep/local-ring';
import { invariant } from '@ringkeep/shared';
import type { ReadOrder, Target } from '../targets/target';
import { newHistogram } from './recorder';

const US_PER_MS = 1_000;

export interface ReadAllRun {
  readonly order: ReadOrder;
  /** That there are, at least: a store may tell some twice. */
  readonly entries: number;
  /** Whole reads until this time has passed. */
  readonly measureMs: number;
  /** Reads that are given up at the first entry. */
  readonly firsts: number;
  /** Processes whose CPU time counts as the server's. */
  readonly serverPids: readonly number[];
}

export interface ReadAllSample {
  readonly entries: number;
  readonly seconds: number;
  readonly clientCpuUs: number;
  readonly serverCpuUs: number | undefined;
  /** Times until the first entry, µs: HDR histogram, compressed, in base64. */
  readonly firsts: string;
}

/** Throws when entries are missing. */
export async function readingAll(target: Target, run: ReadAllRun): Promise<ReadAllSample> {
  await readOnce(target, run);
  const firsts = newHistogram();
  for (let i = 0; i < run.firsts; i++) await readFirst(target, run.order, firsts);
  const client = process.cpuUsage();
  const server = cpuMicroseconds(run.serverPids);
  const beganAtMs = performance.now();
  let entries = 0;
  while (performance.now() < beganAtMs + run.measureMs) entries += await readOnce(target, run);
  const { user, system } = process.cpuUsage(client);
  const serverAfter = cpuMicroseconds(run.serverPids);
  return {
    entries,
    seconds: (performance.now() - beganAtMs) / 1_000,
    clientCpuUs: user + system,
    serverCpuUs: server === undefined || serverAfter === undefined ? undefined : serverAfter - server,
    firsts: encodeIntoCompressedBase64(firsts),
  };
}

async function readOnce(target: Target, { order, entries: expected }: ReadAllRun): Promise<number> {
  let entries = 0;
  await read(target, order, (count) => {
    entries += count;
    return true;
  });
  if (entries < expected) throw new Error(`read ${entries} of ${expected} entries (${order})`);
  return entries;
}

async function readFirst(target: Target, order: ReadOrder, firsts: Histogram): Promise<void> {
  const beganAtMs = performance.now();
  await read(target, order, () => {
    firsts.recordValue(Math.max(1, Math.round((performance.now() - beganAtMs) * US_PER_MS)));
    return false;
  });
}

function read(target: Target, order: ReadOrder, took: (entries: number) => boolean): Promise<void> {
  invariant(target.readAll, 'only those are asked that offer it');
  return target.readAll(order, took);
}
