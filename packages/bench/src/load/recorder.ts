/**
 * Latencies and outcomes of one window of time, in HDR histograms (microseconds, three digits).
 *
 * Throughput counts what was completed while the window was open. A latency counts if the operation was due in the
 * window, however late its answer came. An open loop therefore closes the window first and then waits for what is
 * outstanding, so that slow answers are not left out.
 */

import { build, type Histogram } from 'hdr-histogram-js';

export const LATENCY_US_MAX = 120_000_000;
const DIGITS = 3;

export interface Outcomes {
  /** Operations completed with success while the window was open. */
  readonly completed: number;
  readonly seconds: number;
  /** Operations that an open loop issued while the window was open: fewer than its rate when it could not keep up. */
  readonly issued: number;
  /** Reads, completed while the window was open, that found nothing. */
  readonly missing: number;
  /** Failures of operations due in the window, by code. */
  readonly failures: Readonly<Record<string, number>>;
}

export class Recorder {
  readonly latencies = newHistogram();
  /** From the due time to the failure. */
  readonly failureLatencies = newHistogram();
  private completed = 0;
  private issues = 0;
  private missing = 0;
  private readonly failures: Record<string, number> = {};
  private openedAtMs = Infinity;
  private closedAtMs = Infinity;

  open(nowMs: number): void {
    this.openedAtMs = nowMs;
  }

  close(nowMs: number): void {
    this.closedAtMs = nowMs;
  }

  issued(nowMs: number): void {
    if (this.isOpen(nowMs)) this.issues++;
  }

  done(dueAtMs: number, nowMs: number, found: boolean): void {
    if (this.isOpen(nowMs)) {
      this.completed++;
      if (!found) this.missing++;
    }
    if (this.isOpen(dueAtMs)) this.latencies.recordValue(microseconds(nowMs - dueAtMs));
  }

  failed(dueAtMs: number, nowMs: number, code: string): void {
    if (!this.isOpen(dueAtMs)) return;
    this.failures[code] = (this.failures[code] ?? 0) + 1;
    this.failureLatencies.recordValue(microseconds(nowMs - dueAtMs));
  }

  outcomes(): Outcomes {
    const seconds = (this.closedAtMs - this.openedAtMs) / 1_000;
    const { completed, issues: issued, missing, failures } = this;
    return { completed, seconds, issued, missing, failures };
  }

  private isOpen(atMs: number): boolean {
    return atMs >= this.openedAtMs && atMs < this.closedAtMs;
  }
}

export function newHistogram(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LATENCY_US_MAX,
    numberOfSignificantValueDigits: DIGITS,
    bitBucketSize: 32,
  });
}

function microseconds(ms: number): number {
  return Math.min(LATENCY_US_MAX, Math.max(1, Math.round(ms * 1_000)));
}
