/**
 * The published packages as a user gets them: packed, installed into an empty folder, and run. `npm run packages-check`
 * does the same for several versions of Node.js, with a project for each README.
 */

import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT_ROOT } from '@ringkeep/local-ring';
import { DOORS } from '../../packages/program/src/start/doors';
import { Installation } from '../packages/installation';
import { PROJECT_KINDS } from '../packages/project-kinds';
import { run } from '../packages/run';
import { READMES, readSample, type Sample } from '../packages/samples';
import { packAll, PUBLISHED, type Tarballs } from '../packages/tarballs';
import { commandFaults, startTrialRing, type TrialRing } from '../packages/trial-ring';
import { makePrograms, sampleFaults } from '../packages/try-samples';

const CLIENT = '@ringkeep/client';
const MODULES_MAX = 90;
const DEADLINE_MS = 180_000;

let folder: string;
let tarballs: Tarballs;
let all: Installation;
let ring: TrialRing;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringkeep-packed-'));
  const packed = join(folder, 'tarballs');
  await mkdir(packed);
  tarballs = await packAll(packed, true);
  all = await Installation.of(join(folder, 'all'), tarballs.keys(), tarballs);
  ring = await startTrialRing(all);
}, DEADLINE_MS);
afterAll(async () => {
  await ring?.stop();
  await rm(folder, { recursive: true, force: true });
});

test(
  'the samples of all READMEs print what they say, each kind of project with the client’s and one more',
  async () => {
    const samples = await Promise.all(READMES.map((readme) => readSample(readme, ring.nodeAddress)));
    expect(samples.every(({ prints }) => prints.length > 0)).toBe(true);
    const ofClient = samples.find(({ name }) => name.startsWith('client')) as Sample;
    const made = await Promise.all(
      PROJECT_KINDS.map((kind, index) => {
        const more = samples[index % samples.length] as Sample;
        const shown = more === ofClient ? [ofClient] : [ofClient, more];
        return makePrograms(all, shown, kind);
      }),
    );
    // One after the other: they use the same keys.
    expect(await sampleFaults(made)).toEqual([]);
  },
  DEADLINE_MS,
);

test(
  'every part of the installed program runs',
  async () => {
    expect(await commandFaults(all, ring)).toEqual([]);
  },
  DEADLINE_MS,
);

test('a trial ring prints the address of each door of each node', () => {
  const said = ring.lines.join('\n');
  for (const { name, address, offset } of DOORS) {
    expect(said).toMatch(new RegExp(`^  ${name} +${address(ring.nodePort + offset)}  \\(`, 'm'));
  }
});

test('the client is light: few modules, and gRPC its only dependency', async () => {
  expect((await all.load(CLIENT)).modules).toBeLessThanOrEqual(MODULES_MAX);
  const manifest = await readFile(join(PUBLISHED, 'client/package.json'), 'utf8');
  expect(Object.keys(JSON.parse(manifest).dependencies)).toEqual(['@grpc/grpc-js']);
});

test.each(['@ringkeep/client', '@ringkeep/node', '@ringkeep/registry'])(
  'import and require of %s give the same classes',
  async (name) => {
    expect(await all.isOneInstance(name)).toBe(true);
  },
);

test('each package has its licence, its README and the fields that npm shows, and nothing points outside of it', async () => {
  const lint = join(PROJECT_ROOT, 'node_modules/publint/src/cli.js');
  for (const [name, tarball] of tarballs) {
    await run(process.execPath, [lint, tarball, '--strict'], { cwd: folder });
    const files = (await run('tar', ['-tzf', tarball], { cwd: folder })).trim().split('\n');
    expect(files).toEqual(
      expect.arrayContaining(['package/LICENSE', 'package/README.md', 'package/package.json']),
    );
    expect(files.filter((file) => !/^package\/(LICENSE|README\.md|package\.json|dist\/)/.test(file))).toEqual(
      [],
    );
    const [, main] =
      files.map((file) => /^package\/(dist\/(?:index|main)\.js)$/.exec(file)).find(Boolean) ?? [];
    const code = await readFile(join(all.folder, 'node_modules', name, main as string), 'utf8');
    expect(code).not.toContain('sourceMappingURL');
  }
});

test('what is published has one version, and the versions of dependencies that the repository has', async () => {
  const read = async (path: string) => JSON.parse(await readFile(path, 'utf8'));
  const { workspaces } = await read(join(PUBLISHED, 'package.json'));
  const published = await Promise.all(
    workspaces.map((name: string) => read(join(PUBLISHED, name, 'package.json'))),
  );
  const inner = await Promise.all(
    ['shared', 'process', 'registry', 'dht-node', 'client', 'cli', 'program'].map((name) =>
      read(join(PROJECT_ROOT, 'packages', name, 'package.json')),
    ),
  );
  const ranges = Object.assign({}, ...inner.map(({ dependencies }) => dependencies));
  for (const { version, dependencies } of published) {
    expect(version).toBe((await read(join(PROJECT_ROOT, 'package.json'))).version);
    expect(ranges).toMatchObject(dependencies);
  }
});
