/**
 * A save for which the disk has no room after all: somebody else took it since it was measured. In a process of its own,
 * since a commit that fails leaves rejected promises behind, which a test runner takes for failures. Uses what
 * `npm run build` made.
 */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SmallDisk } from '../../../dht-node/test/server/small-disk';
import { SaveRoom } from '../../src/adapters/save-room';

const run = promisify(execFile);

/** Prints what each step came to. */
const STEPS = `
const { rmSync, writeFileSync } = require('node:fs');
const { LmdbRingStore } = require('${join(__dirname, '../../dist/adapters/lmdb-ring-store.js')}');
const { newState } = require('${join(__dirname, '../../dist/core')}');
const { DEFAULT_PARAMETERS } = require('@ringkeep/shared');
const [disk] = process.argv.slice(1);
const other = disk + '/of-somebody-else';
const say = (what) => console.log(JSON.stringify(what));
const versions = (store) => store.load().ring.version;

async function steps() {
  const store = new LmdbRingStore(disk + '/ring');
  const first = newState('c', DEFAULT_PARAMETERS, 1n);
  await store.save(first);
  say(await store.room());
  try { writeFileSync(other, Buffer.alloc(1 << 20)); } catch {}
  const claim = 'c'.repeat(100_000);
  const next = { ...first, ring: { ...first.ring, version: 2 }, claims: [{ id: 1n, claim }] };
  say(await store.save(next).catch(({ code, message }) => ({ code, message })));
  say(versions(store));
  say(await store.room());
  rmSync(other);
  await store.save({ ...next, claims: [] });
  await store.close();
  say(versions(new LmdbRingStore(disk + '/ring')));
}
steps();
`;

test('it is refused in one line, what was saved before is there, and a later save works', async () => {
  const disk = await SmallDisk.mount(1);
  if (!disk) return;
  const said = await run(process.execPath, ['-e', STEPS, disk.path], { cwd: __dirname });
  await disk.unmount();
  const ring = join(disk.path, 'ring');
  expect(
    said.stdout
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line)),
  ).toEqual([
    { allows: 'everything' },
    { code: 'RESOURCE_EXHAUSTED', message: `the disk has no room to save the ring in ${ring}` },
    1,
    { allows: 'no change', lacking: `the disk of ${ring} has 0 KiB free` },
    2,
  ]);
});

test('what may be saved follows the free space, and more is allowed only when there is clearly more', async () => {
  const free = { mebibytes: 30 };
  const room = new SaveRoom('folder', 16 << 20, () =>
    Promise.resolve({ freeBytes: free.mebibytes * (1 << 20), totalBytes: 2 ** 40 }),
  );
  const seen: string[] = [];
  for (const mebibytes of [30, 15, 19, 21, 3, 4.5, 6, 19, 21]) {
    free.mebibytes = mebibytes;
    seen.push(`${mebibytes}: ${(await room.look()).allows}`);
  }
  expect(seen).toEqual([
    '30: everything',
    '15: no growth',
    '19: no growth',
    '21: everything',
    '3: no change',
    '4.5: no change',
    '6: no growth',
    '19: no growth',
    '21: everything',
  ]);
});

test('what cannot be measured is not known to be lacking', async () => {
  const room = new SaveRoom('folder', 16 << 20, () => Promise.reject(new Error('no such folder')));
  expect(await room.look()).toEqual({ allows: 'everything' });
});
