/**
 * Starts and stops the parts of a process: they start in order and stop in reverse.
 *
 * Stopping never gives up half-way. What a part throws is collected, a part that takes too long is left behind, and the
 * next one is still stopped. Every verb may be called twice.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { RingError } from '@ringkeep/shared';

export interface Part {
  readonly name: string;
  /** Finish what was begun, and take nothing new. */
  drain?(): void | Promise<void>;
  stop(): void | Promise<void>;
}

export class Lifecycle {
  private readonly parts: Part[] = [];
  private draining: Promise<void> | undefined;
  private stopping: Promise<void> | undefined;

  /** `deadlineMs` is for all parts together. */
  constructor(private readonly deadlineMs: number) {}

  /**
   * Starts a part. If that fails, the parts before it are stopped and its error is thrown. A part that starts too late,
   * because everything is being stopped, is stopped at once: CANCELLED.
   */
  async start<P extends Part>(begin: () => P | Promise<P>): Promise<P> {
    try {
      const part = await begin();
      if (this.stopping) {
        await part.stop();
        throw new RingError('CANCELLED', 'stopped while starting');
      }
      this.parts.unshift(part);
      return part;
    } catch (error) {
      await this.stop().catch(() => undefined);
      throw error;
    }
  }

  drain(): Promise<void> {
    this.draining ??= this.each('drain', this.deadlineMs);
    return this.draining;
  }

  /** Drains, then stops. Throws an AggregateError when a part failed or the deadline passed. */
  stop(): Promise<void> {
    this.stopping ??= this.stopAll();
    return this.stopping;
  }

  private async stopAll(): Promise<void> {
    const startedMs = performance.now();
    const errors: unknown[] = [];
    await this.drain().catch((error: AggregateError) => errors.push(...error.errors));
    const leftMs = this.deadlineMs - (performance.now() - startedMs);
    await this.each('stop', leftMs).catch((error: AggregateError) => errors.push(...error.errors));
    if (errors.length > 0) throw failed('stop', errors);
  }

  private async each(verb: 'drain' | 'stop', withinMs: number): Promise<void> {
    const over = new AbortController();
    const deadline = pause(Math.max(0, withinMs), 'late' as const, { signal: over.signal });
    deadline.catch(() => undefined);
    const errors: unknown[] = [];
    for (const part of this.parts) {
      try {
        const outcome = await Promise.race([Promise.resolve(part[verb]?.()), deadline]);
        if (outcome === 'late') errors.push(new Error(`${part.name} did not ${verb} in time`));
      } catch (error) {
        errors.push(new Error(`${part.name}: ${error instanceof Error ? error.message : String(error)}`));
      }
    }
    over.abort();
    if (errors.length > 0) throw failed(verb, errors);
  }
}

function failed(verb: string, errors: unknown[]): AggregateError {
  const texts = errors.map((error) => (error instanceof Error ? error.message : String(error)));
  return new AggregateError(errors, `failed to ${verb}: ${texts.join('; ')}`);
}

/** Longer than any part may take to stop. */
export const EXIT_DEADLINE_MS = 15_000;
/** Time after the deadline for a busy loop to notice it. */
const KILL_GRACE_MS = 1_000;

/** From a thread of its own: it may be the main thread that hangs. */
function killAfter(ms: number): void {
  const source = `setTimeout(() => process.kill(${process.pid}, 'SIGKILL'), ${ms});`;
  new Worker(source, { eval: true }).on('error', () => undefined).unref();
}

export const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** The exit code that a shell expects of a process that a signal ended at once. */
const EXIT_CODE_OF_SIGNAL: Readonly<Record<(typeof STOP_SIGNALS)[number], number>> = {
  SIGINT: 130,
  SIGTERM: 143,
};

/**
 * For main.ts: the first SIGINT or SIGTERM stops in order and exits with 0 (1 if stopping failed). The second one exits
 * at once.
 *
 * A process that was started with an IPC channel belongs to its parent. When the channel breaks, the parent is gone,
 * however it ended, and nobody else would stop this process. That counts as a SIGTERM.
 *
 * After `deadlineMs` the process exits, whatever is unfinished: what was acknowledged is on its disk.
 */
export function stopOnSignals(
  stop: (signal: string) => Promise<void>,
  exit: (code: number, error?: unknown) => void,
  deadlineMs = EXIT_DEADLINE_MS,
): void {
  let stopping = false;
  const begin = (signal: (typeof STOP_SIGNALS)[number]): void => {
    stopping = true;
    const late = new Error(`stopping took longer than ${deadlineMs} ms`);
    setTimeout(() => exit(1, late), deadlineMs).unref();
    killAfter(deadlineMs + KILL_GRACE_MS);
    stop(signal).then(
      () => exit(0),
      (error: unknown) => exit(1, error),
    );
  };
  for (const signal of STOP_SIGNALS) {
    process.on(signal, () => (stopping ? exit(EXIT_CODE_OF_SIGNAL[signal]) : begin(signal)));
  }
  if (process.send === undefined) return;
  const orphaned = (): void => {
    if (!stopping) begin('SIGTERM');
  };
  if (process.connected) process.once('disconnect', orphaned);
  else orphaned();
}
