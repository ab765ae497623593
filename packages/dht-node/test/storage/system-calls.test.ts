/** What a real process asks of the system, in order, as strace sees it; needs what `npm run build` made. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commitsAheadOfTheirSync, systemCalls } from '../../../../scripts/system-calls';

const BUILT = join(__dirname, '..', '..', 'dist', 'storage', 'index.js');

/** Takes a node's folder up, writes a batch and a checkpoint, says where it is, and ends without closing anything. */
const PROGRAM = `
  const { writeSync } = require('node:fs');
  const { DataFolder } = require(process.argv[1]);
  const say = (text) => writeSync(1, text + '\\n');
  DataFolder.open(process.argv[2]).then(async (folder) => {
    const storage = await folder.openStorage({ segmentBytes: 65536 });
    await folder.identity.raiseIncarnation();
    say('incarnation');
    await storage.recover({ snapshot: () => undefined, batch: () => undefined });
    say('recovered');
    await folder.identity.remember({ clusterId: 'cluster', nodeId: 1n, salt: 0 }, 2000);
    say('placed');
    const write = (batch) => new Promise((resolve) => {
      storage.onDurable(resolve);
      storage.append(batch);
    });
    await write(Buffer.from('a batch'));
    say('durable');
    await write(Buffer.alloc(60000));
    await write(Buffer.alloc(60000));
    say('next segment');
    await storage.checkpoint(Buffer.from('a checkpoint'));
    say('checkpoint');
    process.exit(0);
  });
`;

/** Does with one file and its folder what the port to the files offers, and says when each has resolved. */
const PORT_PROGRAM = `
  const { writeSync } = require('node:fs');
  const { NODE_FILES } = require(process.argv[1]);
  const [folder, path] = [process.argv[2], process.argv[2] + '/file'];
  const step = (name, promise) => promise.then((value) => (writeSync(1, name + '\\n'), value));
  (async () => {
    const file = await step('created', NODE_FILES.open(path, 'create'));
    await step('written', file.write(Buffer.from('bytes'), 0));
    await step('synced', file.sync());
    await step('written again', file.write(Buffer.from('other'), 0));
    await step('data synced', file.syncData());
    await step('named', NODE_FILES.syncFolder(folder));
  })();
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-calls-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('names, batches and checkpoints are on the disk before anybody is told, and what was found before it counts', async () => {
  const data = join(folder, 'data');
  for (let start = 0; start < 2; start++) {
    const calls = await systemCalls(PROGRAM, [BUILT, data]);
    if (!calls) return;
    const said = (text: string): number => calls.findIndex(({ subject }) => subject === text);
    const between = (from: number, to: number): string[] =>
      calls.slice(from, to).map(({ name, subject }) => `${name} ${subject}`);
    const [incarnation, recovered, durable, checkpoint] = [
      'incarnation',
      'recovered',
      'durable',
      'checkpoint',
    ].map(said) as [number, number, number, number];
    expect(incarnation).toBeGreaterThan(0);
    expect(checkpoint).toBeGreaterThan(durable);
    // The folder's name in the one above it, and node.json before its incarnation is used.
    const first = between(0, incarnation);
    expect(first).toContain(`fsync ${folder}`);
    const replaced = calls.findLastIndex(
      ({ name, line }, i) => i < incarnation && name === 'rename' && line.includes('node.json'),
    );
    expect(between(0, replaced)).toContain(`fsync ${join(data, 'node.json.new')}`);
    expect(between(replaced, incarnation)).toContain(`fsync ${data}`);
    // The table: its head is written anew, then it and its folders are synced.
    const table = join(data, 'table', 'data.mdb');
    const head = calls.findLastIndex(
      ({ name, subject, at, bytes }, i) =>
        i < recovered && name === 'write' && subject === table && at === 0 && bytes === 8_192,
    );
    expect(head).toBeGreaterThan(0);
    for (const path of [table, join(data, 'table'), data])
      expect(between(head, recovered)).toContain(`fsync ${path}`);
    for (const path of [join(data, 'log'), data]) expect(between(0, recovered)).toContain(`fsync ${path}`);
    // A batch goes to a segment that is written through, and is reported after that.
    const write = calls.findLastIndex(
      ({ name, subject }, i) => i < durable && name === 'write' && subject.startsWith(join(data, 'log')),
    );
    expect(write).toBeGreaterThan(recovered);
    const segment = calls[write]?.subject as string;
    expect(
      calls.some(
        ({ name, subject, line }) => name === 'openat' && subject === segment && line.includes('O_DSYNC'),
      ),
    ).toBe(true);
    // A checkpoint counts when it is on the disk.
    expect(between(durable, checkpoint)).toContain(`fdatasync ${table}`);
    expect(commitsAheadOfTheirSync(calls, table)).toEqual([]);
    // Nothing of the log is thrown away before, and that it is gone is on the disk as well.
    const log = join(data, 'log');
    const commit = calls.findLastIndex(
      ({ name, subject }, i) => i < checkpoint && name === 'write' && subject === table,
    );
    const dropped = between(durable, checkpoint).filter((call) => call.startsWith(`unlink ${log}`));
    expect(dropped).toContain(`unlink ${segment}`);
    expect(between(commit, checkpoint).filter((call) => dropped.includes(call))).toEqual(dropped);
    const last = between(0, checkpoint).lastIndexOf(dropped.at(-1) as string);
    expect(between(last, checkpoint)).toContain(`fsync ${log}`);
    // What was cut off the log at the start stays cut off.
    const cut = between(0, recovered).findLastIndex((call) => call.startsWith(`ftruncate ${log}`));
    expect(cut >= 0).toBe(start > 0);
    if (cut >= 0) {
      const shortened = calls[cut]?.subject as string;
      expect(between(cut, recovered)).toContain(`fsync ${shortened}`);
    }
  }
});

test('what the port to the files calls a sync is one, and has ended when it says so', async () => {
  const calls = await systemCalls(PORT_PROGRAM, [BUILT, folder]);
  if (!calls) return;
  const path = join(folder, 'file');
  const told = calls
    .filter(({ subject }) => [path, folder, 'synced', 'data synced', 'named'].includes(subject))
    .map(({ name, subject }) => (subject === path || subject === folder ? name : subject))
    .filter((what) => what !== 'openat' && what !== 'write' && what !== 'close');
  expect(told).toEqual(['fsync', 'synced', 'fdatasync', 'data synced', 'fsync', 'named']);
});
