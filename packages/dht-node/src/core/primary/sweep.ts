/**
 * Ends the keys of an arc whose time is over and that nobody meets.
 *
 * It goes through them in ring order, a few in each step, and begins anew when it is through. What has a number already
 * and is not committed yet it meets again, and numbers nothing. It stands back while the writes under way are many: a
 * million keys that end in one second are ended one after another, with pauses in which a node does what else it has to
 * do, and with no step that is longer than others.
 */

import { arcKeyRanges, type Bytes, type KeyRange, type RingKey } from '@ringkeep/shared';
import type { Clocked, StepTime, StoredCopies } from '../context';
import { SWEEP_AGAIN_MS, SWEEP_KEYS_MAX, SWEEP_PAUSE_MS, SWEEP_WINDOW_MAX } from '../limits';
import { DAMAGED } from '../replica/entry-store';
import type { Replica } from '../replica/replica';

/** The arc's writes. */
interface SweptWrites {
  /** Numbered and not committed. */
  readonly underWay: number;
  /** Ends a key if its time is over. */
  end(key: RingKey): boolean;
}

export class Sweep {
  private readonly ranges: readonly KeyRange[];
  /** Which range it is in, and from where on. */
  private at = 0;
  private from: Bytes | undefined;
  private dueAt = 0;
  private isBusy = false;

  constructor(
    private readonly context: StepTime & Clocked & StoredCopies,
    replica: Replica,
    private readonly writes: SweptWrites,
  ) {
    this.ranges = arcKeyRanges(replica.range);
  }

  /** Call while the arc serves. */
  tick(): void {
    const { now, clock } = this.context;
    if (now >= this.dueAt) {
      const afterMs = clock.isSure ? this.endSome() : SWEEP_AGAIN_MS;
      this.dueAt = now + afterMs;
      this.isBusy = afterMs < SWEEP_AGAIN_MS;
    }
    // Where nothing ends there is a tick by then anyway.
    if (this.isBusy) this.context.wakeAt(this.dueAt);
  }

  /** @returns when to go on, ms from now */
  private endSome(): number {
    let room = Math.min(SWEEP_KEYS_MAX, SWEEP_WINDOW_MAX - this.writes.underWay);
    let met = 0;
    for (; this.at < this.ranges.length; this.at++, this.from = undefined) {
      if (room <= 0) return SWEEP_PAUSE_MS;
      const keys = this.endFirst(this.ranges[this.at] as KeyRange, room);
      if (keys.length === room) {
        this.from = `${keys.at(-1) as RingKey}\0` as Bytes;
        return SWEEP_PAUSE_MS;
      }
      room -= keys.length;
      met += keys.filter((key) => !this.isDamaged(key)).length;
    }
    this.at = 0;
    return met === 0 ? SWEEP_AGAIN_MS : SWEEP_PAUSE_MS;
  }

  /** It ends when it is mended, and until then is no reason to look again soon. */
  private isDamaged(key: RingKey): boolean {
    return this.context.replicas.entries.get(key) === DAMAGED;
  }

  private endFirst(range: KeyRange, keysMax: number): readonly RingKey[] {
    const { replicas, clock } = this.context;
    const rest = { from: this.from ?? range.from, to: range.to };
    const keys = replicas.entries.over(rest, clock.wallMs, keysMax);
    for (const key of keys) this.writes.end(key);
    return keys;
  }
}
