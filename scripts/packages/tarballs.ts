/** The published packages as tarballs, as `npm publish` would send them. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT_ROOT } from '@ringkeep/local-ring';
import { run } from './run';

const FOLDERS = ['client', 'node', 'registry', 'ringkeep'] as const;
export const PUBLISHED = join(PROJECT_ROOT, 'published');

/** The path of the tarball by the name of its package. */
export type Tarballs = ReadonlyMap<string, string>;

/**
 * Packs all into a folder. `together` makes their files in one process, which is faster; otherwise each is made by the
 * script that npm runs before it packs.
 */
export async function packAll(folder: string, together: boolean): Promise<Tarballs> {
  const flags = ['--workspaces', '--pack-destination', folder, '--loglevel', 'error'];
  if (together) {
    await run(process.execPath, ['scripts/published/prepack.mjs', ...FOLDERS], { cwd: PROJECT_ROOT });
    flags.push('--ignore-scripts');
  }
  await run('npm', ['pack', ...flags], { cwd: PUBLISHED });
  const files = await readdir(folder);
  const found = FOLDERS.map(async (name): Promise<[string, string]> => {
    const manifest = await readFile(join(PUBLISHED, name, 'package.json'), 'utf8');
    const { name: full, version } = JSON.parse(manifest) as {
      readonly name: string;
      readonly version: string;
    };
    const file = `${full.replace('@', '').replace('/', '-')}-${version}.tgz`;
    if (!files.includes(file)) throw new Error(`npm packed no ${file}, but ${files.join(', ')}`);
    return [full, join(folder, file)];
  });
  return new Map(await Promise.all(found));
}
