/**
 * Tells the watchers of one arc what is committed there, for one term of its primary.
 *
 *   1. A watch begins when the arc may be read: then this node's commit point is the arc's, and what lies above it
 *      belongs to another history.
 *   2. It is told what follows its numbers from what the copy keeps, as fast as it takes it.
 *   3. When it is level it is live, and told each step's commits at the end of the step. One that takes them too slowly
 *      is not live any more, and goes on from what is kept. So it costs a bounded number of bytes.
 *   4. What is no longer kept is `lost`: that range ends, the others go on.
 *   5. Each second, under the leases, a live watch is told the arc's number, also when nothing concerns it. A primary
 *      that has been replaced without knowing has no leases, so its watchers hear nothing and go elsewhere.
 *   6. When the role ends its watchers are told the rest, up to its last commit, and that the range has `moved`. The
 *      number goes with it: a new owner may keep nothing from before.
 */

import type { Arc, RingKey, Seq } from '@ringkeep/shared';
import { arcInside, arcKeyTest, arcOutside, arcsEqual } from '@ringkeep/shared/ring/arc';
import type { Outbox, RuleSettings, StepTime } from '../context';
import {
  WATCH_FINISH_MS,
  WATCH_MESSAGE_BYTES,
  WATCH_NUMBERS_AT_ONCE,
  WATCH_OUTSTANDING_BYTES_MAX,
  WATCH_PROGRESS_MS,
} from '../limits';
import { historyOf, type Change, type RangeHistory } from '../replica/change-history';
import type { Replica } from '../replica/replica';
import { bytesOf, entriesOfOp } from '../replica/sequenced-op';
import { LiveWatches } from './live-watches';
import { bytesOfChanges, type Place, type Watch } from './watch';

type ArcFeedContext = StepTime & Outbox & RuleSettings;

/** Where a range of a watch ends: it has another owner, or what follows is not kept any more. */
export type WatchEnd = 'moved' | 'lost';

interface RoleEnd {
  readonly seq: Seq;
  readonly changes: readonly RangeHistory[];
  readonly untilMs: number;
}

export class ArcFeed {
  /** Not begun. */
  private readonly waiting = new Set<Watch>();
  /** Begun, and not level. */
  private readonly behind = new Set<Watch>();
  private readonly live = new LiveWatches();
  /** What live watches have been told. */
  private told: Seq = 0;
  private progressAt = Number.POSITIVE_INFINITY;
  /** The commit point at the end of the role, what was kept then, and how long the rest of it is told. */
  private end: RoleEnd | undefined;

  constructor(
    private readonly context: ArcFeedContext,
    private readonly replica: Replica,
    private readonly mayRead: () => boolean,
  ) {}

  get isIdle(): boolean {
    return this.waiting.size + this.behind.size === 0 && this.live.isEmpty;
  }

  add(watch: Watch): void {
    this.waiting.add(watch);
  }

  remove(watch: Watch): void {
    this.waiting.delete(watch);
    this.behind.delete(watch);
    this.live.remove(watch);
  }

  /** At the end of a step. */
  flush(): void {
    if (this.isIdle) return;
    this.tellLive();
    if (this.waiting.size > 0 && this.mayRead()) this.begin();
    this.catchUp();
    if (this.end === undefined) this.tellProgress();
    else if (this.context.now >= this.end.untilMs) this.giveUp();
  }

  /** The role ends. */
  roleEnded(): void {
    if (this.isIdle) return;
    this.tellLive();
    const untilMs = this.context.now + WATCH_FINISH_MS;
    this.end = { seq: this.replica.committed, changes: this.replica.changes, untilMs };
    for (const watch of [...this.waiting, ...this.live.all()]) {
      this.over(watch, watch.places, 'moved');
      this.remove(watch);
    }
  }

  /** Those that do not take the rest. */
  private giveUp(): void {
    for (const watch of this.behind) this.over(watch, watch.places, 'moved');
    this.behind.clear();
  }

  private get through(): Seq {
    return this.end?.seq ?? this.replica.committed;
  }

  private get changes(): readonly RangeHistory[] {
    return this.end?.changes ?? this.replica.changes;
  }

  // ---- beginning ----

  private begin(): void {
    for (const watch of this.waiting) {
      this.behind.add(watch);
      const { range } = this.replica;
      watch.places = watch.wanted.flatMap((wanted) =>
        arcInside(wanted.range, range).map((part) => ({ range: part, seq: wanted.since ?? this.through })),
      );
      for (const { range: part, since } of watch.wanted)
        for (const outside of arcOutside(part, range)) this.tellEnd(watch, outside, since ?? 0, 'moved');
      // What is above the commit point was told of another history.
      this.over(
        watch,
        watch.places.filter(({ seq }) => seq > this.through),
        'lost',
      );
    }
    this.waiting.clear();
  }

  // ---- those that are behind ----

  private catchUp(): void {
    let numbers = WATCH_NUMBERS_AT_ONCE;
    for (const watch of this.behind) {
      while (numbers > 0 && !watch.isFull) {
        const place = watch.places.find(({ seq }) => seq < this.through);
        if (place === undefined) break;
        numbers -= this.tellMore(watch, place, numbers);
      }
      const hasRoom = this.end !== undefined || !watch.isFull;
      if (hasRoom && watch.places.every(({ seq }) => seq >= this.through)) this.isLevel(watch);
    }
    if (numbers <= 0) this.context.wakeAt(this.context.now);
  }

