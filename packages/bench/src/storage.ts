/**
 * `npm run bench-storage`: what the storage of a node can do by itself, without network and replication:
 * durable appends, reads and writes of entries, memory of a key, and the time that a start takes.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entry } from '@ringkeep/dht-node/core';
import { DiskStorage, MemoryStorage, type NodeStorage } from '@ringkeep/dht-node/storage';
import { Random, type Bytes, type RingKey } from '@ringkeep/shared';
import { seal, bytesOfText, ringKeyOf } from '@ringkeep/shared/operations';
import { option, optionValues, runScript } from '@ringkeep/process/command-line';
import { table } from '@ringkeep/local-ring';

const KEYS = 1_000_000;
const KEY_BYTES = 24;
const VALUE_BYTES = 100;
const APPEND_SECONDS = 3;
const PUT_GROUP = 100;
const SAMPLES = 300_000;

const IGNORE = { snapshot: () => undefined, batch: () => undefined };
const rows: string[][] = [];

function report(what: string, storage: string, result: string): void {
  rows.push([what, storage, result]);
  process.stderr.write(`${what}, ${storage}: ${result}\n`);
}

function keyAt(index: number): RingKey {
  return ringKeyOf(bytesOfText(String(index).padStart(KEY_BYTES, 'k')));
}

function entryAt(index: number): Entry {
  const key = keyAt(index);
  return { key, value: seal(key, index + 1, valueAt(index)) };
}

function valueAt(index: number): Bytes {
  return bytesOfText(String(index).padEnd(VALUE_BYTES, 'v'));
}

/** Appends batches of 100 bytes one by one, so many of them outstanding, and counts those made durable. */
async function appendsPerSecond(storage: NodeStorage, outstanding: number): Promise<number> {
  const batch = Buffer.alloc(VALUE_BYTES, 1);
  const startedAt = performance.now();
  let first = 0;
  let done = 0;
  await new Promise<void>((resolve) => {
    storage.onDurable((upTo) => {
      const completed = upTo - first - done + 1;
      done += completed;
      if (performance.now() - startedAt > APPEND_SECONDS * 1_000) resolve();
      else for (let i = 0; i < completed; i++) storage.append(batch);
    });
    first = storage.append(batch);
    for (let i = 1; i < outstanding; i++) storage.append(batch);
  });
  storage.onDurable(() => undefined);
  return (done / (performance.now() - startedAt)) * 1_000;
}

function nanosecondsEach(count: number, work: () => void): string {
  const startedAt = performance.now();
  work();
  return `${Math.round(((performance.now() - startedAt) * 1e6) / count)} ns`;
}

function fill(storage: NodeStorage): void {
  for (let at = 0; at < KEYS; at += PUT_GROUP) {
    storage.entries.put(Array.from({ length: PUT_GROUP }, (_, i) => entryAt(at + i)));
  }
}

function measureEntries(storage: NodeStorage, name: string, random: Random): void {
  const keys = Array.from({ length: SAMPLES }, () => keyAt(random.below(KEYS)));
  const entries = keys.map((key, index) => ({ key, value: seal(key, index + 1, valueAt(index)) }));
  let bytes = 0;
  const get = (): void => {
    for (const key of keys) bytes += storage.entries.raw(key)?.length ?? 0;
  };
  get();
  report('get', name, nanosecondsEach(SAMPLES, get));
  report(
    'put, key known',
    name,
    nanosecondsEach(SAMPLES, () => {
      for (let at = 0; at < SAMPLES; at += PUT_GROUP) storage.entries.put(entries.slice(at, at + PUT_GROUP));
    }),
  );
  if (bytes === 0) throw new Error('nothing was read');
}

/** Objects and the buffers outside of the heap. */
function bytesInUse(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function measureMemory(random: Random): Promise<void> {
  const storage = new MemoryStorage();
  globalThis.gc?.();
  const before = bytesInUse();
  fill(storage);
  globalThis.gc?.();
  const bytesEach = (bytesInUse() - before) / KEYS;
  const exact = globalThis.gc ? '' : ' (garbage included: start with --expose-gc)';
  report(
    `memory a key of ${KEY_BYTES} + ${VALUE_BYTES} bytes`,
    'memory',
    `${bytesEach.toFixed(0)} B${exact}`,
  );
  measureEntries(storage, 'memory', random);
  await storage.close();
}

async function measureAppends(folder: string): Promise<void> {
  for (const durability of ['always', 'interval', 'none'] as const) {
    for (const outstanding of [64, 1_024]) {
      const path = join(folder, `${durability}-${outstanding}`);
      const storage = await DiskStorage.open(path, { durability });
      await storage.recover(IGNORE);
      const rate = await appendsPerSecond(storage, outstanding);
      report(`appends, ${outstanding} outstanding`, `disk, ${durability}`, `${Math.round(rate)} a second`);
      await storage.close();
      await rm(path, { recursive: true });
    }
  }
}

async function measureDisk(folder: string, random: Random): Promise<void> {
  const path = join(folder, 'entries');
  const storage = await DiskStorage.open(path);
  await storage.recover(IGNORE);
  fill(storage);
  const startedAt = performance.now();
  let turnStartedAt = startedAt;
  let longestMs = 0;
  let over = false;
  const turn = (): void => {
    longestMs = Math.max(longestMs, performance.now() - turnStartedAt);
    turnStartedAt = performance.now();
    if (!over) setImmediate(turn);
  };
  turn();
  await storage.checkpoint(Buffer.alloc(0));
  over = true;
  report('checkpoint of 1 M keys', 'disk', `${Math.round(performance.now() - startedAt)} ms`);
  report('longest turn meanwhile', 'disk', `${longestMs.toFixed(1)} ms`);
  measureEntries(storage, 'disk', random);
  for (let index = 0; index < 300_000; index++) {
    storage.append(Buffer.from(`${String(index).padStart(KEY_BYTES, 'k')}${valueAt(index)}`, 'latin1'));
  }
  await storage.close();

  const openedAt = performance.now();
  const again = await DiskStorage.open(path);
  await again.recover({
    snapshot: () => undefined,
    batch: (batch) => {
      const text = Buffer.from(batch.buffer, batch.byteOffset, batch.length).toString('latin1');
      const key = ringKeyOf(text.slice(0, KEY_BYTES) as Bytes);
      again.entries.put([{ key, value: seal(key, 1, text.slice(KEY_BYTES) as Bytes) }]);
    },
  });
  again.entries.get(keyAt(7));
  const took = Math.round(performance.now() - openedAt);
  report('start with 1 M keys, 300 k of them in the log', 'disk', `${took} ms`);
  await again.close();
}

const specs = {
  folder: option({
    flag: '--folder <path>',
    text: 'where the disk is measured: a new folder in it is used and removed',
    read: optionValues.text,
    default: tmpdir(),
  }),
};

const script = { name: 'npm run bench-storage --', text: 'Measures the storage of a node by itself.', specs };

runScript(script, async (options) => {
  const folder = await mkdtemp(join(options.folder, 'ringkeep-bench-'));
  try {
    await measureMemory(new Random(1));
    await measureAppends(folder);
    await measureDisk(folder, new Random(2));
    console.log(table(['what', 'storage', 'figure'], rows));
    return 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
