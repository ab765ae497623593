import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random, ringKey, type Bytes, type KeyRange } from '@ringkeep/shared';
import { seal } from '@ringkeep/shared/operations';
import { DiskLogFolder, DiskStorage, type DiskOptions } from '../../src/storage';
import { recoverLog } from '../../src/storage/log-recovery';
import {
  Draw,
  SortedMap,
  applyChange,
  decodeChange,
  describeNodeStorage,
  durableUpTo,
  encodeChange,
  expectSame,
  scanAll,
} from './conformance';
import { WHOLE_RING } from '../../src/storage/range-set';
import { TornFolder } from './torn-folder';

const OPTIONS: Partial<DiskOptions> = { segmentBytes: 64 * 1024 };

async function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'ringkeep-storage-'));
}

describeNodeStorage('disk', async () => {
  const folder = await temporaryFolder();
  return {
    name: 'disk',
    lasting: true,
    open: () => DiskStorage.open(folder, OPTIONS),
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
});

describe('disk storage', () => {
  let folder: string;
  const opened: DiskStorage[] = [];

  beforeEach(async () => {
    folder = await temporaryFolder();
  });

  afterEach(async () => {
    for (const storage of opened.splice(0)) await storage.close().catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  });

  interface Recovered {
    readonly storage: DiskStorage;
    readonly snapshot: string | undefined;
    readonly batches: string[];
  }

  async function recover(storage: DiskStorage): Promise<Recovered> {
    opened.push(storage);
    let snapshot: string | undefined;
    const batches: string[] = [];
    await storage.recover({
      snapshot: (state) => (snapshot = Buffer.from(state).toString()),
      batch: (batch) => batches.push(Buffer.from(batch).toString()),
    });
    return { storage, snapshot, batches };
  }

  const open = async (options = OPTIONS, path = folder): Promise<Recovered> =>
    recover(await DiskStorage.open(path, options));

  test('tells each write of the log: the batches of all of them are those that were appended', async () => {
    const { storage } = await open();
    let [batches, bytes, writes] = [0, 0, 0];
    storage.onWritten((write) => {
      batches += write.batches;
      bytes += write.bytes;
      writes++;
      expect(write.durationMs).toBeGreaterThanOrEqual(0);
    });
    const durable = durableUpTo(storage, 50);
    for (let n = 0; n < 50; n++) storage.append(Buffer.alloc(100));
    await durable;
    expect(batches).toBe(50);
    expect(bytes).toBeGreaterThan(50 * 100);
    expect(writes).toBeLessThan(50);
  });

  test('recovers the snapshot, then the batches after it, and counts on', async () => {
    const first = (await open()).storage;
    for (const text of ['1', '2', '3']) first.append(Buffer.from(text));
    await first.checkpoint(Buffer.from('as of 3'));
    for (const text of ['4', '5']) first.append(Buffer.from(text));
    await first.close();
    const second = await open();
    expect([second.snapshot, second.batches]).toEqual(['as of 3', ['4', '5']]);
    expect(second.storage.append(Buffer.from('6'))).toBe(6);
    await second.storage.checkpoint(Buffer.from('as of 6'));
    await second.storage.close();
    const third = await open();
    expect([third.snapshot, third.batches]).toEqual(['as of 6', []]);
    expect(third.storage.append(Buffer.from('7'))).toBe(7);
  });

  test('what changes while a checkpoint is written is not in it', async () => {
    const { storage } = await open();
    const draw = new Draw(new Random(5), 4_000);
    const model = new SortedMap();
    const change = (): void => {
      const next = draw.change();
      applyChange(model, next);
      applyChange(storage.entries, next);
      storage.append(encodeChange(next));
    };
    for (let i = 0; i < 2_000; i++) change();
    const asOf = new SortedMap();
    asOf.put(model.inRange(WHOLE_RING));
    const written = storage.checkpoint(Buffer.from('middle'));
    for (let i = 0; i < 50; i++) {
      change();
      expectSame(storage.entries, model, draw);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await written;
    expectSame(storage.entries, model, draw);
    await storage.close();
    const again = await open();
    expect(scanAll(again.storage.entries, WHOLE_RING, 1_000)).toEqual(asOf.inRange(WHOLE_RING));
    for (const batch of again.batches) applyChange(again.storage.entries, decodeChange(Buffer.from(batch)));
    expect(scanAll(again.storage.entries, WHOLE_RING, 1_000)).toEqual(model.inRange(WHOLE_RING));
    expect(again.storage.entries.size(WHOLE_RING)).toEqual(model.size(WHOLE_RING));
  });

  test('a range erased from the table on the disk stays erased, and filled again stays filled', async () => {
    const { storage } = await open();
    const at = (byte: number): Bytes => String.fromCharCode(byte, 0, 0, 0, 0, 0, 0, 0) as Bytes;
    const entries = Array.from({ length: 256 }, (_, i) => {
      const key = ringKey(at(i), 'key' as Bytes);
      return { key, value: seal(key, 1, String(i) as Bytes) };
    });
    storage.entries.put(entries);
    await storage.checkpoint(Buffer.alloc(0));
    const range: KeyRange = { from: at(16), to: at(240) };
    storage.entries.erase(range);
    storage.entries.put(entries.slice(100, 110));
    const expected = [...entries.slice(0, 16), ...entries.slice(100, 110), ...entries.slice(240)];
    for (let round = 0; round < 2; round++) {
      expect(scanAll(storage.entries, WHOLE_RING, 100)).toEqual(expected);
      expect(storage.entries.size(range).keys).toBe(10);
      expect(storage.entries.get(entries[50]?.key as never)).toBeUndefined();
      await storage.checkpoint(Buffer.alloc(0));
    }
    await storage.close();
    expect(scanAll((await open()).storage.entries, WHOLE_RING, 100)).toEqual(expected);
  });

  test('a checkpoint is due when the log or the table has grown, and drops the log before it', async () => {
    const { storage } = await open({ segmentBytes: 4096, checkpointLogBytes: 40_000, checkpointKeys: 1_000 });
    expect(storage.checkpointDue()).toBe(false);
    for (let i = 0; i < 40; i++) storage.append(Buffer.alloc(1_000));
    expect([storage.checkpointDue(), storage.overloaded()]).toEqual([true, false]);
    for (let i = 0; i < 120; i++) storage.append(Buffer.alloc(1_000));
    expect(storage.overloaded()).toBe(true);
    await durableUpTo(storage, 160);
    const before = (await readdir(join(folder, 'log'))).length;
    const checkpoint = storage.checkpoint(Buffer.alloc(0));
    expect(storage.checkpointDue()).toBe(false);
    await checkpoint;
    expect(before).toBeGreaterThan(30);
    expect((await readdir(join(folder, 'log'))).length).toBeLessThanOrEqual(2);
    expect([storage.checkpointDue(), storage.overloaded()]).toEqual([false, false]);
    const draw = new Draw(new Random(1), 0);
    for (let i = 0; i < 1_000; i++) {
      const key = ringKey(draw.position(), draw.bytes(20, 20));
      storage.entries.put([{ key, value: draw.stored(key, 1, 1) }]);
    }
    expect(storage.checkpointDue()).toBe(true);
  });

  test('a log truncated at any byte of its last records gives all whole batches before', async () => {
    const log = join(folder, 'log');
    const { storage } = await open();
    const texts = Array.from({ length: 6 }, (_, i) => `batch ${i} `.padEnd(10 + 9 * i, '.'));
    for (const [index, text] of texts.entries()) {
      const durable = durableUpTo(storage, index + 1);
      storage.append(Buffer.from(text));
      await durable;
    }
    const [name] = (await readdir(log)).sort() as [string];
    const live = await readFile(join(log, name));
    const ends = texts.map((text) => live.indexOf(text) + text.length);
    const copy = join(folder, 'copy');
    const copied = await DiskLogFolder.open(copy);
    for (let at = 16; at <= (ends.at(-1) as number); at++) {
      await writeFile(join(copy, name), live.subarray(0, at));
      const found: string[] = [];
      await recoverLog(copied, 0, (batch) => found.push(Buffer.from(batch).toString()));
      expect(found).toEqual(texts.filter((_, i) => (ends[i] as number) <= at));
    }
  });

  test('a copy of the folder taken while it is written holds everything reported durable before', async () => {
    const { storage } = await open();
    let durable = 0;
    storage.onDurable((upTo) => (durable = upTo));
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 50; i++) storage.append(Buffer.from(`${round * 50 + i}`));
      await new Promise((resolve) => setImmediate(resolve));
      const before = durable;
      const path = join(folder, `copy-${round}`);
      await cp(join(folder, 'log'), join(path, 'log'), {
        recursive: true,
        filter: (from) => !from.endsWith('.new'),
      });
      const { batches } = await open(OPTIONS, path);
      expect(batches.length).toBeGreaterThanOrEqual(before);
      expect(batches).toEqual(batches.map((_, i) => `${i}`));
    }
  });

  test('damage in the log is refused with file, byte and what to do, and nothing is changed', async () => {
    const { storage } = await open();
    for (let i = 1; i <= 20; i++) storage.append(Buffer.from(`batch number ${i}`));
    await storage.close();
    const [name] = (await readdir(join(folder, 'log'))) as [string];
    const path = join(folder, 'log', name);
    const bytes = await readFile(path);
    const at = bytes.indexOf('batch number 7');
    bytes[at] = 0;
    await writeFile(path, bytes);
    await expect(open()).rejects.toThrow(`${path} is damaged at byte ${at - 24}: batch 7 should begin here`);
    await expect(open()).rejects.toThrow('Put back a copy of the data folder');
    expect((await readFile(path)).equals(bytes)).toBe(true);
  });

  test('a file that is no table is refused by name', async () => {
    const { storage } = await open();
    await storage.checkpoint(Buffer.alloc(0));
    await storage.close();
    const table = join(folder, 'table', 'data.mdb');
    for (const bytes of [10, 4_096, 20_000]) {
      await writeFile(table, Buffer.alloc(bytes, 1));
      await expect(open()).rejects.toThrow(`${table} is damaged: there is no LMDB database in it`);
    }
  });

  test('a failing disk is told once, a checkpoint then fails, and reads go on', async () => {
    const log = new TornFolder();
    const { storage } = await recover(DiskStorage.over(log, join(folder, 'table'), OPTIONS));
    const failures: string[] = [];
    storage.onFailure(({ message }) => failures.push(message));
    const key = ringKey('position' as Bytes, 'key' as Bytes);
    const value = seal(key, 1, 'value' as Bytes);
    storage.entries.put([{ key, value }]);
    log.nextError = new Error('ENOSPC: no space left on device, write');
    storage.append(Buffer.from('lost'));
    while (failures.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await expect(storage.checkpoint(Buffer.alloc(0))).rejects.toThrow('ENOSPC');
    expect(failures).toEqual([expect.stringContaining('the disk fails: ENOSPC: no space left on device')]);
    expect(storage.entries.get(key)).toBe(value);
    expect(storage.checkpointDue()).toBe(false);
  });
});
