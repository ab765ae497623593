/** Processes that are killed, or run out of room, while they write; needs what `npm run build` made. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Random } from '@ringkeep/shared';
import { type Bytes, type RingKey } from '@ringkeep/shared';
import { seal } from '@ringkeep/shared/operations';
import { DiskStorage } from '../../src/storage';
import { WHOLE_RING } from '../../src/storage/range-set';
import { forSeeds } from './conformance';

const PACKAGE = join(__dirname, '..', '..');
const BUILT = join(PACKAGE, 'dist', 'storage', 'index.js');
const OPTIONS = { segmentBytes: 64 * 1024, checkpointLogBytes: 64 * 1024 };

beforeAll(() => {
  if (!existsSync(BUILT)) throw new Error(`${BUILT} is missing: run npm run build first`);
});

/** Batch n sets key n and deletes key n - 1000; it prints n when that is durable. */
const PROGRAM = `
  const { writeSync } = require('node:fs');
  const { DiskStorage } = require(process.argv[1]);
  const { seal } = require(require.resolve('@ringkeep/shared/operations', { paths: [process.argv[1]] }));
  const key = (n) => String(n).padStart(20, '0');
  const apply = (entries, n) =>
    entries.put([
      { key: key(n), value: seal(key(n), n + 1, 'value ' + n) },
      { key: key(n - 1000), value: undefined },
    ]);
  DiskStorage.open(process.argv[2], ${JSON.stringify(OPTIONS)}).then(async (storage) => {
    await storage.recover({
      snapshot: () => undefined,
      batch: (batch) => apply(storage.entries, Number(Buffer.from(batch).toString())),
    });
    storage.onDurable((upTo) => writeSync(1, upTo + '\\n'));
    let next = storage.append(Buffer.alloc(0)) + 1;
    for (;;) {
      for (let i = 0; i < 50; i++, next++) {
        apply(storage.entries, next);
        storage.append(Buffer.from(String(next).padEnd(200)));
      }
      if (storage.checkpointDue()) void storage.checkpoint(Buffer.from(String(next - 1)));
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
`;

async function runUntilKilled(folder: string, linesBeforeKill: number): Promise<number> {
  const child = spawn(process.execPath, ['-e', PROGRAM, BUILT, folder], {
    cwd: PACKAGE,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let heard = '';
  child.stdout.setEncoding('latin1');
  child.stdout.on('data', (text: string) => {
    heard += text;
    if (heard.split('\n').length > linesBeforeKill) child.kill('SIGKILL');
  });
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  expect(signal).toBe('SIGKILL');
  return Number(heard.split('\n').at(-2));
}

/** Puts and takes checkpoints until one fails; prints what it saw. */
const FILLING_PROGRAM = `
  const { DiskStorage } = require(process.argv[1]);
  const key = (n) => String((n * 7919) % 1000003).padStart(20, '0');
  DiskStorage.open(process.argv[2]).then(async (storage) => {
    await storage.recover({});
    const seen = { checkpoints: 0, failures: [] };
    storage.onFailure((error) => seen.failures.push(error.message));
    for (let n = 0; seen.rejected === undefined; ) {
      for (let i = 0; i < 5000; i++, n++) storage.entries.put([{ key: key(n), value: 'v'.repeat(100) }]);
      await storage.checkpoint(Buffer.from(String(n))).then(
        () => seen.checkpoints++,
        (error) => (seen.rejected = error.message),
      );
      seen.keys = storage.entries.size({ from: '', to: undefined }).keys;
    }
    await storage.close();
    console.log(JSON.stringify(seen));
  });
`;

test('a checkpoint for which there is no room fails with a reason, and the one before stays', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ringkeep-full-'));
  try {
    const limited = 'ulimit -f 5000; exec "$0" -e "$1" "$2" "$3"';
    const child = spawn('sh', ['-c', limited, process.execPath, FILLING_PROGRAM, BUILT, folder], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let heard = '';
    child.stdout.on('data', (text: Buffer) => (heard += text.toString()));
    expect(await once(child, 'close')).toEqual([0, null]);
    const seen = JSON.parse(heard) as {
      checkpoints: number;
      failures: string[];
      rejected: string;
      keys: number;
    };
    expect(seen.checkpoints).toBeGreaterThan(0);
    expect(seen.failures).toEqual([seen.rejected]);
    expect(seen.rejected).toMatch(/^the disk fails: /);
    expect(seen.keys).toBe((seen.checkpoints + 1) * 5_000);
    const storage = await DiskStorage.open(folder);
    let snapshot = '';
    await storage.recover({
      snapshot: (state) => (snapshot = Buffer.from(state).toString()),
      batch: () => undefined,
    });
    expect(Number(snapshot)).toBe(seen.checkpoints * 5_000);
    expect(storage.entries.size(WHOLE_RING).keys).toBe(seen.checkpoints * 5_000);
    await storage.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('after kill -9 everything that was reported durable is there, time after time', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ringkeep-kill-'));
  try {
    await forSeeds(1, async (random: Random) => {
      for (let life = 0; life < 2; life++) {
        const durable = await runUntilKilled(folder, random.between(10, 40));
        const storage = await DiskStorage.open(folder, OPTIONS);
        let last = 0;
        const batches: number[] = [];
        await storage.recover({
          snapshot: (state) => (last = Number(Buffer.from(state).toString())),
          batch: (batch) => batches.push(Number(Buffer.from(batch).toString())),
        });
        const key = String(last).padStart(20, '0') as RingKey;
        expect(storage.entries.get(key)).toBe(
          last === 0 ? undefined : seal(key, last + 1, `value ${last}` as Bytes),
        );
        for (const [index, number] of batches.entries()) {
          if (number !== 0) expect(number).toBe(last + 1 + index);
        }
        const end = last + batches.length;
        expect(end).toBeGreaterThanOrEqual(durable);
        expect(storage.append(Buffer.alloc(0))).toBe(end + 1);
        expect(storage.entries.size(WHOLE_RING).keys).toBeLessThanOrEqual(1_000 + 50);
        await storage.close();
      }
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
