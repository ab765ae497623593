/**
 * Between the streams of a watch and whoever takes its changes: what is lost of the ring is read anew, part after part,
 * page after page, no faster than it is taken (core/watching/resync.ts says what is told meanwhile).
 */

import { setTimeout as pause } from 'node:timers/promises';
import type { Arc, Bytes, RingKey } from '@ringkeep/shared';
import { arcKeyTest } from '@ringkeep/shared/ring/arc';
import { RingError } from '@ringkeep/shared/ring/errors';
import type { ToldChange } from '@ringkeep/shared/operations/changes';
import { bytesOfBuffer, ringKeyOf } from '@ringkeep/shared/operations/bytes';
import type { PositionRule } from '@ringkeep/shared/ring/position-rule';
import { PAGE_ENTRIES_MAX, type ScanPage, type ScanQuery } from '@ringkeep/shared/scans';
import type { ChangeFilter, ChangeListener } from './adapters/change-streams';
import { Resync } from './core';
import type { RingChanges, RingEvent } from './ring-changes';

/** Asks the owner of a place for a page. */
export type PageSource = (place: RingKey, query: ScanQuery) => Promise<ScanPage<Buffer>>;

/** Pause before a page that nobody could tell is asked for again. */
const AGAIN_MS = 200;

export class ChangeResyncs implements ChangeListener {
  /** Those that are under way or wait for it, and those whose pages late changes may still lie before. */
  private resyncs: Resync[] = [];
  private readonly waiting: { readonly resync: Resync; readonly through: number }[] = [];
  private running = false;

  constructor(
    private readonly target: RingChanges<RingEvent>,
    private readonly filter: ChangeFilter,
    private readonly rule: PositionRule,
    private readonly page: PageSource,
  ) {}

  begun(): void {
    this.target.hasBegun();
  }

  failed(error: RingError): void {
    this.target.finish(error);
  }

  changes(range: Arc, through: number, changes: readonly ToldChange[]): void {
    let passed = changes;
    for (const resync of this.resyncs) passed = resync.pass(passed);
    this.target.told(range, through, passed);
    if (this.resyncs.length > 0)
      this.resyncs = this.resyncs.filter((resync) => !resync.isOverWith(range, through));
  }

  lost(range: Arc, through: number): void {
    const resync = new Resync(range, (key) => ringKeyOf(key, this.rule));
    this.resyncs.push(resync);
    this.waiting.push({ resync, through });
    if (!this.running) void this.run();
  }

  private async run(): Promise<void> {
    this.running = true;
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      const { resync, through } = next;
      this.target.resyncBegins(resync.range, through);
      await this.read(resync);
      this.target.resyncEnds(resync.range);
    }
    this.running = false;
  }

  private async read(resync: Resync): Promise<void> {
    const { target } = this;
    for (let from = resync.ask(); from !== undefined && !target.isOver; from = resync.ask()) {
      try {
        const page = await this.page(from as RingKey, this.query);
        const holds = arcKeyTest(resync.range);
        target.entries(
          resync.range,
          page.entries.flatMap(({ key, value, version }) => {
            const bytes = bytesOfBuffer(key);
            const isOf = holds(ringKeyOf(bytes, this.rule)) && this.isWatched(bytes);
            return value !== undefined && isOf ? [{ kind: 'entry' as const, key, value, version }] : [];
          }),
        );
        target.told(resync.range, 0, resync.read(page.seq, page.next));
        await target.room();
      } catch (error) {
        if (!(error instanceof RingError)) throw error;
        resync.failed();
        await pause(AGAIN_MS);
      }
    }
  }

  private get query(): ScanQuery {
    const { filter } = this;
    const bytes = filter.kind === 'everything' ? undefined : filter.bytes;
    return {
      prefix: filter.kind === 'prefix' || filter.kind === 'key' ? bytes : undefined,
      tag: filter.kind === 'tag' ? bytes : undefined,
      keysOnly: false,
      limit: PAGE_ENTRIES_MAX,
    };
  }

  private isWatched(key: Bytes): boolean {
    return this.filter.kind !== 'key' || key === this.filter.bytes;
  }
}
