/** One hop over a whole ring: every node knows all, so that nothing has to be stored for each. */

import type { SchemeState } from '../scheme';
import type { LabRing } from './lab-ring';
import { NOBODY, type LabScheme } from './lab-scheme';

export class OneHopLab implements LabScheme {
  readonly name = 'one-hop';
  readonly bytes = 0;

  constructor(private readonly ring: LabRing) {}

  hop(node: number, target: number): number {
    const owner = this.ring.owner(target);
    return owner === node ? NOBODY : owner;
  }

  state(): SchemeState {
    return { peers: this.ring.size - 1, entries: this.ring.size - 1 };
  }

  /** One member hands over the ring, then each is told. */
  joinMessages(): number {
    return 1 + this.ring.size;
  }
}
