/**
 * A watch of changes over the whole ring: which node is asked for which range, and what of that which they tell is new.
 *
 *   1. Each range that is watched is asked of its arc's owner, from the number on up to which it has been told.
 *   2. A range that has moved, or whose stream has ended, is asked anew: of the owner, and if that fails of another
 *      node, which passes on what the owner tells. So an address that is not reachable from here is no obstacle.
 *   3. A stream on which nothing comes for two seconds is left: its node says each second how far it is, unless it has
 *      been replaced.
 *   4. What is not above the number that is known for its position has been told before, and is dropped.
 *   5. What is `lost` is said when the range goes on: whoever reads it anew then, and takes what is told, misses nothing.
 *
 * It has no clock, socket or promise: news and the time go in, effects come out.
 */

import type { Arc, Bytes, Position, Random, Ring } from '@ringkeep/shared';
import { arcContains, arcCovers, arcInside, arcOutside } from '@ringkeep/shared/ring/arc';
import { NO_RING } from '@ringkeep/shared/ring/ring';
import { RingView } from '@ringkeep/shared/ring/ring-view';
import type { ToldChange, WatchNews } from '@ringkeep/shared/operations/changes';
import { pauseMs } from '../back-off';
import { CHANGES_PAUSE_MS, CHANGES_SILENT_MS, LATE_MS_MAX } from '../limits';
import { CLIENT_RULES, type ClientRules } from '../rules';
import { Cursor, joined, type CursorPart } from './cursor';

export type ChangeWatchEffect =
  | {
      readonly kind: 'open';
      readonly stream: number;
      readonly address: string;
      readonly ranges: readonly CursorPart[];
      /** Of the owner alone; otherwise the node passes on what the owner tells. */
      readonly direct: boolean;
    }
  | { readonly kind: 'close'; readonly stream: number }
  /** Everything of the range up to the number has been told with these. */
  | {
      readonly kind: 'changes';
      readonly range: Arc;
      readonly through: number;
      readonly changes: readonly ToldChange[];
    }
  /** What changed in the range up to the number is missing. */
  | { readonly kind: 'lost'; readonly range: Arc; readonly through: number }
  /** From here on no change of anything that is watched is missed. */
  | { readonly kind: 'begun' };

export interface ChangeWatchConfig {
  readonly from: readonly CursorPart[];
  /** Ranges of which changes were missed before. */
  readonly missing?: readonly Arc[];
  /** Addresses that the application has named. */
  readonly nodes: readonly string[];
  readonly positionOf: (key: Bytes) => Position;
  /** The right ones, but where a simulator leaves one out. */
  readonly rules?: ClientRules;
}

interface Stream {
  readonly address: string;
  /** The start of the arc that was asked for. */
  readonly arc: Position;
  ranges: readonly Arc[];
  heardAtMs: number;
  accepted: boolean;
}

interface Trouble {
  failures: number;
  retryAtMs: number;
}

export class ChangeWatch {
  private readonly cursor: Cursor;
  private readonly rules: ClientRules;
  private readonly streams = new Map<number, Stream>();
  /** Of arcs by their starts. */
  private readonly troubles = new Map<Position, Trouble>();
  /** Of these changes were lost, and they do not go on yet. */
  private missing: Arc[];
  private view = new RingView(NO_RING);
  private effects: ChangeWatchEffect[] = [];
  private last = 0;
  private begun = false;
  private paused = false;
  private dueAtMs = Infinity;

  constructor(
    private readonly config: ChangeWatchConfig,
    private readonly random: Random,
  ) {
    this.cursor = new Cursor(config.from);
    this.missing = [...(config.missing ?? [])];
    this.rules = config.rules ?? CLIENT_RULES;
  }

  // ---- inputs ----

  ringLearned(ring: Ring): void {
    if (ring.version <= this.view.version) return;
    this.view = new RingView(ring);
    for (const trouble of this.troubles.values()) trouble.retryAtMs = 0;
  }

