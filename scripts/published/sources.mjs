/** Where the packages of this repository have their sources, and what the compiler made of them. */

import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const INNER = /^@ringkeep\/([^/]+)(?:\/(.+))?$/;
/** The package whose index is that of one of its rooms. */
const ROOM_OF_INDEX = { shared: 'ring' };

export const isInner = (specifier) => INNER.test(specifier);

/** The file that an inner specifier names, in `src` or `dist`. Throws when there is none. */
export function innerFile(specifier, place, extension) {
  const [, name, room = ROOM_OF_INDEX[name] ?? ''] = INNER.exec(specifier);
  const base = resolve('packages', name, place, room);
  const file = [`${base}${extension}`, join(base, `index${extension}`)].find((path) => existsSync(path));
  if (file === undefined) throw new Error(`${specifier} names no file: looked for ${base}${extension}`);
  return file;
}
