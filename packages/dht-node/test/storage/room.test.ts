/** A disk without room behind the ports: nothing fails, nothing is lost, and it goes on by itself. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@ringkeep/shared';
import { NODE_EVENT_LOOP } from '../../src/storage/event-loop';
import { DiskStorage } from '../../src/storage';
import { WHOLE_RING } from '../../src/storage/range-set';
import { RoomWatch } from '../../src/storage/room-watch';
import { SegmentedLog } from '../../src/storage/segmented-log';
import { NODE_SYSTEM, type System } from '../../src/storage/system';
import { Draw, SortedMap, applyChange, scanAll } from './conformance';
import { TornFolder } from './torn-folder';

const GIB = 1 << 30;
const MIB = 1 << 20;

const noRoom = (code: string): Error => Object.assign(new Error(`${code}: no room`), { code });

async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`waited in vain for ${condition.toString()}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test.each(['ENOSPC', 'EDQUOT'])(
  'a log whose write meets %s waits, writes it again and loses nothing',
  async (code) => {
    const folder = new TornFolder();
    const stalls: (string | undefined)[] = [];
    const log = await SegmentedLog.open(
      folder,
      { durability: 'always', syncIntervalMs: 1, segmentBytes: 4096 },
      0,
      () => undefined,
      NODE_SYSTEM,
      { fits: () => true, took: () => undefined, stall: (error) => stalls.push(error?.message) },
    );
    let durable = 0;
    let failure: Error | undefined;
    log.onDurable((upTo) => (durable = upTo));
    log.onFailure((error) => (failure = error));
    folder.nextError = noRoom(code);
    const texts = Array.from({ length: 40 }, (_, n) => `${n}`.padEnd(300, '.'));
    for (const [n, text] of texts.entries()) {
      log.append(Buffer.from(text));
      if (n === 3) expect(durable).toBe(0);
      if (n === 20) {
        await until(() => durable === 21);
        folder.nextError = noRoom(code);
      }
    }
    await until(() => durable === texts.length);
    expect(failure).toBeUndefined();
    // The second one may have met the segment that is made ahead: that is made later.
    expect(stalls).toContain(`${code}: no room`);
    expect(stalls.at(-1)).toBeUndefined();
    await log.close();
    const found: string[] = [];
    const options = { durability: 'always', syncIntervalMs: 1, segmentBytes: 4096 } as const;
    await SegmentedLog.open(folder.copy(), options, 0, (batch) => found.push(Buffer.from(batch).toString()));
    expect(found).toEqual(texts);
  },
);

test('a checkpoint for which the table has no room is given up, and the entries are as before and later in it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ringkeep-room-'));
  let full = false;
  const system: System = {
    ...NODE_SYSTEM,
    openTable: (path) => {
      const table = NODE_SYSTEM.openTable(path);
      const write = table.write.bind(table);
      table.write = (layer, checkpoint) =>
        full
          ? Promise.reject(Object.assign(new Error('No space left on device'), { code: 28 }))
          : write(layer, checkpoint);
      return table;
    },
  };
  const storage = await DiskStorage.open(folder, { segmentBytes: 64 * 1024 }, system);
  const failures: string[] = [];
  storage.onFailure(({ message }) => failures.push(message));
  await storage.recover({ snapshot: () => undefined, batch: () => undefined });
  const model = new SortedMap();
  const draw = new Draw(new Random(11), 300);
  const change = (): void => {
    const next = draw.change();
    for (const store of [model, storage.entries]) applyChange(store, next);
    storage.append(Buffer.from('a batch'));
  };
  for (let round = 0; round < 6; round++) {
    full = round % 3 !== 2;
    for (let n = 0; n < 60; n++) change();
    const checkpoint = storage.checkpoint(Buffer.from(`round ${round}`));
    for (let n = 0; n < 20; n++) change();
    expect(await checkpoint).toBe(!full);
    expect(scanAll(storage.entries, WHOLE_RING, 1_000)).toEqual(model.inRange(WHOLE_RING));
    expect(storage.entries.size(WHOLE_RING)).toEqual(model.size(WHOLE_RING));
  }
  expect(failures).toEqual([]);
  await storage.close();
  let snapshot = '';
  let batches = 0;
  const again = await DiskStorage.open(folder, { segmentBytes: 64 * 1024 });
  await again.recover({
    snapshot: (state) => (snapshot = Buffer.from(state).toString()),
    batch: () => void batches++,
  });
  expect([snapshot, batches]).toEqual(['round 5', 20]);
  await again.close();
  await rm(folder, { recursive: true });
});

test('the room is lacking below the reserve, and there again some way above it', async () => {
  const disk = { freeBytes: 10 * GIB, totalBytes: 100 * GIB };
  let unused = 0;
  const looks: (() => void)[] = [];
  const eventLoop = {
    ...NODE_EVENT_LOOP,
    later: (_: number, action: () => void) => (looks.push(action), {}),
    cancel: () => undefined,
  };
  const options = { measure: async () => ({ ...disk }), unusedBytes: () => unused, reserveBytes: 256 * MIB };
  const watch = new RoomWatch(options, eventLoop);
  const told: (string | undefined)[] = [];
  watch.onChange((lacking) => told.push(lacking));
  const look = async (freeMib: number, unusedMib = 0): Promise<boolean> => {
    disk.freeBytes = freeMib * MIB;
    unused = unusedMib * MIB;
    const before = looks.length;
    looks.at(-1)?.();
    await until(() => looks.length > before);
    return watch.isLacking;
  };
  await watch.start();
  expect([await look(257), await look(255), await look(257), await look(321)]).toEqual([
    false,
    true,
    true,
    false,
  ]);
  expect(told).toEqual([
    'the disk has 255 MiB free; 256 MiB are kept for deletes and checkpoints',
    undefined,
  ]);
  // What lies unused in the table counts, but the log needs room of its own.
  expect([await look(100, 200), await look(60, 900), await look(100, 300)]).toEqual([false, true, false]);
  expect([watch.fits(1), (await look(300), watch.fits(44 * MIB)), watch.fits(45 * MIB)]).toEqual([
    false,
    true,
    false,
  ]);
  watch.took(40 * MIB);
  expect([watch.fits(4 * MIB), watch.fits(5 * MIB)]).toEqual([true, false]);
  watch.stall(noRoom('EDQUOT'));
  expect(told.at(-1)).toBe('the disk has no room (EDQUOT: no room)');
  watch.stall(undefined);
  expect(await look(400)).toBe(false);
  // On a small disk the reserve is a tenth of it.
  disk.totalBytes = 100 * MIB;
  expect([await look(14), await look(9)]).toEqual([false, true]);
});
