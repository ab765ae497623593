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
    if (this.many) return void this.many.set(key, turn);
    const { fewKeys, fewTurns } = this;
    const mark = markOf(key);
    const at = this.find(key, mark);
    if (at >= 0) fewTurns[at] = turn;
    else if (fewKeys.length < FEW_MAX) {
      fewKeys.push(key);
      this.marks.push(mark);
      fewTurns.push(turn);
    } else {
      this.many = new Map(fewKeys.map((each, index) => [each, fewTurns[index] as Turn]));
      this.many.set(key, turn);
      this.clearFew();
    }
  }

  delete(key: Bytes): void {
    const { many, fewKeys, fewTurns } = this;
    if (many) {
      many.delete(key);
      if (many.size === 0) this.many = undefined;
      return;
    }
    const at = this.find(key, markOf(key));
    if (at < 0) return;
    // Their order does not matter: the last one takes the place.
    const lastKey = fewKeys.pop() as Bytes;
    const lastTurn = fewTurns.pop() as Turn;
    const lastMark = this.marks.pop() as number;
    if (at === fewKeys.length) return;
    fewKeys[at] = lastKey;
    fewTurns[at] = lastTurn;
    this.marks[at] = lastMark;
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
    for (let at = marks.length - 1; at >= 0; at--)
      if (marks[at] === mark && this.fewKeys[at] === key) return at;
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
