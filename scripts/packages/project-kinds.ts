/**
 * The kinds of projects that import the packages: how a sample becomes a file of one, and what is run of it.
 *
 * Each is a folder below the one into which the packages are installed. TypeScript checks the declarations of the
 * packages too (no `skipLibCheck`), by every way of resolution that it still has.
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compiled } from '@ringkeep/local-ring';
import { run } from './run';
import { atTop, inFunction, type Sample } from './samples';

const COMPILER = compiled('node_modules/@typescript/native/bin/tsc');
const ESBUILD = compiled('node_modules/.bin/esbuild');
const CLIENT = '@ringkeep/client';

export interface ProjectKind {
  readonly name: string;
  readonly folder: string;
  /** Makes the files; resolves with the program of each sample. */
  make(folder: string, samples: readonly Sample[]): Promise<string[]>;
}

const strict = { target: 'es2022', strict: true, types: ['node'], skipLibCheck: false, outDir: 'out' };

export const PROJECT_KINDS: readonly ProjectKind[] = [
  {
    name: 'TypeScript, ESM',
    folder: 'ts-esm',
    async make(folder, samples) {
      const files = samples.map((sample) => [`${sample.name}.ts`, atTop(sample)] as const);
      await project(folder, 'module', { ...strict, module: 'nodenext' }, files);
      await run(process.execPath, [COMPILER, '-p', '.'], { cwd: folder });
      const ways = [
        ['--module', 'node16'],
        ['--module', 'esnext', '--moduleResolution', 'bundler'],
      ];
      for (const way of ways) {
        const again = ['--noEmit', '--skipLibCheck', ...way];
        await run(process.execPath, [COMPILER, '-p', '.', ...again], { cwd: folder });
      }
      return samples.map(({ name }) => join(folder, 'out', `${name}.js`));
    },
  },
  {
    name: 'TypeScript, CommonJS',
    folder: 'ts-cjs',
    async make(folder, samples) {
      const files = samples.map((sample) => [`${sample.name}.ts`, inFunction(sample)] as const);
      await project(folder, 'commonjs', { ...strict, module: 'node16' }, files);
      await run(process.execPath, [COMPILER, '-p', '.'], { cwd: folder });
      return samples.map(({ name }) => join(folder, 'out', `${name}.js`));
    },
  },
  {
    name: 'JavaScript, ESM',
    folder: 'js-esm',
    async make(folder, samples) {
      return plain(folder, samples, 'mjs', atTop);
    },
  },
  {
    name: 'JavaScript, CommonJS',
    folder: 'js-cjs',
    async make(folder, samples) {
      return plain(folder, samples, 'cjs', inFunction);
    },
  },
  {
    name: 'one file by esbuild',
    folder: 'one-file',
    async make(folder, samples) {
      const files = samples.map((sample) => [`${sample.name}.ts`, inFunction(sample)] as const);
      await project(folder, 'commonjs', strict, files);
      for (const { name, packages } of samples) {
        // A node has parts that no bundler takes: native code, and files that its dependencies read.
        const servers = packages.every((each) => each === CLIENT) ? [] : serverParts;
        const out = ['--bundle', '--platform=node', `--outfile=out/${name}.js`, '--log-level=warning'];
        await run(ESBUILD, [`${name}.ts`, ...out, ...servers], { cwd: folder });
      }
      return samples.map(({ name }) => join(folder, 'out', `${name}.js`));
    },
  },
];

const serverParts = ['lmdb', 'grpc-health-check', '@grpc/reflection', '@grpc/grpc-js'].map(
  (name) => `--external:${name}`,
);

async function project(
  folder: string,
  type: 'module' | 'commonjs',
  compilerOptions: object,
  files: readonly (readonly [name: string, text: string])[],
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const own = [
    ['package.json', JSON.stringify({ type, private: true })],
    ['tsconfig.json', JSON.stringify({ compilerOptions, include: ['*.ts'] })],
  ] as const;
  await Promise.all([...own, ...files].map(([name, text]) => writeFile(join(folder, name), text)));
}

/** JavaScript as a person writes it: the sample without its types. */
async function plain(
  folder: string,
  samples: readonly Sample[],
  ending: 'mjs' | 'cjs',
  form: (sample: Sample) => string,
): Promise<string[]> {
  const files = samples.map((sample) => [`${sample.name}.ts`, form(sample)] as const);
  await project(folder, 'commonjs', {}, files);
  const format = ending === 'mjs' ? 'esm' : 'cjs';
  for (const { name } of samples) {
    const out = [
      `--format=${format}`,
      `--outfile=${name}.${ending}`,
      '--platform=node',
      '--log-level=warning',
    ];
    await run(ESBUILD, [`${name}.ts`, ...out], { cwd: folder });
  }
  return samples.map(({ name }) => join(folder, `${name}.${ending}`));
}
