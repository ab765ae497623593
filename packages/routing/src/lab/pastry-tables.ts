/**
 * Routing tables for all nodes of a ring: row behind row in one array, each place with the nearest node that
 * fits.
 *
 * Nodes that share a prefix are neighbours by rank, so that the tables are filled group by group: for each
 * prefix and each next digit, every node of the group takes the nearest of those with that digit under the
 * proximity metric. Those are the tables that the paper's joins approximate. A node has one row more than
 * digits shared with the nodes beside it.
 */

import { BASE, DIGITS, digitOf, sharedDigits } from './lab-digits';
import type { LabRing } from './lab-ring';
import { NOBODY } from './lab-scheme';
import { NearestGrid } from './nearest-grid';

export interface Tables {
  /** Index of a node's first row, in rows; one more than nodes. */
  readonly rowStarts: Int32Array;
  /** BASE places for each row. */
  readonly entries: Int32Array;
}

/** Told of the rows that have been filled, of all nodes together. */
export type BuildProgress = (done: number, total: number) => void;

/** The nodes from ≤ node < to, which share `depth` digits. */
type Group = readonly [from: number, to: number, depth: number];

/** Below this it is cheaper to look at all points than to make a grid. */
const GRID_FROM = 24;

export function buildTables(ring: LabRing, onProgress: BuildProgress): Tables {
  const rowStarts = countRows(ring);
  const entries = new Int32Array((rowStarts[ring.size] as number) * BASE).fill(NOBODY);
  const tables = { rowStarts, entries };
  fillTables(ring, tables, onProgress);
  return tables;
}

function countRows(ring: LabRing): Int32Array {
  const starts = new Int32Array(ring.size + 1);
  let before = -1;
  for (let node = 0; node < ring.size; node++) {
    const after =
      node + 1 < ring.size ? sharedDigits(ring.ids[node] as number, ring.ids[node + 1] as number) : -1;
    starts[node + 1] = (starts[node] as number) + Math.max(before, after) + 1;
    before = after;
  }
  return starts;
}

function fillTables(ring: LabRing, tables: Tables, onProgress: BuildProgress): void {
  const groups: Group[] = [[0, ring.size, 0]];
  let done = 0;
  for (let group = groups.pop(); group !== undefined; group = groups.pop()) {
    const [from, to, depth] = group;
    if (to - from < 2 || depth === DIGITS) continue;
    const bounds = digitBounds(ring, from, to, depth);
    for (let digit = 0; digit < BASE; digit++) {
      const start = bounds[digit] as number;
      const end = bounds[digit + 1] as number;
      if (start === end) continue;
      fillColumn(ring, tables, [from, to, depth], digit, start, end);
      groups.push([start, end, depth + 1]);
    }
    done += to - from;
    onProgress(done, tables.rowStarts[ring.size] as number);
  }
}

/** Gives every node of the group outside start … end the nearest one inside. */
function fillColumn(
  ring: LabRing,
  tables: Tables,
  [from, to, row]: Group,
  digit: number,
  start: number,
  end: number,
): void {
  const grid = end - start >= GRID_FROM ? new NearestGrid(ring, start, end) : undefined;
  for (let node = from; node < to; node++) {
    if (node === start) node = end;
    if (node >= to) break;
    const x = ring.x[node] as number;
    const y = ring.y[node] as number;
    const nearest = grid ? grid.nearest(x, y) : nearestOf(ring, x, y, start, end);
    tables.entries[((tables.rowStarts[node] as number) + row) * BASE + digit] = nearest;
  }
}

function nearestOf(ring: LabRing, x: number, y: number, start: number, end: number): number {
  let best = start;
  let bestSquare = Infinity;
  for (let node = start; node < end; node++) {
    const square = ((ring.x[node] as number) - x) ** 2 + ((ring.y[node] as number) - y) ** 2;
    if (square >= bestSquare) continue;
    best = node;
    bestSquare = square;
  }
  return best;
}

/** Where each next digit begins among nodes that share `depth` digits. */
function digitBounds(ring: LabRing, from: number, to: number, depth: number): number[] {
  const bounds = [from];
  let node = from;
  for (let digit = 0; digit < BASE; digit++) {
    while (node < to && digitOf(ring.ids[node] as number, depth) === digit) node++;
    bounds.push(node);
  }
  return bounds;
}
