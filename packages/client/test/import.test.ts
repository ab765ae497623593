/** What an application gets by `import '@ringkeep/client'`; needs `npm run build`. */

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FakeRing } from './fake-ring';

const run = promisify(execFile);
const ROOT = join(__dirname, '../../..');
const MODULES_MAX = 90;

/** Runs a program in a process of its own, which may compile no text; returns what it says. */
async function node(...args: readonly string[]): Promise<string> {
  const strict = '--disallow-code-generation-from-strings';
  return (await run(process.execPath, [strict, ...args], { cwd: ROOT })).stdout.trim();
}

let folder: string;
let ring: FakeRing;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-import-'));
  ring = await FakeRing.start({ nodes: 1 });
});
afterEach(async () => {
  ring.stop();
  await rm(folder, { recursive: true });
});

test('an import of the client loads gRPC, one file, and nothing else', async () => {
  const program = "require('@ringkeep/client'); console.log(JSON.stringify(Object.keys(require.cache)))";
  const loaded = JSON.parse(await node('-e', program)) as string[];
  expect(loaded.length).toBeLessThanOrEqual(MODULES_MAX);
  // What gRPC itself needs on top of its own files is its own affair.
  const ours = loaded.filter((path) => path.includes('packages'));
  expect(ours).toEqual([join(ROOT, 'packages/client/dist/bundle.js')]);
});

test('an application in one file, with the client and gRPC in it, works where no text may be compiled', async () => {
  const source = join(folder, 'application.mjs');
  const bundle = join(folder, 'application.js');
  await writeFile(
    source,
    `import { RingClient } from '@ringkeep/client';
     RingClient.connect({ nodes: ['${ring.node(0).address}'] }).then(async (client) => {
       await client.set('city', 'Porto');
       console.log(String(await client.get('city')));
       await client.close();
     });`,
  );
  await run(join(ROOT, 'node_modules/.bin/esbuild'), [
    source,
    '--bundle',
    '--platform=node',
    `--outfile=${bundle}`,
    `--alias:@ringkeep/client=${join(ROOT, 'packages/client')}`,
  ]);
  expect(await node(bundle)).toBe('Porto');
});

test('an error of the client is a RingError also to who has the class from elsewhere', async () => {
  const program = join(folder, 'application.mjs');
  const client = join(ROOT, 'packages/client/dist/bundle.js');
  const shared = join(ROOT, 'packages/shared/dist/ring/index.js');
  await writeFile(
    program,
    `import { RingClient, RingError } from '${client}';
     import { RingError as Other } from '${shared}';
     const error = await RingClient.connect({ nodes: [] }).catch((reason) => reason);
     const made = new Other('CANCELLED');
     const unknown = [undefined, new Error('x'), {}].some((value) => value instanceof RingError);
     console.log([RingError === Other, error instanceof RingError, error instanceof Other, made instanceof RingError, unknown]);`,
  );
  expect(await node(program)).toBe('[ false, true, true, true, false ]');
});
