/**
 * What a new ring means for the copies on disk: divide them, join them, erase what nobody needs.
 *
 * A member that learns of a split or merge while the new configuration names it first applies its whole
 * window (the primary's was empty, so all of it is committed) and then divides or joins its state.
 * A copy is erased here only when the newest configurations known do not name this node and have a term
 * later than the last in which it was live; anything else is erased on order (following.ts).
 */

import {
  arcContains,
  arcCovers,
  arcsEqual,
  arcsOverlap,
  invariant,
  type Arc,
  type ArcConfig,
  type Position,
} from '@ringkeep/shared';
import type { NodeContext } from './context';
import type { Replica } from './replica-store';

/** Divides and joins the copies of arcs whose boundaries have changed. */
export function fitCopies(context: NodeContext): void {
  for (const copy of context.replicas.all()) splitCopy(context, copy);
  for (const arc of context.view.ring.arcs) {
    if (arc.inSync.includes(context.self)) mergeCopies(context, arc);
  }
}

function splitCopy(context: NodeContext, copy: Replica): void {
  if (!copy.complete) return;
  const arcs = context.view.arcsWithin(copy.range);
  const boundaries = arcs
    .map((arc) => arc.start)
    .filter((at) => at !== copy.start && arcContains(copy.range, at));
  const named = arcs.filter((arc) => arc.inSync.includes(context.self) && arcCovers(copy.range, arc));
  if (boundaries.length === 0 || named.length === 0) return;
  if (context.rules.windowAppliedAtSplit) applyWindow(context, copy);
  else context.journal.write({ kind: 'truncate', start: copy.start, lastPrepared: copy.committed });
  for (const arc of named)
    invariant(
      !context.rules.windowAppliedAtSplit || copy.lastPrepared === arc.seq,
      'a member has all of the arc when it is split',
    );
  let start: Position = copy.start;
  for (const at of boundaries) {
    context.journal.write({ kind: 'split', start, at });
    start = at;
  }
}

function mergeCopies(context: NodeContext, arc: ArcConfig): void {
  const pieces = piecesOf(context, arc);
  if (!pieces) return;
  for (const piece of pieces) applyWindow(context, piece);
  for (const piece of pieces.slice(1)) {
    context.journal.write({ kind: 'merge', start: arc.start, nextStart: piece.start });
  }
  const merged = context.replicas.get(arc.start);
  invariant(merged?.lastPrepared === arc.seq, 'a member has all of both arcs when they are merged');
}

/** The complete copies, two or more, that make up an arc; undefined when they do not. */
function piecesOf(context: NodeContext, arc: Arc): Replica[] | undefined {
  const pieces: Replica[] = [];
  let at = arc.start;
  for (;;) {
    const piece = context.replicas.get(at);
    if (!piece?.complete || !arcCovers(arc, piece.range)) return undefined;
    pieces.push(piece);
    if (arcsEqual(piece.range, arc)) return undefined;
    at = piece.range.end;
    if (at === arc.end) return pieces.length > 1 ? pieces : undefined;
  }
}

function applyWindow(context: NodeContext, copy: Replica): void {
  if (copy.window.length === 0) return;
  context.journal.write({ kind: 'commit', start: copy.start, seq: copy.lastPrepared });
}

/**
 * Erases copies that are of no use: outside of the ranges to keep, and nobody can need them any more. A copy of
 * another range that overlaps one to keep saves a part of its transfer.
 */
export function eraseUseless(context: NodeContext, keep: readonly Arc[]): void {
  for (const copy of context.replicas.all()) {
    if (keep.some((range) => arcsOverlap(range, copy.range))) continue;
    if (!mayErase(context, copy)) continue;
    context.journal.write({ kind: 'forget', start: copy.start });
    context.report({ kind: 'erased', range: copy.range });
  }
}

export function mayErase(context: NodeContext, copy: Replica): boolean {
  return context.view
    .arcsWithin(copy.range)
    .every(
      (arc) =>
        !arc.inSync.includes(context.self) && (arc.term > copy.liveTerm || !context.rules.erasedOnOrderOnly),
    );
}
