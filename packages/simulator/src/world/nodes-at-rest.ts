/** The running nodes, for the check whether the ring is at rest. */

import type { NodeAtRest } from '../checkers/at-rest';
import type { Machine } from './machine';

export function nodesAtRest(machines: readonly Machine[]): NodeAtRest[] {
  const nodes: NodeAtRest[] = [];
  for (const { name, process } of machines) {
    const { core, held } = process ?? {};
    if (!core || !held) continue;
    const { id, settled, replicas } = core.inspection.status();
    nodes.push({
      id,
      name,
      settled,
      ranges: replicas.map(({ range }) => range),
      allCommitted: replicas.every(({ committed, lastPrepared }) => committed === lastPrepared),
      // Asked for at the very end only, and nodes often.
      get tableSizes() {
        return core.inspection.tableSizes();
      },
      get indexFault() {
        return held.indexFault;
      },
      get strayContent() {
        return held.strayContent;
      },
      get copies() {
        return replicas.map(({ range }) => ({ range, content: held.contentOf(range) }));
      },
    });
  }
  return nodes;
}
