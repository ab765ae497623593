/**
 * `npm run bit-rot`: bits change on the disk of a running node. Is a wrong value ever answered, does it spread, and
 * does the copy become whole again by itself?
 *
 * 1. One bit is flipped in every fourth value in one node's table. The two other nodes stop for six seconds, so that
 *    the damaged copies are the only ones in sync. Everything is read meanwhile and afterwards.
 * 2. The background scrub goes round. Then the two others stop again, and the mended node answers alone.
 *
 * Exit code 1 if a read was wrong, or if the damaged node does not have everything in the end.
 */

import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { option, optionValues, runScript } from '@ringkeep/process/command-line';
import { forceCheckpoints } from './checkpoints';
import { type NodePlace, table, verdict, withTemporaryRing, type TemporaryRing } from '@ringkeep/local-ring';
import { WrittenKeys, type ReadBack } from './written-keys';

const STOPPED_MS = 6_000;
const READ_MS = 10_000;
const SCRUB_SECONDS = 20;
const ONE_IN = 4;
/** What each value begins with (see written-keys.ts), and where in it the bit is flipped. */
const VALUE = /1\/\d+/g;

const specs = {
  keys: option({
    flag: '--keys <number>',
    text: 'keys to write',
    read: optionValues.integer(1, 1_000_000),
    default: 5_000,
  }),
};

const script = {
  name: 'npm run bit-rot --',
  text: 'Flips bits on the disk of a running node, and checks that a damaged value is never answered and always repaired.',
  specs,
};

runScript(script, ({ keys }) =>
  withTemporaryRing(
    { name: 'bit-rot', nodes: 3, replicationFactor: 3, nodeArgs: ['--scrub-every', `${SCRUB_SECONDS}s`] },
    (temporary) => run(temporary, keys),
  ),
);

async function run({ folder, ring, client, unexpectedEnds }: TemporaryRing, count: number): Promise<number> {
  const keys = new WrittenKeys(client);
  await keys.write(count);
  await forceCheckpoints(ring, folder, client);
  const [damaged, ...others] = ring.places as [NodePlace, ...NodePlace[]];
  const flipped = await flipBits(join(folder, damaged.name, 'table/data.mdb'));
  const rows: (readonly [string, ReadBack])[] = [];

  await whileStopped(others, async () => rows.push(['damaged node alone', await readAlone(keys)]));
  rows.push(['others back', await keys.readBack(READ_MS)]);
  await ring.settled();
  await pause(SCRUB_SECONDS * 1.5 * 1_000);
  rows.push(['after a scrub', await keys.readBack(READ_MS)]);
  await whileStopped(others, async () => rows.push(['mended node alone', await readAlone(keys)]));

  console.log(`${flipped} bits were flipped in the values of ${damaged.name}`);
  console.log(
    table(
      ['', 'right', 'unavailable', 'wrong', 'other errors'],
      rows.map(([when, { right, unavailable, wrong, otherErrors }]) => [
        when,
        ...[right, unavailable, wrong, otherErrors.length].map(String),
      ]),
    ),
  );
  const broken = [...unexpectedEnds];
  for (const [when, { wrong }] of rows) if (wrong > 0) broken.push(`${when}: ${wrong} reads were wrong`);
  for (const [when, { right }] of rows.slice(1))
    if (right !== keys.count) broken.push(`${when}: ${keys.count - right} keys were not read`);
  if (flipped === 0) broken.push('no bit was flipped: nothing was tested');
  return verdict(broken, 'no wrong value was told, none has spread, and the copy is whole again');
}

/** How long it takes until the others are taken for dead. */
async function readAlone(keys: WrittenKeys): Promise<ReadBack> {
  await pause(STOPPED_MS / 2);
  return keys.readBack(STOPPED_MS / 2);
}

async function whileStopped(places: readonly NodePlace[], action: () => Promise<unknown>): Promise<void> {
  for (const { process } of places) process?.signal('SIGSTOP');
  try {
    await Promise.all([action(), pause(STOPPED_MS)]);
  } finally {
    for (const { process } of places) process?.signal('SIGCONT');
  }
}

/** @returns in how many values */
async function flipBits(path: string): Promise<number> {
  const bytes = await readFile(path);
  const file = await open(path, 'r+');
  let met = 0;
  let flipped = 0;
  try {
    for (const { index } of bytes.toString('latin1').matchAll(VALUE)) {
      if (met++ % ONE_IN > 0) continue;
      const at = index + 2;
      await file.write(Buffer.of((bytes[at] as number) ^ 1), 0, 1, at);
      flipped++;
    }
  } finally {
    await file.close();
  }
  return flipped;
}
