/**
 * Histories of logs against naive logs that keep every operation: random takeovers, discards, splits and
 * merges, and then every two copies compared.
 */

import fc from 'fast-check';
import {
  advance,
  appendTerm,
  arcInside,
  containsCommitted,
  HISTORY_PIECES_MAX,
  HISTORY_RUNS_MAX,
  historyWithin,
  mergeHistories,
  newness,
  NO_HISTORY,
  position,
  sameHistory,
  sharedUpTo,
  truncateHistory,
  unknownHistory,
  type Arc,
  type LogExtent,
} from '../../src/ring';

const ATOMS = 4;
const QUARTER = 2n ** 62n;

/** An operation: no two are equal but the copies of one. */
interface Op {
  readonly term: number;
  readonly seq: number;
}

/** What a copy has of one quarter of the ring. */
interface Atom {
  readonly ops: readonly Op[];
  /** Up to here it knows what is committed. */
  readonly committed: number;
}

/** A copy of `atoms.length` quarters from `first` on, with its log as it is and as its history tells it. */
interface Copy {
  readonly first: number;
  readonly atoms: readonly Atom[];
  readonly log: LogExtent;
}

const boundary = (index: number): bigint => (BigInt(index % ATOMS) * QUARTER + 5n) % 2n ** 64n;
const rangeOf = (first: number, count: number): Arc => ({
  start: position(boundary(first)),
  end: position(boundary(first + count)),
});

class World {
  readonly copies: Copy[] = [];
  private term = 0;

  constructor() {
    const log = { range: rangeOf(0, ATOMS), committed: 0, lastPrepared: 0, history: NO_HISTORY };
    this.copies.push({
      first: 0,
      atoms: Array.from({ length: ATOMS }, () => ({ ops: [], committed: 0 })),
      log,
    });
  }

  pick(index: number): Copy {
    return this.copies[index % this.copies.length] as Copy;
  }

  /** A new primary with the log of a copy: it discards some of the window, and gives out numbers. */
  write(base: Copy, discard: number, count: number, commit: number): void {
    const term = ++this.term;
    const last = Math.max(base.log.committed, base.log.lastPrepared - discard);
    const kept = (atom: Atom): Atom => ({ ...atom, ops: atom.ops.filter(({ seq }) => seq <= last) });
    let { atoms, log } = base;
    atoms = atoms.map(kept);
    log = { ...log, lastPrepared: last, history: truncateHistory(log.history, last) };
    for (let i = 1; i <= count; i++) {
      const seq = last + i;
      const op = { term, seq };
      const committed = Math.max(log.committed, seq - (commit % (count + 1)));
      log = { ...log, lastPrepared: seq, committed, history: appendTerm(log.history, term, seq) };
      const tail = log.history.starts[0]?.first as number;
      const inTail = log.history.pieces.length === 0 || committed >= tail;
      atoms = atoms.map(({ ops, committed: before }) => ({
        ops: [...ops, op],
        committed: inTail ? committed : before,
      }));
      this.copies.push({ ...base, atoms, log });
    }
  }

  split(copy: Copy, at: number): void {
    const count = 1 + (at % copy.atoms.length);
    if (count === copy.atoms.length) return;
    const part = (first: number, atoms: readonly Atom[]): Copy => {
      const range = rangeOf(first, atoms.length);
      return { first, atoms, log: { ...copy.log, range, history: historyWithin(copy.log.history, range) } };
    };
    this.copies.push(part(copy.first, copy.atoms.slice(0, count)));
    this.copies.push(part(copy.first + count, copy.atoms.slice(count)));
  }

  merge(lower: Copy, from: number): void {
    const fits = this.copies.filter(
      (each) =>
        each.first % ATOMS === (lower.first + lower.atoms.length) % ATOMS &&
        each.atoms.length + lower.atoms.length <= ATOMS,
    );
    const upper = fits[from % Math.max(1, fits.length)];
    if (!upper) return;
    const last = Math.max(lower.log.lastPrepared, upper.log.lastPrepared);
    const atoms = [...lower.atoms, ...upper.atoms];
    const history = mergeHistories(lower.log, upper.log, last + 1);
    const range = rangeOf(lower.first, atoms.length);
    this.copies.push({
      first: lower.first,
      atoms,
      log: { range, committed: last, lastPrepared: last, history },
    });
  }
}

