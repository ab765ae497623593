/**
 * `node scripts/published/prepack.mjs NAME…`: makes `published/NAME/dist` and the licence beside it. `npm pack` and
 * `npm publish` run it for the package that they pack.
 *
 * A published package is one CommonJS file, made from the sources of the packages of this repository, with its types in
 * one file as well. So none of the inner packages is published, and their borders can move without anybody noticing.
 * What a program imports as ESM is a wrapper around that same file: both kinds of import see the same classes.
 */

import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';
import { rollTypes } from './types.mjs';
import { wrap } from './wrapper.mjs';

/** Which package of the repository each is made of; a program has no exports. */
const PACKAGES = {
  client: { folder: 'packages/client', entry: 'index' },
  node: { folder: 'packages/dht-node', entry: 'published' },
  registry: { folder: 'packages/registry', entry: 'published' },
  ringkeep: { folder: 'packages/program', entry: 'main', isProgram: true },
};

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

async function prepare(name) {
  const { folder, entry, isProgram = false } = PACKAGES[name];
  const target = join('published', name);
  const dist = join(target, 'dist');
  const manifest = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8'));
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  copyFileSync('LICENSE', join(target, 'LICENSE'));
  const file = join(dist, isProgram ? 'main.js' : 'index.js');
  await bundle(join(folder, 'src', `${entry}.ts`), file, manifest);
  if (isProgram) return;
  wrap(file, join(dist, 'index.mjs'));
  await rollTypes(join(folder, 'dist', `${entry}.d.ts`), join(dist, 'index.d.ts'), manifest);
}

process.chdir(ROOT);
const names = process.argv.slice(2);
const unknown = names.find((name) => !Object.hasOwn(PACKAGES, name));
if (names.length === 0 || unknown !== undefined) {
  process.stderr.write(`error: name some of ${Object.keys(PACKAGES).join(', ')}, got ${unknown ?? 'none'}\n`);
  process.exit(2);
}
const projects = names.map((name) => PACKAGES[name].folder);
const built = spawnSync(process.execPath, ['scripts/build.mjs', ...projects], { stdio: 'inherit' });
if (built.status !== 0) process.exit(built.status ?? 1);
for (const name of names) await prepare(name);
