/** What an experiment hands back: tables for the eye, figures for programs, pictures. */

export type Cell = string | number;

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
}

export interface ExperimentOutcome {
  readonly tables: readonly Table[];
  /** As JSON. */
  readonly figures: unknown;
  /** SVG by the name of its file, without its ending. */
  readonly pictures: Readonly<Record<string, string>>;
}

/** What every experiment is given. */
export interface Setting {
  readonly seed: number;
  readonly lookups: number;
  /** Says what is being done and how far it is. */
  readonly task: (label: string, unit: string, total?: number) => Task;
}

export interface Task {
  update(done: number, total?: number): void;
  finish(): void;
}

/** Columns as wide as their longest cell; numbers to the right. */
export function formatTable(table: Table): string {
  const rows = [table.columns, ...table.rows.map((row) => row.map(formatCell))];
  const widths = table.columns.map((_, i) => Math.max(...rows.map((row) => String(row[i] ?? '').length)));
  const numeric = table.columns.map((_, i) => table.rows.some((row) => typeof row[i] === 'number'));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (numeric[i] ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number)))
      .join('  ')
      .trimEnd();
  const [head, ...body] = rows as string[][];
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [table.title, line(head as string[]), rule, ...body.map(line)].join('\n');
}

/** Whole numbers whole, others to four digits that count. */
export function formatCell(cell: Cell): string {
  if (typeof cell === 'string') return cell;
  if (Number.isInteger(cell)) return cell.toLocaleString('en-US');
  const magnitude = Math.abs(cell);
  if (magnitude >= 1000) return Math.round(cell).toLocaleString('en-US');
  return magnitude >= 0.001 ? cell.toPrecision(4) : cell.toExponential(2);
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(3)} %`;
}
