/**
 * A client that scans: page after page, from the place that each tells. What a page says of each key of its stretch,
 * that it is not there included, goes into the history as a read of that key.
 */

import type { Bytes, PositionRule, Random, RingKey } from '@ringkeep/shared';
import { keyOf, tagOf } from '@ringkeep/shared';
import { bufferOfBytes, OperationType, ringKeyOf, type OperationOf } from '@ringkeep/shared/operations';
import {
  decodeScanPage,
  encodeScanQuery,
  FIRST_PLACE,
  placeOfTag,
  type ScanPage,
} from '@ringkeep/shared/scans';
import type { HistoryRecorder } from '@ringkeep/checker/core';
import type { PageRecord } from '../checkers/pages';
import type { Party } from './network';
import { PlainCalls } from './plain-calls';
import type { World } from './world';

export interface ScannerHabits {
  readonly keys: readonly Bytes[];
  readonly positionRule: PositionRule;
  readonly patienceMs: number;
}

const PAUSE_MS_MAX = 800;
const TAG_CHANCE = 0.2;
/** Entries of a page; a page of a few for a ring of many keys would make a history of little else. */
const LIMITS = [2, 5, 1_000] as const;

/** Of one scan; `undefined` if it was given up. */
type ScanDone = (told: ReadonlySet<string> | undefined) => void;

interface UnderWay {
  readonly tag: Bytes | undefined;
  readonly limit: number;
  readonly patienceMs: number;
  readonly told: Set<string>;
  readonly done: ScanDone;
}

export class Scanner {
  readonly pages: PageRecord[] = [];
  private readonly calls: PlainCalls;
  private readonly ringKeys: readonly RingKey[];
  private readonly tags: readonly Bytes[];
  private stopped = false;

  constructor(
    private readonly world: World,
    private readonly party: Party,
    private readonly random: Random,
    private readonly recorder: HistoryRecorder,
    private readonly habits: ScannerHabits,
  ) {
    const { keys, positionRule } = habits;
    this.calls = new PlainCalls(world, party, random);
    this.ringKeys = keys.map((key) => ringKeyOf(key, positionRule));
    const tags = positionRule === 'tag' ? keys.map(tagOf) : [];
    this.tags = [...new Set(tags.filter((tag) => tag !== undefined))];
  }

  start(): void {
    const { world, random } = this;
    world.timeline.after(random.fraction() * PAUSE_MS_MAX, () => {
      if (this.stopped) return;
      this.scan(random.pick(LIMITS), this.habits.patienceMs, () => this.start());
    });
  }

  /** Begins nothing new. */
  stop(): void {
    this.stopped = true;
  }

  /** Scans everything, for as long as it takes. */
  scanAtLast(patienceMs: number, done: ScanDone): void {
    this.page(FIRST_PLACE, { tag: undefined, limit: 1_000, patienceMs, told: new Set(), done });
  }

  private scan(limit: number, patienceMs: number, done: ScanDone): void {
    const { random, tags } = this;
    const tag = tags.length > 0 && random.chance(TAG_CHANCE) ? random.pick(tags) : undefined;
    const place = tag === undefined ? FIRST_PLACE : placeOfTag(tag);
    this.page(place, { tag, limit, patienceMs, told: new Set(), done });
  }

  private page(place: RingKey, scan: UnderWay): void {
    const { world, recorder } = this;
    const { tag, limit } = scan;
    const { timeline, trace } = world;
    const query = encodeScanQuery({ prefix: undefined, tag, keysOnly: false, limit });
    const operation: OperationOf<'scan'> = { type: OperationType.scan, key: place, page: query };
    const asked = this.ringKeys.filter(
      (key) => key >= place && (tag === undefined || tagOf(keyOf(key)) === tag),
    );
    const reads = asked.map(
      (key) => [key, recorder.call(this.party, keyOf(key), { op: 'get' }, timeline.now)] as const,
    );
    this.calls.run(operation, scan.patienceMs, (result) => {
      if (!result?.ok) {
        for (const [, number] of reads) recorder.fail(number, timeline.now);
        return scan.done(undefined);
      }
      const page = decodeScanPage(bufferOfBytes(result.value as Bytes));
      trace.note('client', () => `scanner ${this.party}: ${describePage(page)}`);
      this.record(place, page, reads);
      for (const { key } of page.entries) this.tell(key.toString('latin1'), scan);
      if (page.next === undefined) scan.done(scan.told);
      else this.page(page.next, scan);
    });
  }

  private record(
    place: RingKey,
    { entries, next, seq }: ScanPage<Buffer>,
    reads: readonly (readonly [key: RingKey, number: number])[],
  ): void {
    const { now } = this.world.timeline;
    const versions = new Map<string, number>();
    const told = new Map(entries.map((entry) => [entry.key.toString('latin1'), entry]));
    for (const [key, number] of reads) {
      if (next !== undefined && key >= next) {
        this.recorder.fail(number, now);
        continue;
      }
      const entry = told.get(keyOf(key));
      const value = entry?.value?.toString('latin1') ?? null;
      this.recorder.ok(number, { value, version: entry?.version ?? 0 }, now);
      versions.set(keyOf(key), entry?.version ?? 0);
    }
    this.pages.push({ place, seq, versions });
  }

  private tell(key: string, { told }: UnderWay): void {
    if (told.has(key)) this.world.fail('scans', `${key} was told twice by one scan`);
    told.add(key);
  }
}

function describePage({ entries, next, seq }: ScanPage<Buffer>): string {
  const told = entries.map(({ key, version }) => `${key.toString('latin1')} v${version}`).join(' ');
  return `page as of ${seq}: ${told}${next === undefined ? ', the end' : ''}`;
}
