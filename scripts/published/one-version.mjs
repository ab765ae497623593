/**
 * `node scripts/published/one-version.mjs`: gives every package of the repository the version of the published ones,
 * which `changeset version` has raised. `--version` then says the same from a checkout and from an installed package.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const { version } = read(join(ROOT, 'published/client/package.json'));

const inner = readdirSync(join(ROOT, 'packages')).map((name) => join(ROOT, 'packages', name, 'package.json'));
for (const path of [join(ROOT, 'package.json'), ...inner]) {
  const manifest = { ...read(path), version };
  for (const kind of ['dependencies', 'devDependencies']) {
    for (const name of Object.keys(manifest[kind] ?? {})) {
      if (name.startsWith('@ringkeep/')) manifest[kind][name] = version;
    }
  }
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
}
