/**
 * The code of a README as programs: what it shows, in the order in which it shows it. A comment behind `console.log` is
 * what the line prints.
 */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PROJECT_ROOT } from '@ringkeep/local-ring';

/** Every README with code that a user might copy. */
export const READMES = [
  'README.md',
  'published/client/README.md',
  'published/node/README.md',
  'published/registry/README.md',
  'published/ringkeep/README.md',
];
/** Where the READMEs say that a ring is. */
const ADDRESS = '127.0.0.1:50001';

export interface Sample {
  /** A file name without its ending. */
  readonly name: string;
  /** The packages of this project that it imports. */
  readonly packages: readonly string[];
  readonly imports: string;
  readonly body: string;
  readonly prints: readonly string[];
}

export async function readSample(readme: string, nodeAddress: string): Promise<Sample> {
  const text = await readFile(join(PROJECT_ROOT, readme), 'utf8');
  const code = [...text.matchAll(/^```ts\n(.*?)^```$/gms)]
    .map(([, block]) => block)
    .join('\n')
    .replaceAll(ADDRESS, nodeAddress);
  const imports = [...new Set(code.match(/^import .*$/gm) ?? [])];
  const packages = imports.map((line) => /'(@ringkeep\/[^']+)'/.exec(line)?.[1] as string);
  return {
    name: readme.replace('published/', '').replace('/', '-').replace('.md', '').toLowerCase(),
    packages: [...new Set(packages)],
    imports: imports.join('\n'),
    body: code.replace(/^import .*\n/gm, ''),
    prints: [...code.matchAll(/^\s*.*console\.log\(.*\); \/\/ (.*)$/gm)].map(([, said]) => said as string),
  };
}

/** As an ESM file has it, where `await` may stand anywhere. */
export const atTop = ({ imports, body }: Sample): string => `${imports}\n\n${body}`;

/** As a CommonJS file has it. */
export const inFunction = ({ imports, body }: Sample): string =>
  `${imports}\n\nasync function main() {\n${body}}\n\nmain().catch((error) => {\n  console.error(error);\n  process.exitCode = 1;\n});\n`;
