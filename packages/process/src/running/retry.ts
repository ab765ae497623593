/**
 * When to try again: exponential back-off with full jitter, drawn from a generator that is passed in.
 *
 * Full jitter (anything from zero to the limit) is best at spreading callers that failed together; see "Exponential
 * Backoff and Jitter", AWS Architecture Blog, 2015.
 */

import { invariant, type Random } from '@ringkeep/shared';

export interface RetryPolicy {
  /** The longest first pause. */
  readonly firstMs: number;
  /** The longest pause of all. */
  readonly maxMs: number;
  /** By how much the longest pause grows each time. */
  readonly factor: number;
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = { firstMs: 50, maxMs: 2_000, factor: 2 };

export class Backoff {
  private attempts = 0;

  constructor(
    private readonly random: Random,
    private readonly policy: RetryPolicy = DEFAULT_RETRY_POLICY,
  ) {
    invariant(policy.firstMs > 0 && policy.maxMs >= policy.firstMs, 'pauses are positive and grow');
    invariant(policy.factor >= 1, 'pauses do not shrink');
  }

  /** How long to wait before the next attempt. */
  nextMs(): number {
    const limit = Math.min(this.policy.maxMs, this.policy.firstMs * this.policy.factor ** this.attempts);
    this.attempts += 1;
    return this.random.fraction() * limit;
  }

  /** After a success: the next failure starts from the shortest pause again. */
  reset(): void {
    this.attempts = 0;
  }
}
