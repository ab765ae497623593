/**
 * The simulated disk and the real file system behind the same port: what a live process sees of either is the same.
 * What is left without power is the simulated one's alone.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random, ringKey, type Bytes, type NodeId } from '@ringkeep/shared';
import { seal, type StoredValue } from '@ringkeep/shared/operations';
import { DataFolder, NODE_FILES, type DiskStorage, type FileSystem } from '@ringkeep/dht-node/storage';
import { rulesWithout } from '../src';
import { DATA_FOLDER, Disk } from '../src/world/disk';
import { DriftingClock } from '../src/world/drifting-clock';
import { MountedFiles } from '../src/world/mounted-files';
import { ProcessLoop } from '../src/world/process-loop';
import { simulatedSystem } from '../src/world/simulated-system';
import { Timeline } from '../src/world/timeline';

/** A disk, and processes that come and go on it. */
class Bench {
  readonly timeline = new Timeline();
  readonly random: Random;
  readonly disk: Disk;
  loop: ProcessLoop;
  files: MountedFiles;

  constructor(seed = 1, rules = rulesWithout(undefined).disks) {
    this.random = new Random(seed);
    this.disk = new Disk(this.timeline, this.random.fork(), { syncMs: 5 }, rules);
    [this.loop, this.files] = this.mount();
  }

  /** The process dies, with or without its machine; another one has the disk. */
  crash(powerLost: boolean): void {
    this.loop.die();
    this.files.unmount();
    this.disk.crash(powerLost);
    [this.loop, this.files] = this.mount();
  }

  /** Lets time pass until the promise is settled. */
  async run<Result>(work: Promise<Result>): Promise<Result> {
    let open = true;
    const end = (): void => void (open = false);
    work.then(end, end);
    while (open) {
      this.timeline.at(this.timeline.now + 1, () => this.timeline.stir());
      await this.timeline.runUntil(this.timeline.now + 1);
    }
    return work;
  }

  private mount(): [ProcessLoop, MountedFiles] {
    const { timeline, disk, random } = this;
    const loop = new ProcessLoop(timeline, new DriftingClock(timeline, 0, 1), random.fork(), () => 0);
    return [loop, new MountedFiles(disk, timeline, loop)];
  }
}

interface Subject {
  readonly files: FileSystem;
  readonly root: string;
  run<Result>(work: Promise<Result>): Promise<Result>;
  dispose(): Promise<void>;
}

const SUBJECTS: Readonly<Record<string, () => Promise<Subject>>> = {
  'the file system': async () => {
    const root = await mkdtemp(join(tmpdir(), 'ringkeep-files-'));
    return { files: NODE_FILES, root, run: (work) => work, dispose: () => rm(root, { recursive: true }) };
  },
  'the simulated disk': async () => {
    const bench = new Bench();
    return {
      files: bench.files,
      root: DATA_FOLDER,
      run: (work) => bench.run(work),
      dispose: async () => undefined,
    };
  },
};

describe.each(Object.entries(SUBJECTS))('files of %s', (_, make) => {
  let subject: Subject;
  let path: string;

  beforeEach(async () => {
    subject = await make();
    path = join(subject.root, 'file');
  });

  afterEach(() => subject.dispose());

  const fill = async (text: string): Promise<void> => {
    const file = await subject.files.open(path, 'create');
    await file.write(Buffer.from(text), 0);
    await file.sync();
    await file.close();
  };

  test('hold what was written, where it was written', () =>
    subject.run(
      (async () => {
        await fill('0123456789');
        for (const mode of ['update', 'syncing'] as const) {
          const file = await subject.files.open(path, mode);
          await file.write(Buffer.from('ab'), mode === 'update' ? 4 : 9);
          await file.syncData();
          await file.close();
        }
        expect((await subject.files.read(path)).toString()).toBe('0123ab678ab');
      })(),
    ));

  test('are empty when they are made anew, and zeros where nothing was written', () =>
    subject.run(
      (async () => {
        await fill('before');
        const file = await subject.files.open(path, 'create');
        await file.write(Buffer.from('x'), 5_000);
        await file.close();
        const found = await subject.files.read(path);
        expect(found.length).toBe(5_001);
        expect(found.subarray(0, 5_000).every((byte) => byte === 0)).toBe(true);
      })(),
    ));

  test('end where they are cut', () =>
    subject.run(
      (async () => {
        await fill('0123456789');
        const file = await subject.files.open(path, 'update');
        await file.truncate(4);
        await file.sync();
        await file.write(Buffer.from('x'), 6);
        await file.close();
        expect((await subject.files.read(path)).toString('latin1')).toBe('0123\0\0x');
      })(),
    ));

  test('are listed by their names, and gone when they are removed', () =>
    subject.run(
      (async () => {
        const { files, root } = subject;
        await fill('x');
        await files.makeFolder(join(root, 'log'));
        await files.makeFolder(join(root, 'log'));
        await files.rename(path, join(root, 'log', 'a'));
        await files.syncFolder(root);
        expect(await files.list(root)).toEqual(['log']);
        expect(await files.list(join(root, 'log'))).toEqual(['a']);
        await files.remove(join(root, 'log', 'a'));
        await files.remove(join(root, 'log', 'a'));
        expect(await files.list(join(root, 'log'))).toEqual([]);
      })(),
    ));

  test('that are not there are missed by their code', () =>
    subject.run(
      (async () => {
        const { files } = subject;
        await expect(files.read(path)).rejects.toMatchObject({ code: 'ENOENT' });
        await expect(files.open(path, 'update')).rejects.toMatchObject({ code: 'ENOENT' });
        await expect(files.list(path)).rejects.toMatchObject({ code: 'ENOENT' });
        await expect(files.open(join(path, 'x'), 'create')).rejects.toMatchObject({ code: 'ENOENT' });
      })(),
    ));
});

