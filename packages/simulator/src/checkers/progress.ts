/**
 * A client makes progress with each key while all machines but one are well: of what it asks for again and again,
 * something gets done.
 */

import type { Failure } from './failure';

/**
 * A member that stands still is replaced within a second or so, and a source of news is left after two beats; then clients
 * have a second's patience with what they had asked for before.
 */
export const PROGRESS_MS_MAX = 6_000;

export class Progress {
  /** The first try since the last success, by client and key. */
  private readonly triedAt = new Map<string, number>();

  tried(client: string, key: string, now: number): void {
    const name = `${client} ${key}`;
    if (!this.triedAt.has(name)) this.triedAt.set(name, now);
  }

  done(client: string, key: string): void {
    this.triedAt.delete(`${client} ${key}`);
  }

  check(now: number): Failure | undefined {
    for (const [name, at] of this.triedAt) {
      if (now - at <= PROGRESS_MS_MAX) continue;
      const text = `client ${name}: nothing is done for ${Math.round(now - at)} ms, and all machines but one are well`;
      return { checker: 'progress', text };
    }
    return undefined;
  }
}
