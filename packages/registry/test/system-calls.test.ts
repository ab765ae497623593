/** What a real registry asks of the system, in order, as strace sees it; needs what `npm run build` made. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commitsAheadOfTheirSync, systemCalls } from '../../../scripts/system-calls';

const BUILT = join(__dirname, '..', 'dist', 'index.js');

const BUILT_NODE = join(__dirname, '..', '..', 'dht-node', 'dist', 'index.js');

/** Starts a registry, and the first node of its ring, which waits for its answer. */
const PROGRAM = `
  const { startRegistry } = require(process.argv[1]);
  const { RingNode } = require(process.argv[3]);
  const say = (text) => require('node:fs').writeSync(1, text + '\\n');
  startRegistry({ storage: 'disk', dataDir: process.argv[2], port: 0 }).then(async (registry) => {
    say('ready');
    if (registry.ring().members.length > 0) process.exit(0);
    await RingNode.start({ registry: '127.0.0.1:' + registry.port, storage: 'memory', port: 0 });
    say('answered');
    process.exit(0);
  });
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-calls-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('a registry has its state and its folders on the disk before it answers, found or new', async () => {
  const data = join(folder, 'data');
  const file = join(data, 'ring', 'data.mdb');
  for (let start = 0; start < 2; start++) {
    const calls = await systemCalls(PROGRAM, [BUILT, data, BUILT_NODE]);
    if (!calls) return;
    const ready = calls.findIndex(({ subject }) => subject === 'ready');
    expect(ready).toBeGreaterThan(0);
    const head = calls.findIndex(
      ({ name, subject, at, bytes }) => name === 'write' && subject === file && at === 0 && bytes === 8_192,
    );
    const after = calls.slice(head, ready).map(({ name, subject }) => `${name} ${subject}`);
    for (const path of [file, join(data, 'ring'), data]) expect(after).toContain(`fsync ${path}`);
    expect(calls.some(({ name, subject }) => name === 'fsync' && subject === folder)).toBe(true);
    expect(commitsAheadOfTheirSync(calls, file)).toEqual([]);
    if (start > 0) continue;
    // An answer waits for the commit: pages, their sync, and the page that makes them count, which is written through.
    const answered = calls.findIndex(({ subject }) => subject === 'answered');
    const saving = calls.slice(ready, answered).filter(({ subject }) => subject === file);
    expect(saving.map(({ name }) => name).join(' ')).toContain('write fdatasync write');
    expect(
      calls.some(
        ({ name, subject, line }) => name === 'openat' && subject === file && line.includes('O_DSYNC'),
      ),
    ).toBe(true);
  }
});
