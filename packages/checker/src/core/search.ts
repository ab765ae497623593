/**
 * The search for an order of the operations that obeys the model and the real time.
 *
 * Wing and Gong's search in Lowe's just-in-time form (Testing for linearizability, 2017): go through the
 * events; when a return comes whose operation has no place yet, try each operation in progress as the next
 * one in the order until that one is placed. A depth-first search with an explicit stack over integers, which
 * remembers where it has been. What it leaves out cannot matter:
 * 1. A read-only operation is placed as soon as it is possible: it stands in nobody's way.
 * 2. An optional operation is placed only where the next one needs it: elsewhere the order holds without it.
 *    For the same reason a run of optional ones never meets a state twice. Where the traits tell who could
 *    need what it makes, it is not even tried without one of these in sight.
 * 3. Of interchangeable optional operations the one called first is used first.
 * 4. A configuration is skipped when one was seen that differs by fewer optional operations only.
 * 5. A write that nobody will see goes in front of the first one that overwrites the state (see ledger.ts).
 * 6. A state that is still needed and cannot come again is not left (ledger.ts), and when two such states would
 *    have to hold at once there is no order (spans.ts). `lookAhead: false` turns this off, and tries optional
 *    operations without need, to see how far an order gets and which states it can end in.
 */

import { Candidates } from './candidates';
import { Ledger } from './ledger';
import { spansContradict } from './spans';
import type { Timeline } from './timeline';
import { Visited } from './visited';

export interface SearchLimits {
  /** Operations tried and configurations compared; one to ten millions a second. */
  readonly stepsMax: number;
  /** Memory for the configurations that were visited. */
  readonly visitedBytesMax: number;
}

export type SearchOutcome = 'found' | 'none' | 'steps-exhausted' | 'memory-exhausted';

/** Where the search stood when it began to choose what comes next. */
interface Frame {
  event: number;
  state: number;
  placedCount: number;
  /** The state before the last operation when that was optional and not needed by any yet, else −1. */
  unneededFrom: number;
  /** What to try next: 0 is the waiting operation, from 1 on the others. */
  cursor: number;
  readonly others: number[];
}

export class Search {
  private tried = 0;
  private event = 0;
  private state: number;
  private unneededFrom = -1;
  /** The order so far: placed[0 … placedCount). */
  private readonly placed: Int32Array;
  private placedCount = 0;
  private readonly isPlaced: Uint8Array;
  /** The operation in progress in each slot, −1 for none. */
  private readonly occupants: Int32Array;
  private readonly calledOfKind: Int32Array;
  private readonly usedOfKind: Int32Array;
  private readonly usedSet: Int32Array;
  private readonly key: Int32Array;
  private readonly visited: Visited;
  private readonly ledger: Ledger;
  private readonly candidates: Candidates;
  private readonly frames: Frame[] = [];
  private depth = 0;

  constructor(
    private readonly timeline: Timeline<unknown, unknown>,
    private readonly limits: SearchLimits,
    private readonly options: {
      readonly lookAhead: boolean;
      /** Told of each configuration from which it could not go on: the event, and the state there. */
      readonly onDeadEnd?: (event: number, state: number) => void;
    } = { lookAhead: true },
  ) {
    const count = timeline.operations.length;
    this.state = timeline.initialState;
    this.placed = new Int32Array(count);
    this.isPlaced = new Uint8Array(count);
    this.occupants = new Int32Array(timeline.slotCount).fill(-1);
    this.calledOfKind = new Int32Array(timeline.kinds.length);
    this.usedOfKind = new Int32Array(timeline.kinds.length);
    this.usedSet = new Int32Array(Math.ceil(timeline.optionalCount / 32));
    this.key = new Int32Array(3 + Math.ceil(timeline.slotCount / 32));
    this.visited = new Visited(this.key.length, this.usedSet.length, limits.visitedBytesMax);
    this.ledger = new Ledger(timeline);
    const { occupants, isPlaced, calledOfKind, usedOfKind } = this;
    const place = { occupants, isPlaced, calledOfKind, usedOfKind };
    this.candidates = new Candidates(timeline, place, options.lookAhead);
  }

  /** The order found, or as far as the search has got. */
  order(): number[] {
    return [...this.placed.subarray(0, this.placedCount)];
  }

  get orderLength(): number {
    return this.placedCount;
  }

  /** The state at the end of the order. */
  get stateNumber(): number {
    return this.state;
  }

  get steps(): number {
    return this.tried + this.candidates.tried + this.visited.compared;
  }

  run(): SearchOutcome {
    if (this.options.lookAhead && (this.ledger.lacksSource() || spansContradict(this.timeline)))
      return 'none';
    if (this.advance()) return 'found';
    this.push();
    while (this.depth > 0) {
      if (this.steps > this.limits.stepsMax) return 'steps-exhausted';
      const frame = this.frames[this.depth - 1] as Frame;
      const candidate = this.nextCandidate(frame);
      if (candidate === undefined) {
        this.options.onDeadEnd?.(frame.event, frame.state);
        this.depth--;
        if (this.depth > 0) this.restore(this.frames[this.depth - 1] as Frame);
        continue;
      }
      if (!this.place(candidate, frame)) {
        this.restore(frame);
        continue;
      }
      if (this.isPlaced[this.waiting()] === 1 && this.advance()) return 'found';
      if (this.wasHere()) {
        this.restore(frame);
        continue;
      }
      if (!this.visited.add(this.key, this.usedSet)) return 'memory-exhausted';
      this.push();
    }
    return 'none';
  }

  /** The operation whose return is the next event. */
  private waiting(): number {
    return ~(this.timeline.events[this.event] as number);
  }