const steps = fc.array(
  fc.tuple(
    fc.constantFrom('write', 'write', 'split', 'merge'),
    fc.array(fc.nat(40), { minLength: 4, maxLength: 4 }),
  ),
  {
    maxLength: 14,
  },
);

function worldOf(todo: readonly (readonly [string, number[]])[]): World {
  const world = new World();
  for (const [what, [a = 0, b = 0, c = 0, d = 0]] of todo) {
    if (what === 'write') world.write(world.pick(a), b % 4, 1 + (c % 3), d % 4);
    else if (what === 'split') world.split(world.pick(a), b);
    else world.merge(world.pick(a), b);
  }
  return world;
}

/** The atoms that two copies both have. */
function common(a: Copy, b: Copy): (readonly [Atom, Atom])[] {
  return a.atoms.flatMap((atom, index) => {
    const other = b.atoms.findIndex((_, at) => (b.first + at) % ATOMS === (a.first + index) % ATOMS);
    return other === -1 ? [] : [[atom, b.atoms[other] as Atom] as const];
  });
}

const sameOp = (a: Op | undefined, b: Op | undefined): boolean => a?.seq === b?.seq && a?.term === b?.term;

function naiveContains(a: Copy, b: Copy): boolean {
  return common(a, b).every(([own, theirs]) =>
    theirs.ops.filter(({ seq }) => seq <= theirs.committed).every((op, index) => sameOp(op, own.ops[index])),
  );
}

function naiveNewness(a: Copy, b: Copy): string {
  const orders = common(a, b).map(([own, theirs]) => {
    const x = own.ops.at(-1) ?? { term: 0, seq: 0 };
    const y = theirs.ops.at(-1) ?? { term: 0, seq: 0 };
    return x.term - y.term || x.seq - y.seq;
  });
  const newer = orders.some((order) => order > 0);
  const older = orders.some((order) => order < 0);
  return newer && older ? 'both' : newer ? 'newer' : older ? 'older' : 'same';
}

function naiveShared(a: Copy, b: Copy): number {
  for (let last = Math.min(a.log.lastPrepared, b.log.lastPrepared); ; last--) {
    const upTo = (atom: Atom): Op[] => atom.ops.filter(({ seq }) => seq <= last);
    const same = common(a, b).every(([own, theirs]) => {
      const [x, y] = [upTo(own), upTo(theirs)];
      return x.length === y.length && x.every((op, index) => sameOp(op, y[index]));
    });
    if (same || last === 0) return last;
  }
}

test('the part of an arc within another and the part outside make up the arc', () => {
  fc.assert(
    fc.property(fc.nat(7), fc.nat(7), fc.nat(7), fc.nat(7), fc.nat(7), (a, b, c, d, point) => {
      const arc = { start: position(BigInt(a)), end: position(BigInt(b)) };
      const other = { start: position(BigInt(c)), end: position(BigInt(d)) };
      const at = position(BigInt(point));
      const inArc = (one: Arc): boolean =>
        one.start < one.end ? at >= one.start && at < one.end : at >= one.start || at < one.end;
      expect(arcInside(arc, other).filter(inArc)).toHaveLength(inArc(arc) && inArc(other) ? 1 : 0);
    }),
  );
});

test('a log contains what another has committed just when its operations are there', () => {
  fc.assert(
    fc.property(steps, (todo) => {
      const { copies } = worldOf(todo);
      for (const a of copies)
        for (const b of copies)
          expect(containsCommitted(a.log, b.log)).toBe(naiveContains(a, b) ? 'yes' : 'no');
    }),
    { numRuns: 100 },
  );
});

test('the newer of two logs has the last operation of the later term, or more of the same term', () => {
  fc.assert(
    fc.property(steps, (todo) => {
      const { copies } = worldOf(todo);
      for (const a of copies) for (const b of copies) expect(newness(a.log, b.log)).toBe(naiveNewness(a, b));
    }),
    { numRuns: 100 },
  );
});

test('two logs of one range share what is the same in both from the beginning on', () => {
  fc.assert(
    fc.property(steps, (todo) => {
      const { copies } = worldOf(todo);
      for (const a of copies)
        for (const b of copies)
          if (a.first % ATOMS === b.first % ATOMS && a.atoms.length === b.atoms.length)
            expect(sharedUpTo(a.log, b.log)).toBe(naiveShared(a, b));
    }),
    { numRuns: 100 },
  );
});

