/**
 * The watches under way in a process, and whom each is for. Those that are passed on to another node count, too: they
 * cost this one a stream to each side.
 *
 * What a watcher has taken is reported to the core in larger amounts than messages: a step for each would be too many
 * where a thousand watchers are told of one write.
 */

import type { Arc, ErrorCode, Member, Seq } from '@ringkeep/shared';
import type { NodeEffect } from '../core/effects';
import type { NodeInput, WatchInput } from '../core/inputs';
import { WATCH_OUTSTANDING_BYTES_MAX } from '../core/limits';
import type { Change } from '../core/replica/change-history';
import { tooManyWatches } from '../core/watches/watches';

/** Taken bytes that need not be reported yet: less than a watch may have on its way, or it would wait for ever. */
const TAKEN_UNREPORTED_BYTES = WATCH_OUTSTANDING_BYTES_MAX / 4;

/** Whoever watches. */
export interface WatchSink {
  /** Calls `taken` when it has passed that on. */
  told(range: Arc, through: Seq, changes: readonly Change[], taken: () => void): void;
  rangeEnded(range: Arc, through: Seq, because: 'moved' | 'lost'): void;
  /** Nothing follows. */
  ended(refusal: { readonly code: ErrorCode; readonly text: string } | undefined): void;
  /** It is another node's: nothing follows from here. Calls `over` when it is not passed on any more. */
  elsewhere(owner: Member, over: () => void): void;
}

type WatchEffectKind = 'watch-told' | 'watch-range-ended' | 'watch-ended' | 'forward-watch';
export type WatchEffect = Extract<NodeEffect, { kind: WatchEffectKind }>;

interface Open {
  readonly sink: WatchSink;
  takenBytes: number;
}

export class OpenWatches {
  private readonly watches = new Map<number, Open>();
  private passedOn = 0;
  private last = 0;

  /** @param watchesMax those that are served and those that are passed on */
  constructor(
    private readonly post: (input: NodeInput) => void,
    private readonly watchesMax: number,
  ) {}

  /** @returns the number by which it is closed; one too many is told so at once */
  open(asked: Pick<WatchInput, 'filter' | 'ranges' | 'direct'>, sink: WatchSink): number {
    const watch = ++this.last;
    if (this.watches.size + this.passedOn >= this.watchesMax) {
      sink.ended(tooManyWatches(this.watchesMax));
      return watch;
    }
    this.watches.set(watch, { sink, takenBytes: 0 });
    this.post({ kind: 'watch', watch, ...asked });
    return watch;
  }

  close(watch: number): void {
    if (this.watches.delete(watch)) this.post({ kind: 'close-watch', watch });
  }

  perform(effect: WatchEffect): void {
    const { watch } = effect;
    const open = this.watches.get(watch);
    if (open === undefined) return;
    const { sink } = open;
    switch (effect.kind) {
      case 'watch-told': {
        const { range, through, changes, bytes } = effect;
        return sink.told(range, through, changes, () => this.taken(watch, bytes));
      }
      case 'watch-range-ended':
        return sink.rangeEnded(effect.range, effect.through, effect.because);
      case 'watch-ended':
        this.watches.delete(watch);
        return sink.ended(effect.refusal);
      case 'forward-watch':
        this.watches.delete(watch);
        return sink.elsewhere(effect.to, this.passing());
    }
  }

  /** The node stops. */
  endAll(): void {
    const watches = [...this.watches.values()];
    this.watches.clear();
    for (const { sink } of watches) sink.ended({ code: 'UNAVAILABLE', text: 'the node is stopping' });
  }

  /** @returns what is called when it is over, once or more often */
  private passing(): () => void {
    let isOver = false;
    this.passedOn++;
    return () => {
      if (!isOver) this.passedOn--;
      isOver = true;
    };
  }

  private taken(watch: number, bytes: number): void {
    const open = this.watches.get(watch);
    if (open === undefined) return;
    open.takenBytes += bytes;
    if (open.takenBytes < TAKEN_UNREPORTED_BYTES) return;
    this.post({ kind: 'watch-taken', watch, bytes: open.takenBytes });
    open.takenBytes = 0;
  }
}
