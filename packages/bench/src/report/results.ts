/** The results of a run: tables on the terminal, the same tables as a page with the plots, and all figures as JSON. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { table } from '@ringkeep/local-ring';
import { describeMachine, type Machine } from './machine';

export interface TableData {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Results {
  /** Of the benchmark; also the name of its files. */
  readonly name: string;
  readonly machine: Machine;
  readonly tables: readonly TableData[];
  /** Said below the tables. */
  readonly verdicts?: readonly string[];
  /** Everything that was measured, for JSON. */
  readonly data: Readonly<Record<string, unknown>>;
  /** SVG documents by name. */
  readonly plots?: Readonly<Record<string, string>>;
}

/** Prints the tables; writes NAME.json, NAME.md and NAME-PLOT.svg into a folder. */
export async function publish(results: Results, folder: string): Promise<void> {
  const { name, machine, tables, verdicts = [], data, plots = {} } = results;
  for (const { head, rows } of tables) console.log(`\n${table(head, rows)}`);
  console.log(`\n${[...verdicts, describeMachine(machine)].join('\n')}`);
  await mkdir(folder, { recursive: true });
  const files: Record<string, string> = {
    [`${name}.json`]: `${JSON.stringify({ name, machine, ...data }, undefined, 1)}\n`,
    [`${name}.md`]: page(results),
  };
  for (const [plot, svg] of Object.entries(plots)) files[`${name}-${plot}.svg`] = svg;
  for (const [file, content] of Object.entries(files)) await writeFile(join(folder, file), content);
  console.log(`written in ${folder}: ${Object.keys(files).join(', ')}`);
}

/** The tables and plots in Markdown, with the command that repeats them. */
function page({ name, machine, tables, verdicts = [], plots = {} }: Results): string {
  // Where the files went does not matter to whoever repeats it.
  const args = process.argv
    .slice(2)
    .join(' ')
    .replace(/ --output[ =]\S+/, '');
  const command = `\`npm run bench -- ${args}\``;
  const parts = [
    `# Benchmark: ${name}`,
    `${command} — ${describeMachine(machine)}.`,
    ...tables.map(markdown),
    ...verdicts,
    ...Object.keys(plots).map((plot) => `![${name}, ${plot}](${name}-${plot}.svg)`),
  ];
  return `${parts.join('\n\n')}\n`;
}

function markdown({ head, rows }: TableData): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
