/**
 * What is known to be in doubt, because a node has said so: arcs that stand still until somebody decides, and
 * operations that were discarded though they may have been acknowledged, because their members came too late to say so.
 */

import { arcContains, positionOf, type Arc, type RingKey } from '@ringkeep/shared';

export class Doubts {
  private readonly stoppedArcs: Arc[] = [];
  private readonly discardedKeys = new Set<RingKey>();

  stopped(arc: Arc): void {
    this.stoppedArcs.push(arc);
  }

  discarded(key: RingKey): void {
    this.discardedKeys.add(key);
  }

  has(key: RingKey): boolean {
    const point = positionOf(key);
    return this.discardedKeys.has(key) || this.stoppedArcs.some((arc) => arcContains(arc, point));
  }
}
