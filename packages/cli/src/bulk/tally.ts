/**
 * What became of the records of a file, key by key.
 *
 * The last record of a key decides. The verdict on an earlier record is withdrawn when a later one turns up. So at the
 * end each record is in exactly one class: repeated (a later one has its key), or the verdict on it.
 */

import type { RingKey } from '@ringkeep/shared';
import { KeyCensus } from './key-census';

/** One of the first records that went wrong. */
export interface Problem {
  readonly record: number;
  readonly line: number;
  /** Absent when the record has none. */
  readonly key: string | undefined;
  readonly reason: string;
}

/** How many problems are kept to be shown. */
const PROBLEMS_MAX = 10;

export class Tally<Verdict extends string> {
  records = 0;
  repeated = 0;
  private readonly counts: number[];
  private readonly census = new KeyCensus();
  private readonly kept = new Map<number, Problem>();

  /** `verdicts` are the classes; `failed` is that of records without a key. */
  constructor(
    private readonly verdicts: readonly Verdict[],
    private readonly failed: Verdict,
  ) {
    this.counts = verdicts.map(() => 0);
  }

  count(verdict: Verdict): number {
    return this.counts[this.verdicts.indexOf(verdict)] as number;
  }

  /** The first problems that still stand, in the order of the file. */
  get problems(): Problem[] {
    return [...this.kept.values()].sort((a, b) => a.record - b.record);
  }

  /** A record that has no key. */
  reject(problem: Problem): void {
    this.records++;
    this.add(this.failed, 1);
    this.keep(problem);
  }

  /** A record with this key begins its way. */
  see(key: RingKey, record: number): void {
    this.records++;
    const before = this.census.see(key, record);
    if (before === undefined) return;
    this.repeated++;
    if (before.verdict > 0) this.add(this.verdicts[before.verdict - 1] as Verdict, -1);
    this.kept.delete(before.record);
  }

  /** The verdict on a record; ignored when a later one has its key. */
  judge(key: RingKey, record: number, verdict: Verdict, problem?: Problem): void {
    if (this.census.last(key)?.record !== record) return;
    this.census.judge(key, this.verdicts.indexOf(verdict) + 1);
    this.add(verdict, 1);
    if (problem !== undefined) this.keep(problem);
  }

  private add(verdict: Verdict, by: number): void {
    const index = this.verdicts.indexOf(verdict);
    this.counts[index] = (this.counts[index] as number) + by;
  }

  private keep(problem: Problem): void {
    if (this.kept.size < PROBLEMS_MAX) this.kept.set(problem.record, problem);
  }
}
