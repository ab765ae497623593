/**
 * The order of one connection's commands: a command waits for the unanswered ones before it on any of its keys, and one
 * on all keys for all of them. Others are under way at the same time.
 *
 * Why by answers and not by the order of sending: an operation that comes back from a node that is not the owner any
 * more is sent again, later than what was sent behind it. A Get would then overtake the Set before it. Two reads of a
 * key wait for each other as well, or the later one might be told the older value.
 */

import type { Bytes } from '@ringkeep/shared';
import { NewestTurns } from './newest-turns';

/** Which keys a command is on. */
export type OnKeys = readonly Bytes[] | 'all';

/** A command's place in the order. */
export abstract class Turn {
  /** Commands that it still waits for. */
  waitsFor = 0;
  /** Most are awaited by none. */
  awaitedBy: Turn[] | undefined = undefined;

  /** It waits for nothing more. */
  abstract begin(): void;
}

export class KeyOrder {
  /** The newest unanswered command on each key. */
  private readonly newest = new NewestTurns<Turn>();
  /** The newest unanswered command on all keys. */
  private barrier: Turn | undefined;

  /** @param isOrdered off only in a test that shows why it is on */
  constructor(private readonly isOrdered = true) {}

  get size(): number {
    return this.newest.size + (this.barrier ? 1 : 0);
  }

  /** The last one on a key: what comes next on that key alone may be a part of it. */
  lastOn(key: Bytes): Turn | undefined {
    return this.newest.get(key);
  }

  /** Begins at once if it waits for nothing. */
  enter(turn: Turn, on: OnKeys): void {
    if (!this.isOrdered) return turn.begin();
    if (on === 'all') this.enterAll(turn);
    else this.enterKeys(turn, on);
    if (turn.waitsFor === 0) turn.begin();
  }

  /** The same of a single key. `last`: what `lastOn` tells of it. */
  enterBehind(last: Turn | undefined, turn: Turn, key: Bytes): void {
    if (!this.isOrdered) return turn.begin();
    if (this.barrier) wait(turn, this.barrier);
    if (last === undefined) this.newest.add(key, turn);
    else {
      wait(turn, last);
      this.newest.set(key, turn);
    }
    if (turn.waitsFor === 0) turn.begin();
  }

  private enterKeys(turn: Turn, keys: readonly Bytes[]): void {
    // What the barrier waits for, this one waits for through it.
    if (this.barrier) wait(turn, this.barrier);
    for (const key of keys) {
      const before = this.newest.get(key);
      if (before === turn) continue;
      if (before) wait(turn, before);
      this.newest.set(key, turn);
    }
  }

  private enterAll(turn: Turn): void {
    if (this.barrier) wait(turn, this.barrier);
    for (const before of this.newest.all()) wait(turn, before);
    this.barrier = turn;
    // Whatever comes next waits for these through the barrier.
    this.newest.clear();
  }

  /** It is answered: what waited for it alone begins. */
  leave(turn: Turn, on: OnKeys): void {
    if (on === 'all') {
      if (this.barrier === turn) this.barrier = undefined;
    } else {
      for (const key of on) this.newest.remove(key, turn);
    }
    beginNext(turn);
  }

  /** The same of one that was on a single key. */
  leaveKey(turn: Turn, key: Bytes): void {
    this.newest.remove(key, turn);
    beginNext(turn);
  }
}

function beginNext({ awaitedBy }: Turn): void {
  if (awaitedBy) for (const next of awaitedBy) if (--next.waitsFor === 0) next.begin();
}

function wait(turn: Turn, before: Turn): void {
  (before.awaitedBy ??= []).push(turn);
  turn.waitsFor++;
}