  told(number: number, { range, through, changes, ended }: WatchNews, nowMs: number): void {
    const stream = this.streams.get(number);
    if (stream === undefined) return;
    stream.heardAtMs = nowMs;
    if (ended === undefined) {
      if (!stream.accepted) this.troubles.delete(stream.arc);
      stream.accepted = true;
    }
    if (ended === undefined || (ended === 'moved' && through > 0))
      this.learn(stream, range, through, changes);
    if (ended !== undefined) return this.rangeEnded(number, stream, range, ended === 'lost');
    this.checkBegun();
  }

  private learn(stream: Stream, range: Arc, through: number, changes: readonly ToldChange[]): void {
    for (const own of stream.ranges) {
      for (const part of arcInside(range, own)) {
        const ofPart = arcCovers(own, range) ? changes : this.of(part, changes);
        this.tellMissing(part, (ofPart[0]?.version ?? through + 1) - 1);
        this.effects.push({ kind: 'changes', range: part, through, changes: this.news(part, ofPart) });
        this.cursor.advance(part, this.rules.notedThrough(through, ofPart.length));
      }
    }
  }

  streamEnded(number: number, nowMs: number): void {
    const stream = this.streams.get(number);
    if (stream === undefined) return;
    this.streams.delete(number);
    this.failed(stream, nowMs);
  }

  /** The application takes nothing at present, and nothing is read: nobody is silent then. */
  pause(paused: boolean, nowMs: number): void {
    this.paused = paused;
    this.excuseAll(nowMs);
  }

  /** Opens what is to be opened, and leaves who is silent. */
  flush(nowMs: number): void {
    // This process itself stood still: what others said meanwhile has not been read yet.
    if (nowMs - this.dueAtMs > LATE_MS_MAX) this.excuseAll(nowMs);
    this.leaveSilent(nowMs);
    if (this.view.version === 0) return;
    this.openWhatIsFree(nowMs);
    this.endTroubles(nowMs);
  }

  close(): void {
    for (const number of this.streams.keys()) this.effects.push({ kind: 'close', stream: number });
    this.streams.clear();
  }

  /** When it wants the next flush, if nothing comes in before. */
  nextFlushAtMs(): number {
    let next = Infinity;
    if (!this.paused)
      for (const { heardAtMs } of this.streams.values()) next = Math.min(next, heardAtMs + CHANGES_SILENT_MS);
    for (const { retryAtMs } of this.troubles.values()) if (retryAtMs > 0) next = Math.min(next, retryAtMs);
    this.dueAtMs = next;
    return next;
  }

  /** The effects since the last call, in order. */
  take(): readonly ChangeWatchEffect[] {
    const { effects } = this;
    this.effects = [];
    return effects;
  }

  // ---- what is told ----

  private rangeEnded(number: number, stream: Stream, range: Arc, lost: boolean): void {
    const ended = stream.ranges.flatMap((own) => arcInside(own, range));
    stream.ranges = stream.ranges.flatMap((own) => arcOutside(own, range));
    if (lost) {
      for (const part of ended) {
        this.cursor.reset(part, undefined);
        this.missing = [...without(this.missing, part), part];
      }
    }
    if (stream.ranges.length > 0) return;
    this.streams.delete(number);
    this.effects.push({ kind: 'close', stream: number });
  }

  /** The range goes on from that number: what was lost of it before is said now. */
  private tellMissing(range: Arc, through: number): void {
    if (this.missing.length === 0) return;
    const { missing } = this;
    this.missing = missing.flatMap((lost) => arcOutside(lost, range));
    for (const part of missing.flatMap((lost) => arcInside(lost, range)))
      this.effects.push({ kind: 'lost', range: part, through });
  }

  /** Without what has been told before. */
  private news(range: Arc, changes: readonly ToldChange[]): readonly ToldChange[] {
    const first = changes[0]?.version;
    if (first === undefined) return changes;
    const parts = this.cursor.within(range);
    if (parts.every(({ seq = 0 }) => seq < first)) return changes;
    return changes.filter(({ key, version }) => {
      const at = this.config.positionOf(key);
      const part = parts.find((each) => arcContains(each.range, at));
      return part !== undefined && version > (part.seq ?? 0);
    });
  }

