/** Keys that were written and acknowledged, and how they are read back. */

import type { ItemResult, RingClient } from '@ringkeep/client';

export interface ReadBack {
  readonly right: number;
  /** Answered UNAVAILABLE until the deadline. */
  readonly unavailable: number;
  /** Another value than was acknowledged, or none. */
  readonly wrong: number;
  readonly otherErrors: readonly string[];
}

const WRITE_MS = 60_000;
const BATCH = 5_000;

export class WrittenKeys {
  private readonly values: string[] = [];
  private round = 0;

  constructor(private readonly client: RingClient) {}

  get count(): number {
    return this.values.length;
  }

  /** Writes as many keys, those written before anew. Throws when one is not acknowledged. */
  async write(count: number): Promise<void> {
    const round = ++this.round;
    for (let from = 0; from < count; from += BATCH) {
      const entries = Array.from({ length: Math.min(BATCH, count - from) }, (_, i): [string, string] => [
        keyOf(from + i),
        `${round}/${from + i}`,
      ]);
      const results = await this.client.setMany(entries, { deadlineMs: WRITE_MS });
      for (const [i, result] of results.entries()) {
        if (!result.ok) throw result.error;
        this.values[from + i] = (entries[i] as [string, string])[1];
      }
    }
  }

  async readBack(deadlineMs: number): Promise<ReadBack> {
    let right = 0;
    let unavailable = 0;
    let wrong = 0;
    const otherErrors: string[] = [];
    const results = await this.client.getMany(
      this.values.map((_, i) => keyOf(i)),
      { deadlineMs },
    );
    for (const [i, result] of results.entries()) {
      if (!result.ok) {
        if (result.error.code === 'UNAVAILABLE') unavailable++;
        else otherErrors.push(result.error.message);
      } else if (textOf(result) === this.values[i]) {
        right++;
      } else {
        wrong++;
      }
    }
    return { right, unavailable, wrong, otherErrors };
  }
}

function keyOf(number: number): string {
  return `written ${number}`;
}

function textOf(result: ItemResult & { readonly ok: true }): string | undefined {
  return result.value === undefined ? undefined : Buffer.from(result.value).toString();
}
