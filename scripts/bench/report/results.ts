/** What is left of a run: a table on the terminal, one JSON file, and plots. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Figure } from './figure';
import { figureTable } from './figure-table';
import { describeMachine, type Machine } from './machine';

export interface Results {
  /** Of the benchmark; also the name of its file. */
  readonly name: string;
  readonly machine: Machine;
  readonly figures: readonly Figure[];
  /** SVG documents by name. */
  readonly plots?: Readonly<Record<string, string>>;
}

/** Prints the table; writes NAME.json and NAME-PLOT.svg into a folder. */
export async function publish(results: Results, folder: string): Promise<void> {
  console.log(`\n${figureTable(results.figures)}\n\n${describeMachine(results.machine)}`);
  await mkdir(folder, { recursive: true });
  const { name, machine, figures, plots = {} } = results;
  const json = join(folder, `${name}.json`);
  await writeFile(json, `${JSON.stringify({ name, machine, figures }, undefined, 1)}\n`);
  const written = [json];
  for (const [plot, svg] of Object.entries(plots)) {
    written.push(join(folder, `${name}-${plot}.svg`));
    await writeFile(written.at(-1) as string, svg);
  }
  console.log(`written: ${written.join(', ')}`);
}
