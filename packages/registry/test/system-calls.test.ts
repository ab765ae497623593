/** What a real registry asks of the system, in order, as strace sees it; needs what `npm run build` made. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commitsAheadOfTheirSync, systemCalls } from '../../../scripts/system-calls';

const BUILT = join(__dirname, '..', 'dist', 'index.js');

const PROGRAM = `
  const { startRegistry } = require(process.argv[1]);
  startRegistry({ storage: 'disk', dataDir: process.argv[2] }).then(() => {
    require('node:fs').writeSync(1, 'ready\\n');
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
    const calls = await systemCalls(PROGRAM, [BUILT, data]);
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
  }
});
