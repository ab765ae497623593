/**
 * The newest unanswered command on each key. A pipeline is on a few keys at a time, and then two short arrays are
 * looked through, by a number of each key that is compared before the key is: a map that is filled and emptied all the time leaves much for the garbage collector. Of many keys it
 * is a map.
 */

import type { Bytes } from '@ringkeep/shared';

const FEW_MAX = 32;

export class NewestTurns<Turn> {
  private readonly fewKeys: Bytes[] = [];
  private readonly marks: number[] = [];
  private readonly fewTurns: Turn[] = [];
  /** Until it is empty. */
  private many: Map<Bytes, Turn> | undefined;

  get size(): number {
    return this.many?.size ?? this.fewKeys.length;
  }

  get(key: Bytes): Turn | undefined {
    if (this.many) return this.many.get(key);
    const at = this.find(key, markOf(key));
    return at < 0 ? undefined : this.fewTurns[at];
  }

  set(key: Bytes, turn: Turn): void {
    const at = this.many ? -1 : this.find(key, markOf(key));
    if (at >= 0) this.fewTurns[at] = turn;
    else this.add(key, turn);
  }

  /** Of a key that has none. */
  add(key: Bytes, turn: Turn): void {
    const { many, fewKeys, fewTurns } = this;
    if (many) many.set(key, turn);
    else if (fewKeys.length < FEW_MAX) {
      fewKeys.push(key);
      this.marks.push(markOf(key));
      fewTurns.push(turn);
    } else {
      this.many = new Map(fewKeys.map((each, index) => [each, fewTurns[index] as Turn]));
      this.many.set(key, turn);
      this.clearFew();
    }
  }

  /** The key has none any more, if this one is its newest. */
  remove(key: Bytes, turn: Turn): void {
    const { many, fewKeys, fewTurns, marks } = this;
    if (many) {
      if (many.get(key) !== turn) return;
      many.delete(key);
      if (many.size === 0) this.many = undefined;
      return;
    }
    const at = this.find(key, markOf(key));
    if (at < 0 || fewTurns[at] !== turn) return;
    // Their order does not matter: the last one takes the place.
    const lastKey = fewKeys.pop() as Bytes;
    const lastTurn = fewTurns.pop() as Turn;
    const lastMark = marks.pop() as number;
    if (at === fewKeys.length) return;
    fewKeys[at] = lastKey;
    fewTurns[at] = lastTurn;
    marks[at] = lastMark;
  }

  /** Each once. */
  all(): ReadonlySet<Turn> {
    return new Set(this.many?.values() ?? this.fewTurns);
  }

  clear(): void {
    this.many = undefined;
    this.clearFew();
  }

  private clearFew(): void {
    this.fewKeys.length = this.fewTurns.length = this.marks.length = 0;
  }

  private find(key: Bytes, mark: number): number {
    const { marks } = this;
    for (let at = 0; at < marks.length; at++) if (marks[at] === mark && this.fewKeys[at] === key) return at;
    return -1;
  }
}

/** Of a key: its length and its last bytes, which differ most. */
function markOf(key: Bytes): number {
  const { length } = key;
  return (
    (key.charCodeAt(length - 1) | (key.charCodeAt(length - 2) << 8) | (key.charCodeAt(length - 3) << 16)) ^
    (length << 10)
  );
}
