/**
 * `npm run packages-check`: packs what is published, installs it into empty projects, and runs it by several versions of
 * Node.js. Ends with 1 if something does not do what its README says.
 *
 * Each README's samples get a project with the packages that they import and no other, so a dependency that is missing
 * from a manifest is found here. `npm test` runs a short form of it, with one project and one Node.js.
 */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT_ROOT } from '@ringkeep/local-ring';
import { option, optionValues, runScript, type OptionValues } from '@ringkeep/process/command-line';
import { Installation } from './packages/installation';
import { findBun, installNode } from './packages/other-nodes';
import { PROJECT_KINDS } from './packages/project-kinds';
import { run } from './packages/run';
import { READMES, readSample, type Sample } from './packages/samples';
import { packAll, type Tarballs } from './packages/tarballs';
import { commandFaults, startTrialRing, type TrialRing } from './packages/trial-ring';
import { makePrograms, sampleFaults, type MadePrograms } from './packages/try-samples';

const CLIENT = '@ringkeep/client';
const GRPC = '@grpc/grpc-js';
const PROGRAM = 'ringkeep';
const TYPES_CHECK = '@arethetypeswrong/cli@0.18.5';
const MODULES_MAX = 90;
const INSTALL_MB_MAX = 12;
const LOAD_RATIO_MAX = 1.3;
const LOADS = 15;

const specs = {
  nodes: option({
    flag: '--nodes <majors>',
    text: 'versions of Node.js, separated by commas, from npm’s package node; the present one alone when left out',
    read: (text) => text.split(',').map(optionValues.integer(20, 99)),
  }),
  sbom: option({
    flag: '--sbom <folder>',
    text: 'write what each package installs, as CycloneDX, into this folder',
    read: optionValues.text,
  }),
  keep: option({
    flag: '--keep',
    text: 'leave the projects behind, and say where',
    read: optionValues.yesOrNo,
    default: false,
  }),
};

const script = { name: 'npm run packages-check --', text: 'Tries the packages as users get them.', specs };

runScript(script, async (options) => {
  const folder = await mkdtemp(join(tmpdir(), 'ringkeep-packages-'));
  try {
    const faults = await check(folder, options);
    for (const fault of faults) console.error(`fault: ${fault}`);
    console.log(faults.length === 0 ? 'all is as it is written' : `${faults.length} faults`);
    return faults.length === 0 ? 0 : 1;
  } finally {
    if (options.keep) console.log(`the projects are in ${folder}`);
    else await rm(folder, { recursive: true, force: true });
  }
});

async function check(folder: string, options: OptionValues<typeof specs>): Promise<string[]> {
  const tarballs = await packAll(await made(join(folder, 'tarballs')), false);
  const faults = await formFaults(tarballs, folder);
  const nodes = [];
  for (const major of options.nodes ?? []) nodes.push(await installNode(major, folder));
  if (nodes.length === 0) nodes.push(process.execPath);
  const whole = await Installation.of(join(folder, 'program'), [PROGRAM], tarballs);
  const client = await Installation.of(join(folder, 'client'), [CLIENT], tarballs);
  faults.push(...(await weightFaults(client)));
  if (options.sbom !== undefined) await writeSboms(options.sbom, folder, tarballs);
  const ring = await startTrialRing(whole);
  try {
    const programs = await programsOf(folder, tarballs, ring);
    for (const node of nodes) faults.push(...(await runtimeFaults(node, whole, client, programs)));
    const bun = findBun();
    if (bun === undefined) console.log('no Bun here: not tried');
    else faults.push(...(await sampleFaults(programs.filter(isPlainEsm), bun)));
  } finally {
    await ring.stop();
  }
  return faults;
}

async function made(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  return folder;
}

/** What the linters of packages say. */
async function formFaults(tarballs: Tarballs, cwd: string): Promise<string[]> {
  const faults: string[] = [];
  for (const [name, tarball] of tarballs) {
    const lint = [join(PROJECT_ROOT, 'node_modules/publint/src/cli.js'), tarball, '--strict'];
    const checks = [run(process.execPath, lint, { cwd })];
    // The program exports nothing, so it has no types.
    if (name !== PROGRAM) checks.push(run('npx', ['--yes', TYPES_CHECK, tarball], { cwd }));
    for (const checked of checks) await checked.catch((error: Error) => faults.push(error.message));
    console.log(`${name}: form and types of the package looked at`);
  }
  return faults;
}

async function weightFaults(client: Installation): Promise<string[]> {
  const megabytes = await client.megabytes();
  const ratios: number[] = [];
  let modules = 0;
  // In turns, so that what else the machine does slows down both; and the middle one.
  for (let round = 0; round < LOADS; round++) {
    const alone = await client.load(GRPC);
    const loaded = await client.load(CLIENT);
    ratios.push(loaded.cpuMs / alone.cpuMs);
    modules = loaded.modules;
  }
  const ratio = ratios.sort((a, b) => a - b)[LOADS >> 1] as number;
  console.log(
    `${CLIENT}: ${megabytes.toFixed(1)} MB installed, ${modules} modules, ${ratio.toFixed(2)} of the CPU time of gRPC alone to load`,
  );
  return [
    ...(megabytes > INSTALL_MB_MAX ? [`${CLIENT} installs ${megabytes} MB`] : []),
    ...(modules > MODULES_MAX ? [`${CLIENT} loads ${modules} modules`] : []),
    ...(ratio > LOAD_RATIO_MAX ? [`${CLIENT} takes ${ratio} times as long to load as ${GRPC}`] : []),
  ];
}

/** Each README's samples in a project with the packages that they import. */
async function programsOf(folder: string, tarballs: Tarballs, ring: TrialRing): Promise<MadePrograms[]> {
  const programs: MadePrograms[] = [];
  for (const readme of READMES) {
    const sample: Sample = await readSample(readme, ring.nodeAddress);
    const project = await Installation.of(join(folder, sample.name), sample.packages, tarballs);
    for (const kind of PROJECT_KINDS) programs.push(await makePrograms(project, [sample], kind));
  }
  return programs;
}

async function runtimeFaults(
  node: string,
  whole: Installation,
  client: Installation,
  programs: readonly MadePrograms[],
): Promise<string[]> {
  const faults = await sampleFaults(programs, node);
  if (!(await client.isOneInstance(CLIENT, node))) {
    faults.push(`import and require of ${CLIENT} differ with ${node}`);
  }
  const own = await startTrialRing(whole, node);
  try {
    faults.push(...(await commandFaults(whole, own)));
  } finally {
    await own.stop();
  }
  const version = (await run(node, ['--version'], { cwd: whole.folder })).trim();
  console.log(`Node.js ${version}: ${programs.length} samples and every command, ${faults.length} faults`);
  return faults;
}

const isPlainEsm = ({ kind }: MadePrograms): boolean => kind.folder === 'js-esm';

/** From what is installed, so that it lists exactly what a user gets. */
async function writeSboms(target: string, folder: string, tarballs: Tarballs): Promise<void> {
  await mkdir(target, { recursive: true });
  for (const name of tarballs.keys()) {
    const file = name.replace('@', '').replace('/', '-');
    const { folder: cwd } = await Installation.of(join(folder, `sbom-${file}`), [name], tarballs);
    const sbom = await run('npm', ['sbom', '--sbom-format', 'cyclonedx'], { cwd });
    await writeFile(join(target, `${file}.cdx.json`), sbom);
  }
}
