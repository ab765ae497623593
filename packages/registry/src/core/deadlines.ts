/**
 * Deadlines that are all the same time ahead when they are set. So they fall due in the order in which they were set,
 * and the earliest is found without a search, however many there are.
 */

import { invariant } from '@ringkeep/shared';

export class Deadlines<Key> {
  private readonly at = new Map<Key, number>();

  constructor(private readonly durationMs: number) {}

  /** Sets or moves the deadline of a key to `durationMs` from now. */
  set(key: Key, now: number): void {
    this.at.delete(key);
    this.at.set(key, now + this.durationMs);
  }

  delete(key: Key): void {
    this.at.delete(key);
  }

  keys(): Key[] {
    return [...this.at.keys()];
  }

  /** From now to the deadline of a key; 0 when it has passed or there is none. */
  leftMs(key: Key, now: number): number {
    return Math.max(0, (this.at.get(key) ?? now) - now);
  }

  /** The earliest deadline; Infinity when there is none. */
  get next(): number {
    for (const at of this.at.values()) return at;
    return Infinity;
  }

  /** Takes out the keys whose deadline has come. */
  take(now: number): Key[] {
    const due: Key[] = [];
    for (const [key, at] of this.at) {
      if (at > now) break;
      due.push(key);
    }
    for (const key of due) this.at.delete(key);
    return due;
  }

  /** Gives every key the whole duration again. */
  restart(now: number): void {
    for (const key of this.keys()) this.set(key, now);
    invariant(this.next >= now, 'a fresh deadline lies ahead');
  }
}
