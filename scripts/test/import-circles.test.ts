/** Files that import each other in a circle are found, types and packages of many files included. */

import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const SCRIPT = join(__dirname, '../import-circles.mjs');

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ringkeep-circles-'));
});
afterEach(() => rm(root, { recursive: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, 'packages/one/src', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

function look(): { readonly status: number | null; readonly said: string } {
  const { status, stderr } = spawnSync(process.execPath, [SCRIPT, root], { encoding: 'utf8' });
  return { status, said: stderr };
}

test('of types alone, and through an index', async () => {
  await write({
    'parts/index.ts': "export * from './wheel';\n",
    'parts/wheel.ts': "import type { Car } from '../car';\nexport interface Wheel { of: Car }\n",
    'car.ts': "import type { Wheel } from './parts';\nexport interface Car { wheels: Wheel[] }\n",
    'road.ts': "import type { Car } from './car';\nexport type Road = Car[];\n",
  });
  const { status, said } = look();
  expect(status).toBe(1);
  expect(said).toContain('packages/one/src/car.ts imports packages/one/src/parts/index.ts\n');
  expect(said).toContain('packages/one/src/parts/wheel.ts imports packages/one/src/car.ts\n');
  expect(said).not.toContain('road.ts');
});

test('each by itself, and a file that imports itself', async () => {
  await write({
    'a.ts': "import './b';\n",
    'b.ts': "export { a } from './a';\n",
    'c.ts': "export type C = import('./d').D;\n",
    'd.ts': "import type { C } from './c';\nimport './a';\nexport type D = C;\n",
    'e.ts': "import './e';\n",
  });
  const { status, said } = look();
  expect(status).toBe(1);
  expect(said.match(/in a circle/g)).toHaveLength(3);
});

test('and files that only lead to the same one are none', async () => {
  await write({
    'top.ts': "import './left';\nimport './right';\n",
    'left.ts': "import { leaf } from './leaf';\nexport const left = leaf;\n",
    'right.ts': "import { leaf } from './leaf';\nexport const right = leaf;\n",
    'leaf.ts': "import { readFileSync } from 'node:fs';\nexport const leaf = readFileSync;\n",
  });
  expect(look()).toEqual({ status: 0, said: '' });
});
