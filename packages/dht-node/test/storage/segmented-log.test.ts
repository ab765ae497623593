import type { Random } from '@ringkeep/shared';
import { recoverLog } from '../../src/storage/log-recovery';
import { SegmentedLog, type LogOptions } from '../../src/storage/segmented-log';
import { forSeeds } from './conformance';
import { TornFolder } from './torn-folder';

// The machine that runs them may be busy with other tests.

const OPTIONS: LogOptions = { durability: 'always', syncIntervalMs: 1, segmentBytes: 4096 };

interface OpenLog {
  readonly log: SegmentedLog;
  readonly found: string[];
  durable: number;
  failure: Error | undefined;
}

async function openLog(folder: TornFolder, checkpointNumber = 0, options = OPTIONS): Promise<OpenLog> {
  const found: string[] = [];
  const log = await SegmentedLog.open(folder, options, checkpointNumber, (batch) => {
    found.push(Buffer.from(batch).toString('latin1'));
  });
  const open: OpenLog = { log, found, durable: log.lastNumber, failure: undefined };
  log.onDurable((upTo) => (open.durable = upTo));
  log.onFailure((error) => (open.failure = error));
  return open;
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 4_000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`waited in vain for ${condition.toString()}`);
    await turns(1);
  }
}

function randomBatch(random: Random, label: string): string {
  return label + 'x'.repeat(random.below(random.chance(0.1) ? 6_000 : 300));
}

/** Appends each text as a group of its own. */
async function appendGroups({ log }: OpenLog, state: { durable: number }, texts: string[]): Promise<void> {
  for (const text of texts) {
    const number = log.append(Buffer.from(text, 'latin1'));
    await until(() => state.durable >= number);
  }
}

describe('the log after a crash of the machine', () => {
  test('holds a prefix of what was appended with everything that was reported durable, crash after crash', async () => {
    await forSeeds(80, async (random) => {
      let folder = new TornFolder();
      let expected: string[] = [];
      let durable = 0;
      const durability = random.pick(['always', 'always', 'interval', 'none'] as const);
      for (let life = 0; life < 5; life++) {
        const open = await openLog(folder, 0, { ...OPTIONS, durability });
        if (durability === 'always') expect(open.found.length).toBeGreaterThanOrEqual(durable);
        expect(open.found).toEqual(expected.slice(0, open.found.length));
        expected = open.found;
        for (let step = random.below(40); step > 0; step--) {
          for (let i = random.below(5); i >= 0; i--) {
            expected.push(randomBatch(random, `${life}:${expected.length};`));
            open.log.append(Buffer.from(expected.at(-1) as string, 'latin1'));
          }
          await turns(random.below(4));
        }
        // What is recovered counts as durable from then on.
        durable = open.durable;
        expect(open.failure).toBeUndefined();
        const next = random.chance(0.3) ? folder.killed() : folder.crash(random);
        folder.operationsLeft = 0;
        await open.log.close().catch(() => undefined);
        folder = next;
      }
    });
  });

  test('is cut at the same place when the machine stops again while it is being cut', async () => {
    await forSeeds(50, async (random) => {
      let folder = new TornFolder();
      const first = await openLog(folder, 0, { ...OPTIONS, durability: 'none' });
      const expected: string[] = [];
      for (let i = 0; i < 40; i++) {
        expected.push(randomBatch(random, `${i};`));
        first.log.append(Buffer.from(expected.at(-1) as string, 'latin1'));
        await turns(random.below(3));
      }
      folder = folder.crash(random);
      const found = (await openLog(folder.copy())).found;
      expect(found).toEqual(expected.slice(0, found.length));
      folder.operationsLeft = random.below(4);
      await openLog(folder).catch(() => undefined);
      folder = folder.crash(random);
      const again = await openLog(folder);
      expect(again.found).toEqual(found);
      const numbers = again.log.append(Buffer.from('later'));
      expect(numbers).toBe(found.length + 1);
      await until(() => again.durable === numbers);
      expect((await openLog(folder.copy())).found).toEqual([...found, 'later']);
    });
  });

  test('goes on after a checkpoint that is ahead of it', async () => {
    const folder = new TornFolder();
    const first = await openLog(folder);
    await appendGroups(first, first, ['1', '2', '3']);
    const second = await openLog(folder.copy(), 5);
    expect(second.found).toEqual([]);
    expect(second.log.append(Buffer.from('6'))).toBe(6);
  });
});