  private of(range: Arc, changes: readonly ToldChange[]): readonly ToldChange[] {
    return changes.filter(({ key }) => arcContains(range, this.config.positionOf(key)));
  }

  private checkBegun(): void {
    if (this.begun || this.cursor.parts.some(({ seq }) => seq === undefined)) return;
    this.begun = true;
    this.effects.push({ kind: 'begun' });
  }

  // ---- whom it asks ----

  private excuseAll(nowMs: number): void {
    for (const stream of this.streams.values()) stream.heardAtMs = nowMs;
  }

  private leaveSilent(nowMs: number): void {
    if (this.paused) return;
    for (const [number, stream] of [...this.streams]) {
      if (nowMs < stream.heardAtMs + CHANGES_SILENT_MS) continue;
      this.effects.push({ kind: 'close', stream: number });
      this.streams.delete(number);
      this.failed(stream, nowMs);
    }
  }

  private failed({ arc }: Stream, nowMs: number): void {
    const failures = (this.troubles.get(arc)?.failures ?? 0) + 1;
    const pause = pauseMs(CHANGES_PAUSE_MS, failures, this.random);
    this.troubles.set(arc, { failures, retryAtMs: nowMs + pause });
  }

  private openWhatIsFree(nowMs: number): void {
    const free = this.free();
    if (free.length === 0) return;
    for (const { start } of this.arcsOf(free)) {
      const trouble = this.troubles.get(start);
      if (trouble !== undefined && trouble.retryAtMs > nowMs) continue;
      const arc = this.view.arcAt(start) as Arc;
      const ranges = free
        .flatMap((range) => arcInside(range, arc))
        .flatMap((part) => this.cursor.within(part));
      const { address, direct } = this.target(start, trouble?.failures ?? 0);
      const stream = ++this.last;
      const held = joined(ranges.map(({ range }) => ({ range, seq: 0 }))).map(({ range }) => range);
      this.streams.set(stream, { address, arc: start, ranges: held, heardAtMs: nowMs, accepted: false });
      const from = ranges.map(({ range, seq }) => ({ range, seq: this.rules.goesOnFrom(seq) }));
      this.effects.push({ kind: 'open', stream, address, ranges: from, direct });
    }
  }

  /** What was to be tried by now is, or is no more. */
  private endTroubles(nowMs: number): void {
    for (const [start, trouble] of this.troubles) {
      if (this.view.arcAt(start) === undefined) this.troubles.delete(start);
      else if (trouble.retryAtMs <= nowMs) trouble.retryAtMs = 0;
    }
  }

  /** The owner; where it has failed, in turn another node that passes on what it tells. */
  private target(start: Position, failures: number): { address: string; direct: boolean } {
    const arc = this.view.arcAt(start);
    const owner = arc && this.view.member(arc.primary)?.addr;
    const members = this.view.ring.members.filter(({ state }) => state !== 'dead').map(({ addr }) => addr);
    const others = [...new Set([...this.config.nodes, ...members])].filter((address) => address !== owner);
    const goesRound = failures % 2 === 1 || owner === undefined;
    if (goesRound && others.length > 0)
      return { address: others[this.random.below(others.length)] as string, direct: false };
    return { address: owner ?? (this.config.nodes[0] as string), direct: owner !== undefined };
  }

  /** What is watched and asked of nobody. */
  private free(): readonly Arc[] {
    let free: readonly Arc[] = this.cursor.parts.map(({ range }) => range);
    for (const { ranges } of this.streams.values()) for (const held of ranges) free = without(free, held);
    return free;
  }

  private arcsOf(ranges: readonly Arc[]): Iterable<Arc> {
    return new Set(ranges.flatMap((range) => this.view.arcsWithin(range)));
  }
}

function without(ranges: readonly Arc[], range: Arc): readonly Arc[] {
  return ranges.flatMap((each) => arcOutside(each, range));
}
