/**
 * The client as one file, packages/client/dist/bundle.js: what `import '@ringkeep/client'` loads beside gRPC.
 *
 * As a hundred small files it took twice as long to load as gRPC alone, and nearly all of that was spent on finding files.
 * The bundle is made from the sources, so calls between files need no lookup either.
 */

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLIENT = 'packages/client/src';
const SHARED = 'packages/shared/src';
const BUNDLE = 'packages/client/dist/bundle.js';

/** True when the bundle is missing or older than what it is made of; false in a tree without a client. */
export function isBundleStale() {
  if (!existsSync(CLIENT)) return false;
  if (!existsSync(BUNDLE)) return true;
  const { mtimeMs } = statSync(BUNDLE);
  return [fileURLToPath(import.meta.url), ...filesBelow(CLIENT), ...filesBelow(SHARED)].some(
    (file) => statSync(file).mtimeMs > mtimeMs,
  );
}

function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

export async function bundleClient() {
  const { build } = await import('esbuild');
  await build({
    entryPoints: [`${CLIENT}/index.ts`],
    outfile: BUNDLE,
    bundle: true,
    platform: 'node',
    target: 'node20',
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'warning',
    external: ['@grpc/grpc-js'],
    plugins: [{ name: 'sources of shared', setup: resolveShared }],
  });
}

function resolveShared(bundling) {
  bundling.onResolve({ filter: /^@ringkeep\/shared/ }, ({ path }) => {
    const module = path.slice('@ringkeep/shared'.length + 1) || 'ring';
    const file = resolve(SHARED, `${module}.ts`);
    return { path: existsSync(file) ? file : resolve(SHARED, module, 'index.ts') };
  });
}