describe('a damaged log', () => {
  const texts = Array.from({ length: 12 }, (_, i) => `batch ${i + 1} `.padEnd(20 + i * 13, '.'));

  async function writtenLog(): Promise<TornFolder> {
    const folder = new TornFolder();
    const open = await openLog(folder, 0, { ...OPTIONS, segmentBytes: 500 });
    await appendGroups(open, open, texts);
    return folder.copy();
  }

  async function recovered(folder: TornFolder): Promise<string[]> {
    const found: string[] = [];
    await recoverLog(folder, 0, (batch) => found.push(Buffer.from(batch).toString('latin1')));
    return found;
  }

  test('is refused with file and byte wherever a bit flips before the last group, and never loses a batch', async () => {
    const folder = await writtenLog();
    let refused = 0;
    for (const [name, { bytes }] of folder.files) {
      for (let at = 0; at < bytes.length; at++) {
        bytes[at] = (bytes[at] as number) ^ (1 << (at & 7));
        const copy = folder.copy();
        const before = [...copy.files.values()].map((file) => Buffer.from(file.bytes));
        try {
          const found = await recovered(copy);
          // Padding, room never written, or the last group, which no record follows.
          expect(found.length).toBeGreaterThanOrEqual(texts.length - 1);
          expect(found).toEqual(texts.slice(0, found.length));
        } catch (error) {
          refused++;
          const [, file, byte] = /^torn\/(\S+) is damaged at byte (\d+)/.exec((error as Error).message) ?? [];
          expect(file).toBe(name);
          expect(Number(byte)).toBeLessThanOrEqual(at);
          expect([...copy.files.values()].every((left, i) => left.bytes.equals(before[i] as Buffer))).toBe(
            true,
          );
        }
        bytes[at] = (bytes[at] as number) ^ (1 << (at & 7));
      }
    }
    expect(refused).toBeGreaterThan(texts.join('').length * 0.8);
  });

  test('is refused for the last group too once the log has been at rest or was closed', async () => {
    for (const end of ['rest', 'close'] as const) {
      const folder = await writtenLog();
      const open = await openLog(folder);
      const name = [...folder.files.keys()].sort().at(-1) as string;
      await appendGroups(open, open, ['the last one']);
      const { writes } = folder;
      if (end === 'rest') await until(() => folder.writes > writes);
      else await open.log.close();
      const damaged = folder.copy();
      const [last] = [...damaged.files].filter(([, { bytes }]) => bytes.includes('the last one'));
      const [file, { bytes }] = last as [string, { bytes: Buffer }];
      bytes[bytes.indexOf('the last one')] = 0;
      expect(file > name).toBe(true);
      await expect(recovered(damaged)).rejects.toThrow(
        `${file} is damaged at byte 16: batch 13 should begin here`,
      );
      await open.log.close();
    }
  });

  test('is refused when a segment is missing, unless the checkpoint holds its batches', async () => {
    const folder = await writtenLog();
    const [first, second, third] = [...folder.files.keys()].sort() as [string, string, string];
    const withoutSecond = folder.copy();
    withoutSecond.files.delete(second);
    await expect(openLog(withoutSecond)).rejects.toThrow(`torn/${third} is damaged at byte 16: `);
    const withoutFirst = folder.copy();
    withoutFirst.files.delete(first);
    await expect(openLog(withoutFirst)).rejects.toThrow(`torn/${second} is damaged at byte 16: batch 1 `);
    const held = texts.length - 1;
    expect((await openLog(withoutFirst.copy(), held)).found).toEqual(texts.slice(held));
  });

  test('is refused when the header of a segment is damaged or cut short', async () => {
    const folder = await writtenLog();
    const name = [...folder.files.keys()].sort()[1] as string;
    const whole = folder.files.get(name)?.bytes as Buffer;
    for (let bytes = 0; bytes < 16; bytes++) {
      folder.files.set(name, { bytes: whole.subarray(0, bytes), durable: whole });
      await expect(openLog(folder)).rejects.toThrow(`torn/${name} is damaged at byte 0`);
    }
  });
});

