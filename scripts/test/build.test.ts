/** Commands that build what they need, started side by side in a folder in which nothing is built yet. */

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

jest.setTimeout(120_000);

const BUILD = join(__dirname, '../build.mjs');

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-build-'));
  const project = { compilerOptions: { composite: true, outDir: 'dist', rootDir: '.', types: [] } };
  await mkdir(join(folder, 'first'));
  await mkdir(join(folder, 'second'));
  await writeFile(join(folder, 'first/tsconfig.json'), JSON.stringify(project));
  await writeFile(
    join(folder, 'second/tsconfig.json'),
    JSON.stringify({ ...project, references: [{ path: '../first' }] }),
  );
  await writeFile(join(folder, 'first/one.ts'), 'export const one: number = 1;\n');
  await writeFile(join(folder, 'second/two.ts'), "export { one as two } from '../first/dist/one';\n");
});
afterEach(() => rm(folder, { recursive: true }));

function build(): ChildProcess & { said: string } {
  const child = spawn(process.execPath, [BUILD, 'second'], { cwd: folder, stdio: 'pipe' });
  const building = Object.assign(child, { said: '' });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (building.said += chunk.toString()));
  return building;
}

test('four at once all succeed', async () => {
  const builds = Array.from({ length: 4 }, build);
  await Promise.all(builds.map((child) => once(child, 'close')));
  expect(builds.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
  expect(builds.filter(({ said }) => said.includes('error'))).toEqual([]);
});

test('one waits for another that runs, and not for one that is gone', async () => {
  const lock = join(folder, 'node_modules/.cache/ringkeep/build.lock');
  await mkdir(join(lock, '..'), { recursive: true });
  await writeFile(lock, String(process.pid));
  const waiting = build();
  const told = new Promise((resolve) => waiting.stderr?.once('data', resolve));
  await told;
  expect(waiting.said).toBe(`waiting for the build of process ${process.pid}\n`);
  expect(existsSync(join(folder, 'second/dist'))).toBe(false);
  await rm(lock);
  await once(waiting, 'close');
  expect(waiting.exitCode).toBe(0);
  await writeFile(lock, String(waiting.pid));
  const next = build();
  await once(next, 'close');
  expect([next.exitCode, existsSync(lock)]).toEqual([0, false]);
});
