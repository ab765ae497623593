/**
 * A map from number to value for what is under way: entries come in ascending order and go after a while, for as long
 * as the process lives.
 *
 * A Map would do, except for the garbage collector. Under such use a Map is soon full of deleted entries and moves to a
 * new table, and the old table keeps a reference to the new one. Once one of these tables has grown old, all that
 * follow are kept until the next full collection, with whatever they held when they were left. Each of the frequent
 * small collections then has to move a tenth of everything, instead of next to nothing.
 */

/** Deleted slots that are left in place, however few others there are. */
const SPARE_SLOTS = 32;

export class NumberMap<Value extends object> {
  /** Ascending. */
  private readonly numbers: number[] = [];
  /** Parallel to the numbers; undefined where one was deleted. */
  private readonly slots: (Value | undefined)[] = [];
  /** All slots before this one are deleted. */
  private head = 0;
  private count = 0;

  get size(): number {
    return this.count;
  }

  get(number: number): Value | undefined {
    const at = this.placeOf(number);
    return this.numbers[at] === number ? this.slots[at] : undefined;
  }

  has(number: number): boolean {
    return this.get(number) !== undefined;
  }

  /** Cheapest for a number above all that were here before. */
  set(number: number, value: Value): void {
    const at = this.placeOf(number);
    if (this.numbers[at] !== number || this.slots[at] === undefined) this.count++;
    if (at === this.numbers.length) {
      this.numbers.push(number);
      this.slots.push(value);
    } else if (this.numbers[at] === number) {
      this.slots[at] = value;
    } else {
      this.numbers.splice(at, 0, number);
      this.slots.splice(at, 0, value);
    }
    this.head = Math.min(this.head, at);
  }

  /** Returns false when there was none. */
  delete(number: number): boolean {
    const at = this.placeOf(number);
    if (this.numbers[at] !== number || this.slots[at] === undefined) return false;
    this.slots[at] = undefined;
    this.count--;
    while (this.head < this.slots.length && this.slots[this.head] === undefined) this.head++;
    if (this.slots.length > 2 * this.count + SPARE_SLOTS) this.closeGaps();
    return true;
  }

  clear(): void {
    this.numbers.length = this.slots.length = this.head = this.count = 0;
  }

  /** The one with the lowest number. */
  get first(): Value | undefined {
    return this.slots[this.head];
  }

  /** Those that are here now, ascending. */
  keys(): number[] {
    return this.numbers.filter((_, at) => this.slots[at] !== undefined);
  }

  /** Those that are here now, by ascending number. */
  values(): Value[] {
    return this.slots.filter((value) => value !== undefined);
  }

  /** Where a number is or would be; most often that is the first place or the end. */
  private placeOf(number: number): number {
    const { numbers } = this;
    if (numbers[this.head] === number) return this.head;
    let from = this.head;
    let to = numbers.length;
    if (to === 0 || number > (numbers[to - 1] as number)) return to;
    if (from === to || number < (numbers[from] as number)) from = 0;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((numbers[middle] as number) < number) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  private closeGaps(): void {
    let kept = 0;
    for (let at = this.head; at < this.slots.length; at++) {
      const value = this.slots[at];
      if (value === undefined) continue;
      this.numbers[kept] = this.numbers[at] as number;
      this.slots[kept++] = value;
    }
    this.numbers.length = this.slots.length = kept;
    this.head = 0;
  }
}
