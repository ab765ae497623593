/**
 * Which of many points of the unit square is nearest to a given one, by a grid with about two points a cell.
 *
 * Built once for each set of nodes that fit one place of a routing table, then asked for every node that has
 * that place: tens of millions of questions for a large ring. The points lie in the order of their cells, so
 * that a question reads a few short runs of memory.
 */

import type { LabRing } from './lab-ring';

const POINTS_PER_CELL = 2;

export class NearestGrid {
  private readonly side: number;
  private readonly cellStarts: Int32Array;
  private readonly nodes: Int32Array;
  private readonly x: Float64Array;
  private readonly y: Float64Array;

  /** Over the nodes from ≤ node < to. */
  constructor(ring: LabRing, from: number, to: number) {
    const count = to - from;
    this.side = Math.max(1, Math.floor(Math.sqrt(count / POINTS_PER_CELL)));
    this.cellStarts = new Int32Array(this.side * this.side + 1);
    this.nodes = new Int32Array(count);
    this.x = new Float64Array(count);
    this.y = new Float64Array(count);
    const starts = this.cellStarts;
    const cellOf = (node: number): number =>
      this.line(ring.y[node] as number) * this.side + this.line(ring.x[node] as number);
    for (let node = from; node < to; node++) {
      const cell = cellOf(node) + 1;
      starts[cell] = (starts[cell] as number) + 1;
    }
    for (let cell = 1; cell < starts.length; cell++) {
      starts[cell] = (starts[cell] as number) + (starts[cell - 1] as number);
    }
    const fill = starts.slice();
    for (let node = from; node < to; node++) {
      const cell = cellOf(node);
      const at = fill[cell] as number;
      fill[cell] = at + 1;
      this.nodes[at] = node;
      this.x[at] = ring.x[node] as number;
      this.y[at] = ring.y[node] as number;
    }
  }

  /** Looks at ever wider squares of cells, until nothing outside can be nearer than the best so far. */
  nearest(x: number, y: number): number {
    const { side } = this;
    const column = this.line(x);
    const line = this.line(y);
    const inCellX = x * side - column;
    const inCellY = y * side - line;
    const margin = Math.min(inCellX, 1 - inCellX, inCellY, 1 - inCellY);
    let best = Infinity;
    let bestAt = -1;
    for (let ring = 0; ring < 2 * side; ring++) {
      const top = line - ring;
      const bottom = line + ring;
      for (let l = Math.max(0, top); l <= bottom && l < side; l++) {
        const whole = l === top || l === bottom;
        const step = whole || ring === 0 ? 1 : 2 * ring;
        for (let c = column - ring; c <= column + ring; c += step) {
          if (c < 0 || c >= side) continue;
          const cell = l * side + c;
          const end = this.cellStarts[cell + 1] as number;
          for (let at = this.cellStarts[cell] as number; at < end; at++) {
            const dx = (this.x[at] as number) - x;
            const dy = (this.y[at] as number) - y;
            const square = dx * dx + dy * dy;
            if (square >= best) continue;
            best = square;
            bestAt = at;
          }
        }
      }
      if (best <= ((ring + margin) / side) ** 2) break;
    }
    return this.nodes[bestAt] as number;
  }

  private line(coordinate: number): number {
    return Math.min(this.side - 1, Math.floor(coordinate * this.side));
  }
}
