/** The ESM side of a bundle: names taken from the one CommonJS instance, and the same types. */

import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, resolve } from 'node:path';

export function wrap(file, wrapper) {
  const names = Object.keys(createRequire(import.meta.url)(resolve(file))).sort();
  const whole = `./${basename(file)}`;
  writeFileSync(wrapper, `import whole from '${whole}';\n\nexport const { ${names.join(', ')} } = whole;\n`);
  writeFileSync(wrapper.replace(/\.mjs$/, '.d.mts'), `export * from '${whole}';\n`);
}
