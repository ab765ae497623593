/**
 * The history of an arc's log: in which term each operation got its number.
 *
 * (term, number) names an operation and everything before it, because a term has one primary, which began with one log.
 * Numbers alone name nothing: the number of a discarded operation is used again. So two logs are compared by their
 * histories (log-comparison.ts), and a node whose disk is old is found out.
 *
 * A split leaves the whole history to both halves. A merge keeps both histories as pieces with their ranges, because
 * the two logs were numbered independently. The numbers after it are common to all pieces.
 *
 * The size of a history is bounded. One that was cut off says from where on it is known. Logs that would have to be
 * compared before that point cannot be compared, so both are kept and the case is reported. A member's log ends at most
 * a few terms back, so this takes a copy that was away for HISTORY_RUNS_MAX terms with operations.
 */

import { arcInside, arcsEqual, type Arc } from './arc';
import type { Seq, Term } from './ring';

/** Operations from before histories were kept: compared by their numbers alone. */
export const UNKNOWN_TERM: Term = 0;
/** Terms that gave out operations, kept of one log, or of one piece of it. */
export const HISTORY_RUNS_MAX = 256;
/** Pieces with different histories, kept of one log. */
export const HISTORY_PIECES_MAX = 64;

/** Operations from `first` on got their numbers in `term`, up to where the next one begins. */
export interface TermStart {
  readonly term: Term;
  readonly first: Seq;
}

/** The same with its end: after it a piece may lack numbers. */
export interface TermRun extends TermStart {
  readonly last: Seq;
}

/** What a part of an arc had before the last merge. */
export interface LogPiece {
  readonly range: Arc;
  /** Nothing is known of what came before. */
  readonly from: Seq;
  readonly runs: readonly TermRun[];
  /** Up to here it was known as committed when it was merged; what followed was only prepared. */
  readonly committed: Seq;
}

export interface LogHistory {
  /** Nothing is known of what came before; of no account where there are pieces. */
  readonly from: Seq;
  /** None in a log that was never merged. */
  readonly pieces: readonly LogPiece[];
  /** Since the last merge. */
  readonly starts: readonly TermStart[];
}

/** A copy's log, as the one who has it describes it. */
export interface LogExtent {
  readonly range: Arc;
  readonly committed: Seq;
  readonly lastPrepared: Seq;
  readonly history: LogHistory;
}

export const NO_HISTORY: LogHistory = { from: 1, pieces: [], starts: [] };

/** Of a log that was written before histories were kept. */
export function unknownHistory(lastPrepared: Seq): LogHistory {
  return lastPrepared === 0 ? NO_HISTORY : { ...NO_HISTORY, starts: [{ term: UNKNOWN_TERM, first: 1 }] };
}

/** Operations from `first` on got their numbers in the term; the same object when that is known already. */
export function appendTerm(history: LogHistory, term: Term, first: Seq): LogHistory {
  const { pieces, starts } = history;
  if (starts.at(-1)?.term === term) return history;
  const all = [...starts, { term, first }];
  if (all.length <= HISTORY_RUNS_MAX) return { ...history, starts: all };
  const kept = all.slice(-HISTORY_RUNS_MAX);
  const from = (kept[0] as TermStart).first;
  return { from, pieces: pieces.length > 0 ? [] : pieces, starts: kept };
}

/** The terms in which the operations from `first` to `last` got their numbers, none of them before a merge. */
export function termsBetween({ starts }: LogHistory, first: Seq, last: Seq): TermStart[] {
  if (first > last) return [];
  const before = starts.findLast((start) => start.first <= first)?.term ?? UNKNOWN_TERM;
  return [{ term: before, first }, ...starts.filter((start) => start.first > first && start.first <= last)];
}

/** What is left of a history when operations after `last` are discarded. */
export function truncateHistory(history: LogHistory, last: Seq): LogHistory {
  const starts = history.starts.filter(({ first }) => first <= last);
  return starts.length === history.starts.length ? history : { ...history, starts };
}

/** The history of a part of the range: what each half of a split inherits. */
export function historyWithin(history: LogHistory, range: Arc): LogHistory {
  if (history.pieces.length === 0) return history;
  const pieces = history.pieces.flatMap((piece) =>
    arcInside(piece.range, range).map((part) => ({ ...piece, range: part })),
  );
  return { ...history, pieces: joinAlike(pieces) };
}

