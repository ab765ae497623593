/**
 * How far a long task has got: a bar on a terminal, a plain line every few seconds elsewhere (a pipe, a log).
 *
 * The plain form needs no timer: it looks at the clock when progress is reported.
 */

import { Presets, SingleBar } from 'cli-progress';

export interface ProgressOptions {
  /** What is being done, e.g. "loading". */
  readonly label: string;
  /** What is counted, e.g. "records". */
  readonly unit: string;
  /** Unknown when absent. */
  readonly total?: number | undefined;
  /** stderr when absent. */
  readonly stream?: NodeJS.WritableStream;
  readonly now?: () => number;
}

export interface Progress {
  /** `done` counts from the start; `total` may become known, or change, on the way. */
  update(done: number, total?: number): void;
  /** Ends the bar or prints the last line. */
  finish(): void;
}

/** Pause between two plain lines. */
export const LINE_EVERY_MS = 3_000;

export function createProgress(options: ProgressOptions): Progress {
  const stream = options.stream ?? process.stderr;
  const onTerminal = 'isTTY' in stream && stream.isTTY === true;
  return onTerminal ? new Bar(options, stream) : new Lines(options, stream);
}

class Bar implements Progress {
  private readonly bar: SingleBar;
  private done = 0;
  private total: number | undefined;

  constructor(options: ProgressOptions, stream: NodeJS.WritableStream) {
    this.total = options.total;
    const known = options.total !== undefined;
    this.bar = new SingleBar(
      {
        stream,
        hideCursor: true,
        format: known
          ? `${options.label} {bar} {percentage}% {value}/{total} ${options.unit}, {eta_formatted} left`
          : `${options.label} {value} ${options.unit}, {duration_formatted}`,
      },
      Presets.shades_classic,
    );
    this.bar.start(options.total ?? 0, 0);
  }

  update(done: number, total?: number): void {
    this.done = done;
    if (total !== undefined && total !== this.total) {
      this.total = total;
      this.bar.setTotal(total);
    }
    this.bar.update(done);
  }

  finish(): void {
    this.bar.update(this.done);
    this.bar.stop();
  }
}

class Lines implements Progress {
  private readonly now: () => number;
  private readonly startedMs: number;
  private printedMs: number;
  private done = 0;
  private total: number | undefined;
  private finished = false;

  constructor(
    private readonly options: ProgressOptions,
    private readonly stream: NodeJS.WritableStream,
  ) {
    this.now = options.now ?? (() => performance.now());
    this.startedMs = this.now();
    this.printedMs = this.startedMs;
    this.total = options.total;
  }

  update(done: number, total?: number): void {
    this.done = done;
    this.total = total ?? this.total;
    if (this.now() - this.printedMs >= LINE_EVERY_MS) this.print();
  }

  finish(): void {
    if (this.finished) return;
    this.finished = true;
    this.print();
  }

  private print(): void {
    this.printedMs = this.now();
    const { label, unit } = this.options;
    const seconds = Math.max(0.001, (this.printedMs - this.startedMs) / 1000);
    const share = this.total ? ` of ${this.total} (${Math.floor((this.done / this.total) * 100)} %)` : '';
    const rate = Math.round(this.done / seconds);
    this.stream.write(`${label}: ${this.done}${share} ${unit}, ${seconds.toFixed(1)} s, ${rate}/s\n`);
  }
}
