/** The benchmark itself, run for moments: that it measures, writes what it found, and leaves nothing behind. Never how fast. */

import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiled } from '@ringkeep/local-ring';

const TIMEOUT_MS = 120_000;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-bench-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function bench(...args: string[]): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve, reject) => {
    // Temporary files go where the test can look for what is left.
    const child = spawn(process.execPath, [compiled('packages/bench/dist/main.js'), ...args], {
      env: { ...process.env, TMPDIR: folder },
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, said }));
  });
}

test(
  'every way to ask a ring, and the bare echoes, are measured in one run',
  async () => {
    const output = join(folder, 'results');
    const targets = ['ringkeep', 'one-node', 'query', 'echo-stream', 'echo-unary'];
    const { code, said } = await bench(
      ...['throughput', '--quick', '--targets', targets.join(','), '--operations', 'get', '--nodes', '2'],
      ...['--concurrency', '4', '--keys', '200', '--value-bytes', '10', '--output', output],
    );
    expect({ code, said }).toMatchObject({ code: 0 });
    const { machine, figures } = JSON.parse(await readFile(join(output, 'throughput.json'), 'utf8'));
    expect(machine).toMatchObject({ cores: expect.any(Number), node: process.version });
    expect(figures.map(({ name }: { name: string }) => name)).toEqual([
      'Ringkeep',
      'Ringkeep by one node',
      'Ringkeep QueryDHT',
      'grpc-js stream echo',
      'grpc-js unary echo',
    ]);
    for (const figure of figures) {
      expect(figure.operationsPerSecond.median).toEqual(expect.any(Number));
      expect(figure).toMatchObject({ missing: 0, failures: {}, loop: { kind: 'closed', concurrency: 4 } });
      expect(figure.latencyMs).toHaveLength(4);
      expect(said).toContain(figure.durability);
    }
    expect(await readFile(join(output, 'throughput.md'), 'utf8')).toContain('throughput-get-10b-r1.svg');
    expect(await readFile(join(output, 'throughput-get-10b-r1.svg'), 'utf8')).toContain('</svg>');
    expect(await readdir(folder)).toEqual(['results']);
  },
  TIMEOUT_MS,
);

test(
  'it lists what there is, and refuses what there is not',
  async () => {
    const [help, wrong, typo] = await Promise.all([
      bench('--help'),
      bench('nothing'),
      bench('ycsb', '--keys', 'x'),
    ]);
    expect(help).toMatchObject({ code: 0, said: expect.stringContaining('ratios') });
    expect(wrong).toMatchObject({
      code: 2,
      said: expect.stringContaining('there is no benchmark "nothing"'),
    });
    expect(typo).toMatchObject({ code: 2, said: expect.stringContaining('--keys must be an integer') });
  },
  TIMEOUT_MS,
);