/** A merge of two logs that are next to each other; the next operation is `next`. */
export function mergeHistories(lower: LogExtent, upper: LogExtent, next: Seq): LogHistory {
  const pieces = joinAlike([...piecesOf(lower), ...piecesOf(upper)]);
  if (pieces.length > HISTORY_PIECES_MAX) return { from: next, pieces: [], starts: [] };
  return { from: 1, pieces, starts: [] };
}

/** A log as pieces that are complete in themselves, however often it was merged. */
export function piecesOf({ range, committed, lastPrepared, history }: LogExtent): LogPiece[] {
  const { from, pieces, starts } = history;
  const tail = starts.map(({ term, first }, index): TermRun => {
    const next = starts[index + 1]?.first ?? lastPrepared + 1;
    return { term, first, last: next - 1 };
  });
  if (pieces.length === 0) return [{ range, from, runs: tail, committed }];
  const merged = tail[0]?.first ?? Infinity;
  return pieces.map((piece) => {
    const runs = [...piece.runs, ...tail];
    const kept = runs.slice(-HISTORY_RUNS_MAX);
    return {
      range: piece.range,
      from: kept.length === runs.length ? piece.from : (kept[0] as TermRun).first,
      runs: kept,
      committed: committed >= merged ? committed : piece.committed,
    };
  });
}

/**
 * Joins neighbouring pieces with the same history: an arc that was split and joined again has no more pieces than
 * before.
 */
function joinAlike(pieces: readonly LogPiece[]): LogPiece[] {
  const joined: LogPiece[] = [];
  for (const piece of pieces) {
    const before = joined.at(-1);
    if (before && before.range.end === piece.range.start && sameContent(before, piece)) {
      joined[joined.length - 1] = { ...before, range: { start: before.range.start, end: piece.range.end } };
    } else {
      joined.push(piece);
    }
  }
  return joined;
}

function sameContent(a: LogPiece, b: LogPiece): boolean {
  return a.from === b.from && a.committed === b.committed && sameRuns(a.runs, b.runs);
}

function sameRuns(a: readonly TermRun[], b: readonly TermRun[]): boolean {
  return (
    a.length === b.length &&
    a.every((run, index) => {
      const other = b[index];
      return run.term === other?.term && run.first === other.first && run.last === other.last;
    })
  );
}

/** The same statement in every respect. */
export function sameHistory(a: LogHistory, b: LogHistory): boolean {
  return (
    a.from === b.from &&
    a.pieces.length === b.pieces.length &&
    a.pieces.every((piece, index) => {
      const other = b.pieces[index];
      return other !== undefined && arcsEqual(piece.range, other.range) && sameContent(piece, other);
    }) &&
    a.starts.length === b.starts.length &&
    a.starts.every(({ term, first }, index) => {
      return term === b.starts[index]?.term && first === b.starts[index]?.first;
    })
  );
}

/** The term of the last operation; that of the latest piece when nothing was written since the last merge. */
export function lastTerm({ history: { pieces, starts } }: LogExtent): Term {
  const merged = pieces.map(({ runs }) => runs.at(-1)?.term ?? UNKNOWN_TERM);
  return starts.at(-1)?.term ?? Math.max(UNKNOWN_TERM, ...merged);
}

/** Why a log cannot be as it is described, or undefined. */
export function logFault({ committed, lastPrepared, history }: LogExtent): string | undefined {
  const { pieces, starts } = history;
  if (committed > lastPrepared) return 'more is committed than prepared';
  if (pieces.length > HISTORY_PIECES_MAX || starts.length > HISTORY_RUNS_MAX)
    return 'its history is too long';
  for (const { runs } of pieces) {
    if (runs.length > HISTORY_RUNS_MAX) return 'its history is too long';
    if (runs.some(({ first, last }, index) => first > last || first <= (runs[index - 1]?.last ?? 0)))
      return 'the terms of its history are out of order';
  }
  const merged = Math.max(0, ...pieces.map(({ runs }) => runs.at(-1)?.last ?? 0));
  const ordered = starts.every(({ first }, index) => first > (starts[index - 1]?.first ?? merged));
  if (!ordered || (starts.at(-1)?.first ?? 0) > lastPrepared)
    return 'the terms of its history are out of order';
  return undefined;
}
