/**
 * What a new ring means for the copies on disk: split them, join them, and erase what nobody needs.
 *
 * A member that learns of a split while the new configuration names it keeps its window in both halves. At a merge it
 * applies the windows of both arcs: their primary's were empty, so everything in them is committed.
 */

import {
  arcContains,
  arcCovers,
  arcsEqual,
  arcsOverlap,
  type Arc,
  type ArcConfig,
  type Position,
  type Seq,
} from '@ringkeep/shared';
import type { DiskLog, Reports, RingKnowledge, RuleSettings, StoredCopies } from '../context';
import type { Replica } from './replica';

type CopiesContext = RingKnowledge & StoredCopies & DiskLog & Reports & RuleSettings;

/** Splits and joins the copies of arcs whose boundaries have changed. */
export function fitCopies(context: CopiesContext): void {
  if (context.parameters.keyIndex) context.replicas.entries.indexKeys();
  for (const copy of context.replicas.all()) splitCopy(context, copy);
  for (const arc of context.view.ring.arcs) {
    if (arc.inSync.includes(context.self)) mergeCopies(context, arc);
  }
}

function splitCopy(context: CopiesContext, copy: Replica): void {
  if (!copy.complete) return;
  const arcs = context.view.arcsWithin(copy.range);
  const boundaries = arcs
    .map((arc) => arc.start)
    .filter((at) => at !== copy.start && arcContains(copy.range, at));
  const named = arcs.filter((arc) => arc.inSync.includes(context.self) && arcCovers(copy.range, arc));
  if (boundaries.length === 0 || named.length === 0) return;
  if (!context.rules.isWindowKeptAtSplit())
    context.journal.write({ kind: 'truncate', start: copy.start, lastPrepared: copy.committed });
  else for (const arc of named) checkAge(context, arc, copy.lastPrepared);
  let start: Position = copy.start;
  for (const at of boundaries) {
    context.journal.write({ kind: 'split', start, at });
    start = at;
  }
}

function mergeCopies(context: CopiesContext, arc: ArcConfig): void {
  const pieces = piecesOf(context, arc);
  if (!pieces) return;
  for (const piece of pieces.slice(1)) {
    context.journal.write({ kind: 'merge', start: arc.start, nextStart: piece.start });
  }
  checkAge(context, arc, context.replicas.get(arc.start)?.lastPrepared ?? 0);
}

/** The complete copies, two or more, that make up an arc; undefined when they do not. */
function piecesOf(context: CopiesContext, arc: Arc): Replica[] | undefined {
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

/** A member has all of an arc that is split or joined, unless its disk is older than the ring says. */
function checkAge(context: CopiesContext, arc: ArcConfig, lastPrepared: Seq): void {
  if (lastPrepared === arc.seq) return;
  const text = `it ends at ${lastPrepared}, the arc was at ${arc.seq} when it was last divided, joined or handed over`;
  context.report({ kind: 'old-copy', range: arc, node: context.self, text });
}

/**
 * Erases what counts as nothing and nobody needs: incomplete copies outside of the ranges to keep. One that overlaps a
 * range to keep saves a part of its transfer. A whole copy is never erased here: it may be better than what its primary
 * has, and only the primary can tell (following.ts).
 */
export function eraseUseless(context: CopiesContext, keep: readonly Arc[]): void {
  for (const copy of context.replicas.all()) {
    if (keep.some((range) => arcsOverlap(range, copy.range))) continue;
    if (!mayErase(context, copy)) continue;
    context.journal.write({ kind: 'forget', start: copy.start });
    context.report({ kind: 'erased', range: copy.range });
  }
}

export function mayErase({ rules, view, self }: RingKnowledge & RuleSettings, copy: Replica): boolean {
  if (rules.isErasedOnOrderOnly(copy.complete)) return false;
  return view
    .arcsWithin(copy.range)
    .every((arc) => !arc.inSync.includes(self) && rules.isNeededNoMore(copy.liveTerm, arc.term));
}
