/**
 * Compares two logs of one arc by their histories. Does one contain what the other knows as committed? Which one is
 * newer? Up to where are they the same?
 *
 * A merged log is compared piece by piece, wherever pieces of the two overlap. When a history was cut off, some
 * questions have no answer: the result is then 'unknown' or undefined, never a guess.
 */

import { arcsOverlap } from './arc';
import { piecesOf, UNKNOWN_TERM, type LogExtent, type LogPiece, type TermRun } from './log-history';
import type { Seq } from './ring';

export type Contained = 'yes' | 'no' | 'unknown';

/** Does `log` contain everything that `other` knows as committed, where both have a part of the ring? */
export function containsCommitted(log: LogExtent, other: LogExtent): Contained {
  const answers = pairs(log, other).map(([own, theirs]) => containsUpTo(own, theirs, theirs.committed));
  if (answers.includes('no')) return 'no';
  return answers.includes('unknown') ? 'unknown' : 'yes';
}

/**
 * Is `log` the newer one, by the term of the last operation and then by its number? 'both' when each is in
 * one of its pieces, 'unknown' when a history was cut off after its last operation.
 */
export function newness(log: LogExtent, other: LogExtent): 'newer' | 'older' | 'same' | 'both' | 'unknown' {
  let newer = false;
  let older = false;
  for (const [own, theirs] of pairs(log, other)) {
    if (!hasTip(own) || !hasTip(theirs)) return 'unknown';
    const order = compareTips(own, theirs);
    newer ||= order > 0;
    older ||= order < 0;
  }
  if (newer && older) return 'both';
  return newer ? 'newer' : older ? 'older' : 'same';
}

/** The last number up to which two logs of one range have the same operations. */
export function sharedUpTo(log: LogExtent, other: LogExtent): Seq | undefined {
  let shared = Math.min(log.lastPrepared, other.lastPrepared);
  for (const [own, theirs] of pairs(log, other)) {
    const same = sharedRuns(own, theirs);
    if (same === undefined) return undefined;
    // Numbers that neither has: they belong to other pieces.
    const next = Math.min(nextAfter(own, same, log), nextAfter(theirs, same, other));
    shared = Math.min(shared, Math.max(same, next - 1));
  }
  return shared;
}

/** The pieces of the two that have positions in common. */
function pairs(log: LogExtent, other: LogExtent): (readonly [LogPiece, LogPiece])[] {
  const theirs = piecesOf(other);
  return piecesOf(log).flatMap((piece) =>
    theirs.filter(({ range }) => arcsOverlap(range, piece.range)).map((each) => [piece, each] as const),
  );
}

function containsUpTo(own: LogPiece, theirs: LogPiece, seq: Seq): Contained {
  const run = theirs.runs.findLast(({ first }) => first <= seq);
  if (!run) {
    if (seq < 1 || theirs.from === 1) return 'yes';
    return lastOf(own) < seq && own.runs.length > 0 ? 'no' : 'unknown';
  }
  const last = Math.min(seq, run.last);
  if (lastOf(own) < last && (own.runs.length > 0 || own.from === 1)) return 'no';
  if (last < own.from) return 'unknown';
  const at = own.runs.find((each) => each.first <= last && last <= each.last);
  return at !== undefined && sameTerms(at, run) ? 'yes' : 'no';
}

function sameTerms(a: TermRun, b: TermRun): boolean {
  return a.term === b.term || a.term === UNKNOWN_TERM || b.term === UNKNOWN_TERM;
}

function lastOf(piece: LogPiece): Seq {
  return piece.runs.at(-1)?.last ?? 0;
}

/** It is known which operation was its last. */
function hasTip({ runs, from }: LogPiece): boolean {
  return runs.length > 0 || from === 1;
}

function compareTips(a: LogPiece, b: LogPiece): number {
  const byTerm = (a.runs.at(-1)?.term ?? UNKNOWN_TERM) - (b.runs.at(-1)?.term ?? UNKNOWN_TERM);
  return byTerm === 0 ? lastOf(a) - lastOf(b) : byTerm;
}

/** The last operation that two pieces have in common; 0 for none. */
function sharedRuns(a: LogPiece, b: LogPiece): Seq | undefined {
  let shared = 0;
  for (const run of a.runs) {
    for (const other of b.runs) {
      const last = Math.min(run.last, other.last);
      if (sameTerms(run, other) && last >= Math.max(run.first, other.first)) shared = Math.max(shared, last);
    }
  }
  return shared > 0 || (a.from === 1 && b.from === 1) ? shared : undefined;
}

/** The number of the first operation of a piece after another one, or the log's next number. */
function nextAfter(piece: LogPiece, seq: Seq, { lastPrepared }: LogExtent): Seq {
  for (const { first, last } of piece.runs) if (last > seq) return Math.max(first, seq + 1);
  return lastPrepared + 1;
}