/** A log of one range: the term of each operation. */
function logOf(terms: readonly number[], committed = 0): LogExtent {
  let history = NO_HISTORY;
  terms.forEach((term, index) => (history = appendTerm(history, term, index + 1)));
  return { range: rangeOf(0, ATOMS), committed, lastPrepared: terms.length, history };
}

describe('a history that is too long', () => {
  const terms = Array.from({ length: HISTORY_RUNS_MAX + 50 }, (_, index) => index + 1);
  const long = logOf(terms, terms.length);

  test('forgets its beginning, and says from where on it is known', () => {
    expect(long.history.starts).toHaveLength(HISTORY_RUNS_MAX);
    expect(long.history.from).toBe(51);
  });

  test('cannot be compared before that, and never says what it does not know', () => {
    for (const other of [logOf(terms.slice(0, 20), 20), logOf([...terms.slice(0, 19), 9_999], 20)]) {
      expect(containsCommitted(long, other)).toBe('unknown');
      expect(sharedUpTo(long, other)).toBeUndefined();
    }
    expect(containsCommitted(logOf(terms.slice(0, 20)), long)).toBe('no');
  });

  test('is compared as any other after that', () => {
    expect(containsCommitted(long, logOf(terms.slice(0, 60), 60))).toBe('yes');
    expect(sharedUpTo(long, logOf(terms.slice(0, 60), 60))).toBe(60);
    expect(newness(long, logOf(terms.slice(0, 60)))).toBe('newer');
  });

  test('of pieces is given up as a whole', () => {
    let merged = logOf([1], 1);
    const width = 2n ** 56n;
    merged = { ...merged, range: { start: position(0n), end: position(width) } };
    for (let index = 1; index <= HISTORY_PIECES_MAX; index++) {
      const start = position(BigInt(index) * width);
      const next = logOf(
        Array.from({ length: index + 1 }, () => 1),
        index + 1,
      );
      const upper = { ...next, range: { start, end: advance(start, width) } };
      const history = mergeHistories(merged, upper, index + 2);
      const range = { start: position(0n), end: upper.range.end };
      merged = { range, committed: index + 1, lastPrepared: index + 1, history };
    }
    expect(merged.history.pieces).toEqual([]);
    expect(merged.history.from).toBe(HISTORY_PIECES_MAX + 2);
    expect(newness(merged, logOf([5]))).toBe('unknown');
    expect(containsCommitted(merged, logOf([5], 1))).toBe('unknown');
  });
});

describe('a log from before histories were kept', () => {
  const old = (lastPrepared: number, committed: number): LogExtent => {
    return { ...logOf([]), lastPrepared, committed, history: unknownHistory(lastPrepared) };
  };

  test('is compared by numbers alone', () => {
    expect(containsCommitted(old(5, 3), old(3, 3))).toBe('yes');
    expect(containsCommitted(old(5, 3), old(7, 6))).toBe('no');
    expect(sharedUpTo(old(5, 3), old(7, 3))).toBe(5);
  });

  test('that has gone on since is newer than one that has not', () => {
    const base = old(5, 5);
    const gone = { ...base, lastPrepared: 8, history: appendTerm(base.history, 4, 6) };
    expect(newness(gone, old(7, 5))).toBe('newer');
    expect(containsCommitted(gone, old(7, 5))).toBe('yes');
    expect(sharedUpTo(gone, base)).toBe(5);
  });
});

test('an arc that was divided and joined again without a write between has the history that it had', () => {
  const whole = logOf([1, 1, 2], 3);
  const at = position(boundary(2));
  const halves = [
    { ...whole, range: { start: whole.range.start, end: at } },
    { ...whole, range: { start: at, end: whole.range.end } },
  ] as const;
  const joined = mergeHistories(halves[0], halves[1], 4);
  expect(joined.pieces).toHaveLength(1);
  const merged = { ...whole, history: joined };
  expect([containsCommitted(merged, whole), newness(merged, whole), sharedUpTo(merged, whole)]).toEqual([
    'yes',
    'same',
    3,
  ]);
  expect(sameHistory(joined, whole.history)).toBe(false);
  expect(sameHistory(joined, mergeHistories(halves[0], halves[1], 4))).toBe(true);
});