describe('without power', () => {
  const PATH = `${DATA_FOLDER}/file`;

  const create = async ({ files }: Bench, text: string): Promise<void> => {
    const file = await files.open(PATH, 'create');
    await file.write(Buffer.from(text), 0);
    await file.sync();
    await files.syncFolder(DATA_FOLDER);
  };

  test('a synced file under a synced name is there', async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const bench = new Bench(seed);
      await bench.run(create(bench, 'kept'));
      bench.crash(true);
      expect((await bench.files.read(PATH)).toString()).toBe('kept');
    }
  });

  test('what was not synced is there, or not, or in part; and a process that is killed loses nothing', async () => {
    const found = new Set<string>();
    for (let seed = 1; seed <= 100; seed++) {
      const bench = new Bench(seed);
      await bench.run(create(bench, 'a'.repeat(256)));
      const file = await bench.files.open(PATH, 'update');
      await file.write(Buffer.from('b'.repeat(256)), 0);
      bench.crash(false);
      expect((await bench.files.read(PATH)).toString()).toBe('b'.repeat(256));
      bench.crash(true);
      const text = (await bench.files.read(PATH)).toString();
      found.add([text[0], text[128]].join(''));
    }
    expect([...found].sort()).toEqual(['aa', 'ab', 'ba', 'bb']);
  });

  test('a name that was not synced is there or not, with the file that it had', async () => {
    const found = new Set<string>();
    for (let seed = 1; seed <= 50; seed++) {
      const bench = new Bench(seed);
      await bench.run(create(bench, 'old'));
      const file = await bench.files.open(`${PATH}.new`, 'create');
      await file.write(Buffer.from('new'), 0);
      await bench.run(file.sync());
      await bench.files.rename(`${PATH}.new`, PATH);
      bench.crash(true);
      found.add((await bench.files.read(PATH)).toString());
    }
    expect([...found].sort()).toEqual(['new', 'old']);
  });

  test('what a failed sync left in memory is gone, though a later sync succeeded', async () => {
    let lost = 0;
    for (let seed = 1; seed <= 50; seed++) {
      const bench = new Bench(seed);
      await bench.run(create(bench, 'a'));
      bench.disk.fail('once');
      const file = await bench.files.open(PATH, 'syncing');
      await expect(bench.run(file.write(Buffer.from('b'), 0))).rejects.toMatchObject({ code: 'EIO' });
      expect((await bench.files.read(PATH)).toString()).toBe('b');
      await bench.run(file.sync());
      bench.crash(true);
      if ((await bench.files.read(PATH)).toString() === 'a') lost++;
    }
    expect(lost).toBeGreaterThan(10);
  });

  test('a process that is dead is never told anything, and does nothing', async () => {
    const bench = new Bench();
    await bench.run(create(bench, 'a'));
    const { files } = bench;
    const file = await files.open(PATH, 'syncing');
    let told = false;
    const tell = (): void => void (told = true);
    file.write(Buffer.from('b'), 0).then(tell, tell);
    bench.crash(true);
    files.remove(PATH).then(tell, tell);
    await bench.timeline.runUntil(1_000);
    expect(told).toBe(false);
    expect(await bench.files.list(DATA_FOLDER)).toEqual(['file']);
  });
});

describe('the real storage on it', () => {
  const KEY = ringKey('\x01234567' as Bytes, 'k' as Bytes);
  const valueOf = (batch: number): StoredValue => seal(KEY, batch, `${batch}` as Bytes);

  async function open(bench: Bench): Promise<{ storage: DiskStorage; found: string[] }> {
    const found: string[] = [];
    const system = simulatedSystem(bench.files, bench.loop, bench.random);
    const folder = await DataFolder.open(DATA_FOLDER, system);
    const storage = await folder.openStorage({ segmentBytes: 2_048 });
    await storage.recover({
      snapshot: (state) => void found.push(Buffer.from(state).toString()),
      batch: (batch) => void found.push(Buffer.from(batch).toString()),
    });
    await folder.identity.raiseIncarnation();
    await folder.identity.remember({ clusterId: 'c', nodeId: 1n as NodeId, salt: 0 }, 1_000);
    return { storage, found };
  }

  test('keeps what it said to be durable, whenever power is lost, checkpoints or not', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const bench = new Bench(seed);
      let durable = 0;
      for (let life = 0, appended = 0; life < 5; life++) {
        const { storage, found } = await bench.run(open(bench));
        const before = found[0]?.startsWith('up to ') ? Number(found[0].slice(6)) : 0;
        const last = before > 0 ? before + found.length - 1 : found.length;
        expect(last).toBeGreaterThanOrEqual(durable);
        expect(storage.entries.get(KEY)).toBe(before > 0 ? valueOf(before) : undefined);
        appended = last;
        storage.onDurable((upTo) => (durable = upTo));
        for (let step = bench.random.below(40); step > 0; step--) {
          storage.append(Buffer.from(`batch ${++appended}`));
          if (bench.random.chance(0.1) && storage.entries.get(KEY) === undefined) {
            storage.entries.put([{ key: KEY, value: valueOf(appended) }]);
            void storage.checkpoint(Buffer.from(`up to ${appended}`));
            break;
          }
          bench.timeline.stir();
          const restMs = bench.random.below(10);
          bench.timeline.after(restMs, () => bench.timeline.stir());
          await bench.timeline.runUntil(bench.timeline.now + restMs);
        }
        await bench.timeline.runUntil(bench.timeline.now + bench.random.below(60));
        bench.crash(bench.random.chance(0.7));
      }
    }
  });
});
