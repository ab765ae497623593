/**
 * What loading a file and looking it up have in common: reading, limiting what is outstanding, progress, and the
 * figures at the end.
 */

import type { Readable } from 'node:stream';
import { RingError, type RingKey } from '@ringkeep/shared';
import type { Progress } from '@ringkeep/process/command-line';
import { bytesOfText, ringKeyOf } from '@ringkeep/shared/operations';
import type { Entry, FieldPath } from './record';
import { readRecords, type Format } from './record-reader';
import { Source } from './source';
import type { Problem, Tally } from './tally';
import { WorkWindow } from './work-window';

export interface BulkOptions {
  /** A file, gzipped or not, or `-` for stdin. */
  readonly path: string;
  /** The fields that make a record's key; see parseKeyFields. None for a file that is one object. */
  readonly fields?: readonly FieldPath[];
  readonly format?: Format;
  /** What `-` reads from. Default: the process's stdin. */
  readonly stdin?: Readable;
  readonly signal?: AbortSignal;
  /** Time for each operation; the client's when absent. */
  readonly deadlineMs?: number;
  /** Is told how many bytes of the file have been read. */
  readonly progress?: (totalBytes: number | undefined) => Progress;
}

/** The figures that every run has. */
export interface BulkFigures {
  readonly records: number;
  /** Records whose key a later record has, too; only the last one counts. */
  readonly repeated: number;
  readonly failed: number;
  readonly bytes: number;
  readonly elapsedMs: number;
  /** Operations that the ring answered, a second. */
  readonly operationsPerSecond: number;
  /** The first records that went wrong. */
  readonly problems: readonly Problem[];
}

/** Operations outstanding: enough for full frames to several nodes. */
const WINDOW_OPERATIONS = 4_096;
const WINDOW_BYTES = 16 * 1024 * 1024;

/** An entry on its way. */
export interface Item {
  readonly entry: Entry;
  readonly key: RingKey;
}

export class BulkRun<Verdict extends string> {
  private readonly window = new WorkWindow(WINDOW_OPERATIONS, WINDOW_BYTES);
  private answered = 0;
  private bytes = 0;
  private readonly startedMs = performance.now();

  constructor(
    private readonly options: BulkOptions,
    readonly tally: Tally<Verdict>,
  ) {}

  /** Hands each entry of the file to `take`, in order, never more than the window holds. */
  async read(take: (item: Item) => void): Promise<void> {
    const { path, fields = [], format = 'auto', signal } = this.options;
    const source = await Source.open(path, this.options.stdin ?? process.stdin);
    const progress = this.options.progress?.(source.totalBytes);
    try {
      for await (const records of readRecords(source.chunks(), { format, fields })) {
        for (const record of records) {
          if (!this.window.hasRoom) await this.window.room();
          if (signal?.aborted) throw new RingError('CANCELLED', undefined, { cause: signal.reason });
          if (record.kind === 'entry') this.begin(record, take);
          else this.tally.reject({ ...problemOf(record), key: undefined, reason: record.reason });
        }
        progress?.update(source.bytesRead);
      }
      await this.window.empty();
      progress?.update(source.bytesRead);
    } finally {
      this.bytes = source.bytesRead;
      progress?.finish();
    }
  }

  /** Counts what an operation holds; `leave` gives it back. */
  enter({ entry }: Item): void {
    this.window.enter(entry.key.length + entry.value.length);
  }

  leave({ entry }: Item): void {
    this.window.leave(entry.key.length + entry.value.length);
  }

  /** The ring has answered. */
  judge({ entry, key }: Item, verdict: Verdict, reason?: string): void {
    this.answered++;
    const problem = reason === undefined ? undefined : { ...problemOf(entry), key: entry.key, reason };
    this.tally.judge(key, entry.number, verdict, problem);
  }

  figures(failed: Verdict): BulkFigures {
    const elapsedMs = performance.now() - this.startedMs;
    return {
      records: this.tally.records,
      repeated: this.tally.repeated,
      failed: this.tally.count(failed),
      bytes: this.bytes,
      elapsedMs: Math.round(elapsedMs),
      operationsPerSecond: Math.round(this.answered / Math.max(0.001, elapsedMs / 1_000)),
      problems: this.tally.problems,
    };
  }

  private begin(entry: Entry, take: (item: Item) => void): void {
    const key = ringKeyOf(bytesOfText(entry.key));
    this.tally.see(key, entry.number);
    take({ entry, key });
  }
}

function problemOf(record: { readonly number: number; readonly line: number }): {
  record: number;
  line: number;
} {
  return { record: record.number, line: record.line };
}
