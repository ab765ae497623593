/** What `--version` prints: the version in the package of the program. */

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { invariant } from '@ringkeep/shared/ring/errors';

/** The version of the package that a folder belongs to. */
export function packageVersion(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    invariant(at !== dirname(at), `there is a package around ${folder}`);
    const version = versionIn(join(at, 'package.json'));
    if (version !== undefined) return version;
  }
}

function versionIn(path: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { readonly version?: string }).version;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
