/**
 * What must be true of those who hold a lock, and of a resource that refuses smaller tokens.
 *
 *   1. Nobody who takes a lock for its own is told that somebody else has it: at no time do two of them.
 *   2. Of two holders the later one has the greater token.
 *   3. Nobody who has lost a lock renews it.
 *   4. A resource that refuses smaller tokens takes no write of an earlier holder behind one of a later holder.
 *
 * Somebody may remove the lock of another one, who learns of it late: then two may take it for their own, for a while.
 */

import type { Failure } from './failure';

export interface Holder {
  readonly name: string;
  readonly token: number;
  /** When the request was sent that brought it the lock, and when it learnt so. */
  readonly claimedAtMs: number;
  readonly acquiredAtMs: number;
  /** It takes the lock for its own. */
  isHeld(): boolean;
}

interface Stored {
  readonly version: number;
  readonly token: number;
}

export class LockHolders {
  private readonly holders: Holder[] = [];
  private readonly stored: Stored[] = [];
  /** Deletions by others that are under way, and when the last one was over. */
  private removals = 0;
  private removedAtMs = -Infinity;

  hold(holder: Holder): Failure | undefined {
    for (const other of this.holders) {
      if (other.acquiredAtMs < holder.claimedAtMs && other.token >= holder.token)
        return failure(`${holder.name} has the token ${holder.token} after ${other.name} had ${other.token}`);
      const sinceMs = Math.min(other.claimedAtMs, holder.claimedAtMs);
      const isExcused = this.removals > 0 || this.removedAtMs >= sinceMs;
      if (!isExcused && other.isHeld() && holder.isHeld())
        return failure(
          `${other.name} (token ${other.token}) and ${holder.name} (${holder.token}) hold it at once`,
        );
    }
    this.holders.push(holder);
    return undefined;
  }

  /** A renewal that was sent at some time was done. */
  renewed(holder: Holder, sentAtMs: number): Failure | undefined {
    const later = this.holders.find(
      ({ token, acquiredAtMs }) => token > holder.token && acquiredAtMs < sentAtMs,
    );
    if (later === undefined) return undefined;
    return failure(`${holder.name} (token ${holder.token}) renews what ${later.name} (${later.token}) has`);
  }

  /** Somebody removes the lock, whoever has it. */
  removalBegins(): void {
    this.removals++;
  }

  /** It was removed or not; while that is not known it may be yet. */
  removalEnds(nowMs: number): void {
    this.removals--;
    this.removedAtMs = nowMs;
  }

  /** The resource has taken a write. */
  accept(version: number, token: number): Failure | undefined {
    const stale = this.stored.find((other) =>
      other.version < version ? other.token > token : other.token < token,
    );
    this.stored.push({ version, token });
    if (stale === undefined) return undefined;
    return failure(
      `the resource took ${token} as version ${version} and ${stale.token} as version ${stale.version}`,
    );
  }
}

function failure(text: string): Failure {
  return { checker: 'locks', text };
}