  /** Goes on to the next return whose operation has no place yet; true when there is none. */
  private advance(): boolean {
    const { events, optional, slotOf, kindOf, readOnly } = this.timeline;
    for (; this.event < events.length; this.event++) {
      const index = events[this.event] as number;
      if (index < 0) {
        if (this.isPlaced[~index] === 0) return false;
        this.occupants[slotOf[~index] as number] = -1;
      } else if (optional[index] === 1) {
        (this.calledOfKind[kindOf[index] as number] as number)++;
      } else {
        this.occupants[slotOf[index] as number] = index;
        if (readOnly[index] === 1 && this.step(this.state, index) === this.state) this.record(index);
      }
    }
    return true;
  }

  private nextCandidate(frame: Frame): number | undefined {
    this.tried++;
    const choice = frame.cursor++;
    if (choice === 0) return this.waiting();
    if (choice === 1) this.candidates.list(this.waiting(), frame.others);
    return frame.others[choice - 1];
  }

  /** Makes an operation the next in the order, with what follows from that at once. False: not possible. */
  private place(index: number, frame: Frame): boolean {
    const { optional, readOnly } = this.timeline;
    const before = this.state;
    const next = this.step(before, index);
    if (next === -1) return false;
    if (frame.unneededFrom !== -1 && this.step(frame.unneededFrom, index) === next) return false;
    if (optional[index] === 1 && this.runHasMet(next)) return false;

    if (this.ledger.overwrites(index)) this.placeInvisible(index);
    this.record(index);
    this.state = next;
    this.unneededFrom = -1;
    if (next !== before) {
      if (this.options.lookAhead && this.ledger.isLast(before)) return false;
      const count = this.placedCount;
      for (const each of this.occupants) {
        if (each === -1 || this.isPlaced[each] === 1 || readOnly[each] === 0) continue;
        if (this.step(next, each) === next) this.record(each);
      }
      if (optional[index] === 1 && this.placedCount === count) this.unneededFrom = before;
    }
    return true;
  }

  private placeInvisible(beforeIndex: number): void {
    for (const each of this.occupants) {
      if (each === -1 || each === beforeIndex || this.isPlaced[each] === 1) continue;
      if (this.timeline.readOnly[each] === 0 && this.ledger.isInvisible(each)) this.record(each);
    }
  }

  /** True when the run of unneeded optional operations that ends here has been in a state. */
  private runHasMet(state: number): boolean {
    for (let at = this.depth - 1; at >= 0; at--) {
      const frame = this.frames[at] as Frame;
      if (frame.state === state) return true;
      if (frame.unneededFrom === -1) return false;
    }
    return false;
  }

  /** True when this configuration, or one with more left to use, has been visited. Leaves its key in `key`. */
  private wasHere(): boolean {
    const { key } = this;
    key.fill(0);
    key[0] = this.event;
    key[1] = this.state;
    for (let slot = 0; slot < this.occupants.length; slot++) {
      const index = this.occupants[slot] as number;
      if (index !== -1 && this.isPlaced[index] === 1) {
        const word = 3 + (slot >>> 5);
        key[word] = (key[word] as number) | (1 << (slot & 31));
      }
    }
    if (this.visited.dominates(key, this.usedSet)) return true;
    if (this.unneededFrom === -1) return false;
    key[2] = 1 + this.unneededFrom;
    return this.visited.dominates(key, this.usedSet);
  }

  private step(state: number, index: number): number {
    const { readOnly, total, needs, makes, states, operations } = this.timeline;
    const need = needs[index] as number;
    const make = readOnly[index] === 1 ? state : (makes[index] as number);
    if (make !== -1) {
      if (need !== -1) return need === state ? make : -1;
      if (total[index] === 1) return make;
    }
    const operation = operations[index];
    return operation === undefined ? -1 : states.step(state, operation.operation);
  }

  private record(index: number): void {
    this.placed[this.placedCount++] = index;
    this.isPlaced[index] = 1;
    this.ledger.place(index);
    if (this.timeline.optional[index] === 1) this.use(index, 1);
  }

  private use(index: number, by: 1 | -1): void {
    const bit = this.timeline.slotOf[index] as number;
    const kind = this.timeline.kindOf[index] as number;
    this.usedSet[bit >>> 5] = (this.usedSet[bit >>> 5] as number) ^ (1 << (bit & 31));
    this.usedOfKind[kind] = (this.usedOfKind[kind] as number) + by;
  }

  private push(): void {
    const frame = (this.frames[this.depth] ??= {
      event: 0,
      state: 0,
      placedCount: 0,
      unneededFrom: -1,
      cursor: 0,
      others: [],
    });
    frame.event = this.event;
    frame.state = this.state;
    frame.placedCount = this.placedCount;
    frame.unneededFrom = this.unneededFrom;
    frame.cursor = 0;
    this.depth++;
  }

  private restore(frame: Frame): void {
    const { events, optional, slotOf, kindOf } = this.timeline;
    while (this.event > frame.event) {
      const index = events[--this.event] as number;
      if (index < 0) this.occupants[slotOf[~index] as number] = ~index;
      else if (optional[index] === 1) (this.calledOfKind[kindOf[index] as number] as number)--;
      else this.occupants[slotOf[index] as number] = -1;
    }
    while (this.placedCount > frame.placedCount) {
      const index = this.placed[--this.placedCount] as number;
      this.isPlaced[index] = 0;
      this.ledger.takeBack(index);
      if (optional[index] === 1) this.use(index, -1);
    }
    this.state = frame.state;
    this.unneededFrom = frame.unneededFrom;
  }
}
