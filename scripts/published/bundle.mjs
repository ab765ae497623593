/**
 * One CommonJS file from the sources of a package and of all inner packages that it imports.
 *
 * What the manifest lists as a dependency is left outside. Anything else from npm must be allowed here by name, and its
 * notices are packed with the file. A dependency that nothing imports is an error: users would install it for nothing.
 * The file is not minified and has no source map, which would have to bring all sources and triple the package.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { build } from 'esbuild';
import { innerFile } from './sources.mjs';

/** Small parts of packages that would be large, or slow to load, as dependencies. */
const MAY_BE_INSIDE = new Set(['@bufbuild/protobuf']);
const FROM_NPM = /node_modules\/((?:@[^/]+\/)?[^/]+)\//;
/** The text of the Apache License, which this package brings whether it is bundled or not. */
const APACHE = 'node_modules/@grpc/grpc-js/LICENSE';

export async function bundle(entry, outfile, manifest) {
  const outside = Object.keys(manifest.dependencies);
  const optional = Object.keys(manifest.peerDependencies ?? {});
  const { metafile } = await build({
    entryPoints: [entry],
    outfile,
    // esbuild remembers the folder in which it was loaded, which is npm's choice.
    absWorkingDir: process.cwd(),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    metafile: true,
    logLevel: 'warning',
    external: [...outside, ...optional],
    plugins: [{ name: 'inner packages', setup: resolveInner }],
  });
  const [{ inputs }] = Object.values(metafile.outputs);
  const inside = Object.keys(inputs).filter((path) => FROM_NPM.test(path) && inputs[path].bytesInOutput > 0);
  const strangers = inside.filter((path) => !MAY_BE_INSIDE.has(FROM_NPM.exec(path)[1]));
  if (strangers.length > 0) {
    throw new Error(
      `${entry} imports ${strangers[0]}: list its package in the dependencies of ${manifest.name}`,
    );
  }
  const imported = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  const unused = outside.filter(
    (name) => !imported.some((path) => path === name || path.startsWith(`${name}/`)),
  );
  if (unused.length > 0) throw new Error(`${manifest.name} depends on ${unused}, which nothing imports`);
  if (inside.length > 0) writeFileSync(join(dirname(outfile), 'NOTICES.txt'), noticesOf(inside));
}

function resolveInner(bundling) {
  bundling.onResolve({ filter: /^@ringkeep\// }, ({ path }) => ({
    path: innerFile(path, 'src', '.ts'),
    // As its manifest says, which esbuild does not look at here: what of it is not used is left out.
    sideEffects: !path.startsWith('@ringkeep/process/'),
  }));
}

/** Who wrote the parts that are not ours, and under which licence: the heads of their files, each once. */
function noticesOf(paths) {
  const heads = new Set(paths.map(headOf).filter((head) => head !== ''));
  const names = new Set(paths.map((path) => FROM_NPM.exec(path)[1]));
  const lines = [...names].map((name) => {
    const { version, license } = JSON.parse(readFileSync(join('node_modules', name, 'package.json'), 'utf8'));
    return `Parts of ${name} ${version}, under ${license}, are in this package.`;
  });
  return [...lines, ...heads, readFileSync(APACHE, 'utf8')].join('\n\n');
}

/** The comment at the top of a file. */
function headOf(path) {
  const lines = readFileSync(path, 'utf8').split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//'));
  return lines.slice(0, end).join('\n');
}
