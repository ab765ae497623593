/**
 * No write is acknowledged with fewer in-sync members than its arc needs: as many as the ring requires, once the arc
 * has had them, as far as the ring wants that many copies and has that many members.
 *
 * What an arc has had is counted here from the versions of the ring alone, key by key, and is not taken from the
 * registry's own notes.
 */

import { RingView, formatPosition, type Position, type Ring } from '@ringkeep/shared';
import type { Failure } from './failure';

interface Count {
  readonly version: number;
  readonly reached: number;
  readonly needed: number;
  readonly inSync: number;
}

export class CopiesAsked {
  private readonly counts: ReadonlyMap<Position, Count[]>;

  constructor(points: readonly Position[]) {
    this.counts = new Map(points.map((point) => [point, []]));
  }

  /** Takes the next version. */
  note(ring: Ring): void {
    const view = new RingView(ring);
    const { replicationFactor, minCopies } = ring.parameters;
    const staying = ring.members.filter(({ state }) => state !== 'leaving').length;
    for (const [point, counts] of this.counts) {
      const inSync = view.arcOfPosition(point)?.inSync.length;
      if (inSync === undefined) continue;
      const most = Math.max(counts.at(-1)?.reached ?? 0, inSync);
      const reached = Math.max(1, Math.min(most, replicationFactor, staying));
      counts.push({ version: ring.version, reached, needed: Math.min(minCopies, reached), inSync });
    }
  }

  /** A write was acknowledged, and came after a version of the ring and not after another one. */
  check(point: Position, after: number, upTo: number): Failure | undefined {
    const counts = this.counts.get(point) ?? [];
    const first = Math.max(
      0,
      counts.findLastIndex(({ version }) => version <= after),
    );
    const last = counts.findLastIndex(({ version }) => version <= upTo);
    const then = counts.slice(first, last + 1);
    const short = then.at(-1);
    if (!short || then.some(({ inSync, needed }) => inSync >= needed)) return undefined;
    const text = `a write at ${formatPosition(point)} was acknowledged with ${short.inSync} of ${short.needed} copies in sync, in version ${short.version}`;
    return { checker: 'copies', text };
  }
}
