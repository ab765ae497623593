/**
 * One budget of bytes for all callers of a process: what came in and was not answered, and what was answered and not
 * read.
 *
 * Only answers that are not read, and messages that are incomplete, wait for the caller. If none of that has gone away
 * from a caller for a while, the caller holds it for good, as far as anybody can tell. When half of the budget is
 * taken, such callers are ended. When all of it is taken, the worst callers, by bytes and time, are ended until there
 * is room. So callers that make progress are not refused for long because of those that do not. What waits for the
 * process itself is limited by refusing more.
 */

/** With more than this share of the budget taken, callers that stand still are ended. */
const PRESSURE = 1 / 2;
/** When all of it is taken, this much of it is to be free afterwards. */
const RELIEF = 1 / 4;
/** A caller stands still when nothing has gone away from it for this long. */
export const STANDSTILL_MS = 1_000;

export interface Held {
  /** Bytes that wait for this process. */
  readonly here: number;
  /** Bytes that wait for the caller: messages that are not complete, answers that are not read. */
  readonly there: number;
}

export class Holding {
  private here = 0;
  private there = 0;
  private movedAtMs = 0;
  private closed = false;

  constructor(
    private readonly budget: ByteBudget,
    /** Ends the caller's call; it closes the holding then. */
    readonly end: () => void,
  ) {}

  /** Has no effect on a closed one: a handler may hear of that late. */
  set({ here, there }: Held, nowMs: number): void {
    if (this.closed) return;
    if (there < this.there || this.there === 0) this.movedAtMs = nowMs;
    this.budget.changed(here + there - this.here - this.there);
    this.here = here;
    this.there = there;
  }

  /** Something has gone away, whatever has replaced it. */
  moved(nowMs: number): void {
    this.movedAtMs = nowMs;
  }

  /** For how long nothing of what waits for the caller has gone away. */
  stillMs(nowMs: number): number {
    return this.there === 0 ? 0 : nowMs - this.movedAtMs;
  }

  weight(nowMs: number): number {
    return this.there * (1 + this.stillMs(nowMs));
  }

  close(): void {
    this.budget.changed(-this.here - this.there);
    this.here = 0;
    this.there = 0;
    this.closed = true;
    this.budget.forget(this);
  }
}

export class ByteBudget {
  private readonly holdings = new Set<Holding>();
  private taken = 0;

  constructor(readonly bytesMax: number) {}

  open(end: () => void): Holding {
    const holding = new Holding(this, end);
    this.holdings.add(holding);
    return holding;
  }

  get bytes(): number {
    return this.taken;
  }

  get isFull(): boolean {
    return this.taken >= this.bytesMax;
  }

  /** Ends the callers that have to be ended. */
  relieve(nowMs: number): void {
    if (this.taken > PRESSURE * this.bytesMax) {
      for (const holding of [...this.holdings]) if (holding.stillMs(nowMs) >= STANDSTILL_MS) holding.end();
    }
    if (!this.isFull) return;
    const worst = [...this.holdings].sort((a, b) => b.weight(nowMs) - a.weight(nowMs));
    for (const holding of worst) {
      if (this.taken <= (1 - RELIEF) * this.bytesMax || holding.weight(nowMs) === 0) break;
      holding.end();
    }
  }

  /** For holdings. */
  changed(bytes: number): void {
    this.taken += bytes;
  }

  /** For holdings. */
  forget(holding: Holding): void {
    this.holdings.delete(holding);
  }
}
