/** Where the compiled scripts are: tests run these files themselves, but processes of their own run what was compiled. */

import { join, sep } from 'node:path';

const HERE = __dirname.split(sep);
const DIST = HERE.at(-1) === 'dist' ? __dirname : join(__dirname, 'dist');

/** The path of a compiled script, given as below `scripts`. */
export function compiled(path: string): string {
  return join(DIST, path);
}
