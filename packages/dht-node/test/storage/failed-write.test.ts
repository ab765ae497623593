/** What a process that is started again makes of a log whose last write failed. */

import type { Random } from '@ringkeep/shared';
import type { Durability } from '../../src/storage';
import { SegmentedLog, type LogOptions } from '../../src/storage/segmented-log';
import { CachedFolder } from './cached-folder';
import { forSeeds } from './conformance';

const OPTIONS: LogOptions = { durability: 'always', syncIntervalMs: 1, segmentBytes: 4096 };

interface Life {
  readonly log: SegmentedLog;
  readonly found: string[];
  durable: number;
  failure: Error | undefined;
}

async function start(folder: CachedFolder, durability: Durability = 'always'): Promise<Life> {
  const found: string[] = [];
  const visit = (batch: Uint8Array): void => void found.push(Buffer.from(batch).toString());
  const log = await SegmentedLog.open(folder, { ...OPTIONS, durability }, 0, visit);
  const life: Life = { log, found, durable: log.lastNumber, failure: undefined };
  log.onDurable((upTo) => (life.durable = upTo));
  log.onFailure((error) => (life.failure = error));
  return life;
}

async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 4_000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`waited in vain for ${condition.toString()}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Appends until the disk has failed. */
async function appendUntilItFails(life: Life, random: Random): Promise<void> {
  for (let n = life.log.lastNumber + 1; life.failure === undefined; n++) {
    life.log.append(Buffer.from(`${n}:`.padEnd(random.below(700), '.')));
    if (random.chance(0.5)) await until(() => life.durable >= n || life.failure !== undefined);
  }
}

test.each(['always', 'interval'] as const)(
  'with durability %s, what a restarted process takes for durable is there after a power loss, wherever the write failed',
  async (durability) => {
    await forSeeds(40, async (random) => {
      let folder = new CachedFolder();
      for (let life = 0; life < 3; life++) {
        folder.writesLeft = random.below(12);
        const failing = await start(folder, durability).catch(() => undefined);
        if (failing) await appendUntilItFails(failing, random);
        await failing?.log.close();
        // It is started again on the same page cache, perhaps more than once, and then the power fails.
        let restarted = await start(folder, durability);
        if (random.chance(0.3)) restarted = await start(folder, durability);
        if (durability === 'always')
          expect(restarted.log.lastNumber).toBeGreaterThanOrEqual(failing?.durable ?? 0);
        folder = folder.afterPowerLoss();
        expect((await start(folder, durability)).found).toEqual(restarted.found);
      }
    });
  },
);

test('a log at rest is not written anew', async () => {
  const folder = new CachedFolder();
  const first = await start(folder);
  first.log.append(Buffer.from('one'));
  await until(() => first.durable === 1);
  await first.log.close();
  folder.writesLeft = 0;
  expect((await start(folder)).found).toEqual(['one']);
});
