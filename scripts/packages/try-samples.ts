/** Runs the samples of READMEs in every kind of project, and says which do not do what they say. */

import { join } from 'node:path';
import type { Installation } from './installation';
import type { ProjectKind } from './project-kinds';
import { run } from './run';
import type { Sample } from './samples';

/** Programs of one kind, made once and run by several versions of Node.js. */
export interface MadePrograms {
  readonly kind: ProjectKind;
  readonly programs: readonly { readonly file: string; readonly sample: Sample }[];
}

export async function makePrograms(
  installation: Installation,
  samples: readonly Sample[],
  kind: ProjectKind,
): Promise<MadePrograms> {
  const files = await kind.make(join(installation.folder, kind.folder), samples);
  return { kind, programs: files.map((file, each) => ({ file, sample: samples[each] as Sample })) };
}

/** `runtime` is a Node.js, or Bun. */
export async function sampleFaults(
  made: readonly MadePrograms[],
  runtime: string = process.execPath,
): Promise<string[]> {
  const faults: string[] = [];
  for (const { kind, programs } of made) {
    for (const { file, sample } of programs) {
      const said = await run(runtime, [file], { cwd: join(file, '..') }).catch(
        (error: Error) => error.message,
      );
      const expected = sample.prints.map((line) => `${line}\n`).join('');
      if (said !== expected) {
        faults.push(`${sample.name} (${kind.name}, ${runtime}) must print\n${expected}and said\n${said}`);
      }
    }
  }
  return faults;
}
