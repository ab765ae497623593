/**
 * A node that enters an in-sync set has a whole copy of the arc when that takes effect: from the moment in which it was
 * proposed, nobody may make the node begin anew. So an admission by an acknowledgement of another copy is seen at once,
 * and not only when the node has become primary and lacks what it is asked for.
 */

import { RingView, formatArc, formatPosition, type Arc, type NodeId, type Ring } from '@ringkeep/shared';
import type { Failure } from './failure';

export class AdmittedCopies {
  private last: RingView | undefined;

  /** @param lacks tells of a node that runs, and has lost nothing, that it has no whole copy of a range */
  constructor(private readonly lacks: (node: NodeId, range: Arc) => boolean) {}

  /** Takes the next version. */
  check(ring: Ring): Failure | undefined {
    const before = this.last;
    this.last = new RingView(ring);
    for (const arc of before ? ring.arcs : []) {
      const old = before?.arcOfPosition(arc.start);
      if (!old) continue;
      const taken = arc.inSync.find((id) => !old.inSync.includes(id) && this.lacks(id, arc));
      if (taken === undefined) continue;
      const text = `version ${ring.version} takes ${formatPosition(taken)} into ${formatArc(arc)}, of which it has no whole copy`;
      return { checker: 'admitted copies', text };
    }
    return undefined;
  }
}