  /** One message of what follows a place. @returns how many numbers were looked at */
  private tellMore(watch: Watch, place: Place, numbersMax: number): number {
    const history = historyOf(this.changes, place.range);
    if (history === undefined) return this.cut(watch, place);
    if (history.wholeFrom > place.seq) {
      this.over(watch, [place], this.end ? 'moved' : 'lost');
      return 1;
    }
    const changes: Change[] = [];
    let bytes = 0;
    const from = place.seq;
    const holds = arcsEqual(place.range, history.range) ? undefined : arcKeyTest(place.range);
    const wants = (key: RingKey): boolean => watch.concerns(key) && holds?.(key) !== false;
    place.seq = history.tell({ since: from, through: this.through, numbersMax }, wants, (change) => {
      changes.push(change);
      bytes += bytesOf(change.entry);
      return bytes < WATCH_MESSAGE_BYTES;
    });
    if (changes.length > 0) this.tell(watch, place.range, place.seq, changes);
    return Math.max(1, place.seq - from);
  }

  /** What is kept is kept for smaller ranges than that. */
  private cut(watch: Watch, place: Place): number {
    const parts = this.changes.flatMap(({ range }) => arcInside(place.range, range));
    watch.places = watch.places.flatMap((each) =>
      each === place ? parts.map((range) => ({ range, seq: place.seq })) : [each],
    );
    return 1;
  }

  private isLevel(watch: Watch): void {
    this.behind.delete(watch);
    if (watch.isOver) return;
    if (this.end) return this.over(watch, watch.places, 'moved');
    this.tellProgressTo(watch, this.through);
    if (this.live.isEmpty) {
      this.told = this.through;
      this.progressAt = this.context.now + WATCH_PROGRESS_MS;
    }
    watch.places = joined(watch.places);
    this.live.add(watch);
  }

  // ---- those that are live ----

  private tellLive(): void {
    if (this.live.isEmpty) return;
    const since = this.told;
    const early = this.context.rules.toldEarly(this.replica);
    const through = this.through + early.length;
    if (through <= since) return;
    // More was committed at once than is kept: they are told so as any other watcher that is behind.
    if (this.changes.some(({ wholeFrom }) => wholeFrom > since)) return this.fallBehind(this.live.all());
    const changes: Change[] = [];
    let bytes = 0;
    const asked = { since, through: this.through, numbersMax: Number.POSITIVE_INFINITY };
    for (const history of this.changes)
      history.tell(asked, anyKey, (change) => {
        changes.push(change);
        bytes += bytesOf(change.entry);
        return bytes < WATCH_OUTSTANDING_BYTES_MAX;
      });
    for (const [at, op] of early.entries())
      for (const entry of entriesOfOp(op)) changes.push({ seq: this.through + at + 1, entry });
    if (bytes >= WATCH_OUTSTANDING_BYTES_MAX) return this.fallBehind(this.live.all());
    // Kept for several ranges, told of all together: in the order of commits.
    if (this.changes.length > 1) changes.sort((a, b) => a.seq - b.seq);
    this.told = through;
    if (changes.length > 0) this.tellEach(changes, through);
  }

  private tellEach(changes: readonly Change[], through: Seq): void {
    const slow: Watch[] = [];
    for (const [watch, its] of this.live.concernedBy(changes)) {
      this.tellOf(watch, its, through);
      if (watch.isFull) slow.push(watch);
    }
    this.fallBehind(slow);
  }

  private tellOf(watch: Watch, changes: readonly Change[], through: Seq): void {
    for (const { range } of watch.places) {
      const told = watch.of(changes, range, arcsEqual(range, this.replica.range));
      if (told.length > 0) this.tell(watch, range, through, told);
    }
  }

  private fallBehind(watches: readonly Watch[]): void {
    for (const watch of watches) {
      this.live.remove(watch);
      watch.places = watch.places.map(({ range }) => ({ range, seq: this.told }));
      this.behind.add(watch);
    }
  }

  private tellProgress(): void {
    const { now } = this.context;
    if (this.live.isEmpty) return;
    if (now >= this.progressAt) {
      this.progressAt = now + WATCH_PROGRESS_MS;
      if (this.mayRead())
        for (const watch of this.live.all()) if (!watch.isFull) this.tellProgressTo(watch, this.told);
    }
    this.context.wakeAt(this.progressAt);
  }

  // ---- what is said ----

  private tellProgressTo(watch: Watch, through: Seq): void {
    for (const { range } of watch.places) this.tell(watch, range, through, []);
  }

  private tell(watch: Watch, range: Arc, through: Seq, changes: readonly Change[]): void {
    const bytes = bytesOfChanges(changes);
    watch.sent(bytes);
    this.context.emit({ kind: 'watch-told', watch: watch.number, range, through, changes, bytes });
  }

  private over(watch: Watch, places: readonly Place[], because: WatchEnd): void {
    for (const { range, seq } of places) this.tellEnd(watch, range, watch.live ? this.told : seq, because);
    watch.places = watch.places.filter((place) => !places.includes(place));
    if (watch.isOver) this.context.emit({ kind: 'watch-ended', watch: watch.number, refusal: undefined });
  }

  private tellEnd(watch: Watch, range: Arc, through: Seq, because: WatchEnd): void {
    this.context.emit({ kind: 'watch-range-ended', watch: watch.number, range, through, because });
  }
}

function anyKey(): boolean {
  return true;
}

/** Neighbours that have been told the same are one. */
export function joined(places: readonly Place[]): Place[] {
  const all: Place[] = [];
  for (const place of places) {
    const before = all.at(-1);
    if (before?.range.end === place.range.start && before.seq === place.seq && places.length > 1)
      all.splice(-1, 1, { range: { start: before.range.start, end: place.range.end }, seq: place.seq });
    else all.push({ ...place });
  }
  return all;
}
