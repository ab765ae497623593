/**
 * The entries of a scan, one by one, from its pages. While a page has more an entry costs one promise: a generator makes
 * three of them and as many turns of the queue, which was most of what a client spent on an entry.
 */

import { ScanEntry } from './scan-entry';
import type { ScannedEntry } from './scan-page';

/** A page, or whatever else has entries. */
export interface EntriesPart {
  readonly entries: readonly ScannedEntry<Buffer>[];
}

/** Whoever keeps the place of the scan. */
export interface ScanProgress<Part extends EntriesPart> {
  /** An entry with that key is handed out. */
  took(key: Uint8Array): void;
  /** So is all of a page. */
  passed(page: Part): void;
  /** So is all. */
  ended(): void;
}

export class ScanEntries<Value, Part extends EntriesPart = EntriesPart> implements AsyncIterableIterator<
  ScanEntry<Value>
> {
  private page: Part | undefined;
  private index = 0;
  private finished = false;
  /** Calls that wait for a page; each waits for the one before, whatever became of it. */
  private turns = 0;
  private turned: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly pages: AsyncGenerator<Part, void, undefined>,
    private readonly progress: ScanProgress<Part>,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<ScanEntry<Value>, undefined>> {
    const value = this.turns === 0 ? this.take() : undefined;
    if (value !== undefined) return Promise.resolve({ done: false, value });
    const turn = this.turns++ === 0 ? this.turn() : this.turned.then(() => this.turn());
    this.turned = turn.catch(() => undefined);
    return turn;
  }

  async return(): Promise<IteratorResult<ScanEntry<Value>, undefined>> {
    this.finished = true;
    this.page = undefined;
    await this.pages.return();
    return { done: true, value: undefined };
  }

  private async turn(): Promise<IteratorResult<ScanEntry<Value>, undefined>> {
    try {
      for (;;) {
        const value = this.take();
        if (value !== undefined) return { done: false, value };
        if (this.page !== undefined) this.progress.passed(this.page);
        this.page = undefined;
        if (this.finished) return { done: true, value: undefined };
        const read = await this.pages.next();
        if (read.done) this.end();
        else this.page = read.value;
        this.index = 0;
      }
    } catch (error) {
      this.finished = true;
      throw error;
    } finally {
      this.turns--;
    }
  }

  private take(): ScanEntry<Value> | undefined {
    const entry = this.page?.entries[this.index];
    if (entry === undefined) return undefined;
    this.index++;
    this.progress.took(entry.key);
    return new ScanEntry(entry.key, entry.value as Value, entry.version);
  }

  private end(): void {
    if (!this.finished) this.progress.ended();
    this.finished = true;
  }
}
