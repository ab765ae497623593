/** The types of a bundle in one file, from the declarations that the compiler made of the same sources. */

import { rollup } from 'rollup';
import { dts } from 'rollup-plugin-dts';
import { innerFile, isInner } from './sources.mjs';

export async function rollTypes(input, file, manifest) {
  const outside = Object.keys(manifest.dependencies);
  const rolling = await rollup({
    input,
    external: (specifier) => specifier.startsWith('node:') || outside.includes(specifier),
    plugins: [
      {
        name: 'inner packages',
        resolveId: (specifier) => (isInner(specifier) ? innerFile(specifier, 'dist', '.d.ts') : null),
      },
      dts(),
    ],
    onwarn: (warning) => {
      throw new Error(`the types of ${manifest.name}: ${warning.message}`);
    },
  });
  await rolling.write({ file, format: 'cjs' });
  await rolling.close();
}