describe('group commit', () => {
  test('writes and syncs once what was appended in one turn, and once what came while that was in flight', async () => {
    const folder = new TornFolder();
    const open = await openLog(folder, 0, { ...OPTIONS, segmentBytes: 1 << 20 });
    let release = (): void => undefined;
    folder.syncGate = new Promise((resolve) => (release = resolve));
    for (let i = 0; i < 500; i++) open.log.append(Buffer.from('first'));
    await until(() => folder.syncs === 1);
    for (let i = 0; i < 500; i++) {
      open.log.append(Buffer.from('second'));
      if (i % 100 === 0) await turns(1);
    }
    expect(open.durable).toBe(0);
    release();
    await until(() => open.durable === 1_000);
    expect([folder.writes, folder.syncs]).toEqual([2, 2]);
  });

  test('fills segments to the last byte and drops them when a checkpoint holds what is in them', async () => {
    const folder = new TornFolder();
    const open = await openLog(folder, 0, { ...OPTIONS, segmentBytes: 16 + 4 * 128 });
    const texts = Array.from({ length: 12 }, (_, i) => String(i).padEnd(128 - 24, '.'));
    await appendGroups(open, open, texts);
    expect(folder.files.size).toBe(4);
    await open.log.dropThrough(7);
    expect(folder.files.size).toBe(3);
    await open.log.dropThrough(8);
    expect((await openLog(folder.copy(), 8)).found).toEqual(texts.slice(8));
    await open.log.close();
    expect((await openLog(folder.copy(), 8)).found).toEqual(texts.slice(8));
  });

  test('gives a batch larger than a segment one of its own, also when the next segment is there already', async () => {
    const folder = new TornFolder();
    const open = await openLog(folder);
    const texts = ['a'.repeat(3_000), 'b'.repeat(10_000), 'c'.repeat(3_000), 'd'];
    for (const [index, text] of texts.entries()) {
      await appendGroups(open, open, [text]);
      await until(() => folder.files.size > 1);
      expect((await openLog(folder.copy())).found).toEqual(texts.slice(0, index + 1));
    }
  });

  test('goes on behind a segment whose name could not be made durable', async () => {
    class FailsAtTheName extends TornFolder {
      failing = false;
      override async create(name: string, head: Uint8Array, bytes: number): Promise<void> {
        await super.create(name, head, bytes);
        if (this.failing) throw new Error('i/o error');
      }
    }
    const folder = new FailsAtTheName();
    const open = await openLog(folder);
    const texts = ['a'.repeat(2_500), 'b'.repeat(2_500), 'c'];
    folder.failing = true;
    await appendGroups(open, open, texts.slice(0, 1));
    await until(() => folder.files.size === 2);
    await turns(5);
    folder.failing = false;
    await appendGroups(open, open, texts.slice(1));
    expect((await openLog(folder.copy())).found).toEqual(texts);
  });

  test('with durability interval reports at the write and syncs later, with none at the close', async () => {
    for (const durability of ['interval', 'none'] as const) {
      const folder = new TornFolder();
      const open = await openLog(folder, 0, { ...OPTIONS, durability });
      let release = (): void => undefined;
      folder.syncGate = new Promise((resolve) => (release = resolve));
      open.log.append(Buffer.from('batch'));
      await until(() => open.durable === 1);
      if (durability === 'interval') await until(() => folder.syncs === 1);
      else expect(folder.syncs).toBe(0);
      release();
      await open.log.close();
      const [file] = [...folder.files.values()];
      expect(file?.durable.includes('batch')).toBe(true);
    }
  });

  test('tells a failing disk once and reports nothing durable from then on', async () => {
    for (const failing of ['write', 'sync'] as const) {
      const folder = new TornFolder();
      const open = await openLog(folder);
      await appendGroups(open, open, ['good']);
      const failures: Error[] = [];
      open.log.onFailure((error) => failures.push(error));
      const { writes } = folder;
      if (failing === 'write') folder.nextError = new Error('no space left on device');
      open.log.append(Buffer.from('lost'));
      if (failing === 'sync') {
        await until(() => folder.writes > writes);
        folder.nextError = new Error('no space left on device');
      }
      await until(() => failures.length > 0);
      expect(open.log.append(Buffer.from('lost too'))).toBe(3);
      await turns(20);
      expect(failures.map(({ message }) => message)).toEqual(['no space left on device']);
      expect(open.durable).toBe(1);
      await open.log.close();
      expect((await openLog(folder)).found.slice(0, 1)).toEqual(['good']);
    }
  });
});
