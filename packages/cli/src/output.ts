/**
 * Everything that the command line prints. Answers go to stdout, everything else to stderr. With --json an answer is
 * one JSON value. Colours are for terminals only.
 */

import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { styleText } from './style';
import { messageOf } from './failure';

export interface OutputStreams {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** Aborted when nobody reads stdout any more. */
  readonly lost?: AbortSignal;
}

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly align?: 'left' | 'right';
  readonly text: (row: Row) => string;
}

export class Output {
  readonly stderr: NodeJS.WritableStream;
  readonly lost: AbortSignal | undefined;

  constructor(
    private readonly streams: OutputStreams,
    /** Answers are JSON. */
    readonly isJson: boolean,
  ) {
    this.stderr = streams.stderr;
    this.lost = streams.lost;
  }

  /** An answer: the JSON form with --json, otherwise the lines. */
  answer(json: unknown, lines: () => string | readonly string[]): void {
    const text = this.isJson ? JSON.stringify(json, bigintsAsText) : [lines()].flat().join('\n');
    if (text !== '') this.streams.stdout.write(`${text}\n`);
  }

  /** Resolves when the reader of the answers has taken what was written, or is gone. At once as a rule. */
  async drained(): Promise<void> {
    const { stdout, lost } = this.streams;
    if ((stdout as Partial<Writable>).writableNeedDrain !== true || lost?.aborted) return;
    const signal = lost === undefined ? {} : { signal: lost };
    await once(stdout, 'drain', signal).catch(() => undefined);
  }

  /** A remark in addition to the answer. */
  note(text: string): void {
    this.streams.stderr.write(`${styleText(this.streams.stderr, 'dim', text)}\n`);
  }

  error(error: unknown): void {
    const label = styleText(this.streams.stderr, 'red', 'error:');
    this.streams.stderr.write(`${label} ${messageOf(error)}\n`);
  }

  heading(text: string): string {
    return styleText(this.streams.stdout, 'bold', text);
  }

  /** The text of a stored value or key. On a terminal its control characters are made visible. */
  printable(text: string): string {
    return isTerminal(this.streams.stdout) ? text.replace(CONTROLS, escaped) : text;
  }

  table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
    const cells = rows.map((row) => columns.map((column) => column.text(row)));
    const widths = columns.map((column, index) =>
      Math.max(column.title.length, ...cells.map((row) => (row[index] as string).length)),
    );
    const line = (row: readonly string[]): string =>
      row
        .map((cell, index) => {
          const width = widths[index] as number;
          return columns[index]?.align === 'right' ? cell.padStart(width) : cell.padEnd(width);
        })
        .join('  ')
        .trimEnd();
    return [this.heading(line(columns.map((column) => column.title))), ...cells.map(line)];
  }
}

// Tabs and newlines are harmless; the others can move the cursor or worse.
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

function escaped(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

function isTerminal(stream: NodeJS.WritableStream): boolean {
  return 'isTTY' in stream && stream.isTTY === true;
}

function bigintsAsText(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
