/**
 * The watches that this node serves, and by whom of it: by the role of the arc that their first range lies in. One whose
 * arc is another node's goes on there, or is told so. While no ring is known, or the role is not there yet, it waits for
 * the next ring.
 */

import type { Position } from '@ringkeep/shared';
import type { Outbox, RingKnowledge, StepTime } from '../context';
import type { WatchInput } from '../inputs';
import type { ArcFeed } from './arc-feed';
import { Watch } from './watch';

type WatchesContext = StepTime & RingKnowledge & Outbox;

/** Of the arc that starts there, while this node is its primary. */
type FeedAt = (start: Position) => ArcFeed | undefined;

interface Refusal {
  readonly code: 'RESOURCE_EXHAUSTED' | 'UNAVAILABLE' | 'NOT_OWNER';
  readonly text: string;
}

interface Placed {
  readonly watch: Watch;
  feed: ArcFeed | undefined;
}

export class Watches {
  private readonly placed = new Map<number, Placed>();
  /** Of roles that have ended, with watchers that are not told everything yet. */
  private ended: ArcFeed[] = [];

  constructor(
    private readonly context: WatchesContext,
    private readonly feedAt: FeedAt,
    private readonly watchesMax: number,
  ) {}

  tableSizes(): Readonly<Record<string, number>> {
    return { watches: this.placed.size, endedFeeds: this.ended.length };
  }

  get count(): number {
    return this.placed.size;
  }

  open({ watch: number, filter, ranges, direct }: WatchInput): void {
    if (this.placed.size >= this.watchesMax) return this.endOf(number, tooManyWatches(this.watchesMax));
    const placed: Placed = { watch: new Watch(number, filter, ranges, direct), feed: undefined };
    this.placed.set(number, placed);
    this.place(placed);
  }

  taken(number: number, bytes: number): void {
    this.placed.get(number)?.watch.taken(bytes);
  }

  close(number: number): void {
    const placed = this.placed.get(number);
    if (placed === undefined) return;
    this.placed.delete(number);
    placed.watch.closed = true;
    placed.feed?.remove(placed.watch);
  }

  /** The last effect of a watch has been emitted. */
  forget(number: number): void {
    this.placed.delete(number);
  }

  /** A role has ended; its watchers are told the rest. */
  roleEnded(feed: ArcFeed): void {
    feed.roleEnded();
    if (!feed.isIdle) this.ended.push(feed);
  }

  ringAdopted(): void {
    for (const placed of this.placed.values()) if (placed.feed === undefined) this.place(placed);
  }

  /** End of a step. */
  flush(): void {
    if (this.ended.length === 0) return;
    for (const feed of this.ended) feed.flush();
    this.ended = this.ended.filter((feed) => !feed.isIdle);
  }

  private place(placed: Placed): void {
    const { watch } = placed;
    const { view, self } = this.context;
    const [first] = watch.wanted;
    const arc = first && view.arcOfPosition(first.range.start);
    if (arc === undefined) return;
    if (arc.primary === self) {
      placed.feed = this.feedAt(arc.start);
      return placed.feed?.add(watch);
    }
    const owner = view.member(arc.primary);
    if (owner === undefined || owner.state === 'dead')
      return this.endOf(watch.number, {
        code: 'UNAVAILABLE',
        text: 'the owner of what is watched is down and no other node has a current copy',
      });
    if (watch.direct)
      return this.endOf(watch.number, {
        code: 'NOT_OWNER',
        text: `not the owner of what is watched at ring version ${view.version}`,
      });
    this.placed.delete(watch.number);
    this.context.emit({ kind: 'forward-watch', watch: watch.number, to: owner });
  }

  private endOf(watch: number, refusal: Refusal): void {
    this.context.emit({ kind: 'watch-ended', watch, refusal });
  }
}

/** What whoever wants one more is told. */
export function tooManyWatches(watchesMax: number): Refusal {
  return {
    code: 'RESOURCE_EXHAUSTED',
    text: `this node serves ${watchesMax} watches already (--watches-max)`,
  };
}
