/**
 * How far a watcher is: for each position of what it watches, the number up to which it has been told everything.
 *
 * At one position numbers are of one sequence whatever becomes of the arcs, so this is a function of the position,
 * constant on a few ranges, and needs no ring to be understood. Neighbours with one number are one range.
 */

import { position, type Arc, type Position } from '@ringkeep/shared';
import { arcInside, arcOutside, arcsOverlap } from '@ringkeep/shared/ring/arc';
import { RingError } from '@ringkeep/shared/ring/errors';
import { excerpt } from '@ringkeep/shared/ring/excerpt';
import { formatPosition, parsePosition } from '@ringkeep/shared/ring/position';

/** Undefined: nothing has been told yet, and it begins with what is committed from now on. */
export type Progress = number | undefined;

export interface CursorPart {
  readonly range: Arc;
  readonly seq: Progress;
}

export class Cursor {
  private kept: readonly CursorPart[];

  constructor(parts: readonly CursorPart[]) {
    this.kept = joined(parts);
  }

  /** In the order of the ranges given, clockwise within each. */
  get parts(): readonly CursorPart[] {
    return this.kept;
  }

  /** Those parts of a range that are watched, each with its number. */
  within(range: Arc): CursorPart[] {
    return this.kept.flatMap((part) =>
      arcInside(part.range, range).map((inside) => ({ range: inside, seq: part.seq })),
    );
  }

  /** Everything of a range up to a number has been told; numbers never fall. */
  advance(range: Arc, seq: number): void {
    const isAhead = ({ range: own, seq: known }: CursorPart): boolean =>
      arcsOverlap(own, range) && (known === undefined || known < seq);
    if (!this.kept.some(isAhead)) return;
    this.replace(range, (known) => (known === undefined || known < seq ? seq : known));
  }

  /** What was known of a range is void. */
  reset(range: Arc, seq: Progress): void {
    this.replace(range, () => seq);
  }

  copy(): Cursor {
    return new Cursor(this.kept);
  }

  /** As text, with the cluster whose numbers these are. */
  format(clusterId: string): string {
    const parts = this.kept.map(
      ({ range, seq }) => `${formatPosition(range.start)}-${formatPosition(range.end)}:${seq ?? ''}`,
    );
    return `${clusterId}/${parts.join(',')}`;
  }

  private replace(range: Arc, next: (known: Progress) => Progress): void {
    this.kept = joined(
      this.kept.flatMap((part) => {
        if (!arcsOverlap(part.range, range)) return [part];
        const inside = arcInside(part.range, range).map((each) => ({ range: each, seq: next(part.seq) }));
        const outside = arcOutside(part.range, range).map((each) => ({ range: each, seq: part.seq }));
        return clockwise(part.range, [...inside, ...outside]);
      }),
    );
  }
}

/** Reads what `format` wrote. Throws INVALID_ARGUMENT. */
export function parseCursor(text: string): { readonly clusterId: string; readonly parts: CursorPart[] } {
  const cut = text.lastIndexOf('/');
  try {
    if (cut < 0) throw new SyntaxError('it names no cluster');
    const parts = text
      .slice(cut + 1)
      .split(',')
      .map(parsePart);
    return { clusterId: text.slice(0, cut), parts };
  } catch (error) {
    throw new RingError(
      'INVALID_ARGUMENT',
      `not the cursor of a watch (${(error as Error).message}): ${excerpt(text)}`,
    );
  }
}

function parsePart(text: string): CursorPart {
  const found = /^([0-9a-f]{16})-([0-9a-f]{16}):([0-9]*)$/.exec(text);
  if (!found) throw new SyntaxError('it has a part that is not START-END:NUMBER');
  const [, start = '', end = '', seq] = found;
  const range = { start: position(parsePosition(start)), end: position(parsePosition(end)) };
  if (!Number.isSafeInteger(Number(seq))) throw new SyntaxError('it has a number that no node gives');
  return { range, seq: seq === '' ? undefined : Number(seq) };
}

function clockwise({ start }: Arc, parts: readonly CursorPart[]): CursorPart[] {
  const distance = (at: Position): bigint => BigInt.asUintN(64, at - start);
  return [...parts].sort((a, b) => (distance(a.range.start) < distance(b.range.start) ? -1 : 1));
}

/** Neighbours with one number are one range. */
export function joined(parts: readonly CursorPart[]): CursorPart[] {
  const all: CursorPart[] = [];
  for (const part of parts) {
    const before = all.at(-1);
    if (before === undefined || before.range.end !== part.range.start || before.seq !== part.seq)
      all.push(part);
    else all[all.length - 1] = { range: { start: before.range.start, end: part.range.end }, seq: part.seq };
  }
  return all;
}
