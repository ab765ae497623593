/**
 * The neighbourhood set: the peers that are closest under the proximity metric, wherever their ids lie.
 *
 * It takes no part in routing. A newcomer copies it from its first contact, which is close to it, and
 * measures its members: that is how the upper rows of routing tables come to hold peers nearby. Peers of
 * unknown distance are not in it.
 */

export interface Neighbour<P> {
  readonly id: bigint;
  readonly peer: P;
  readonly distance: number;
}

export class NeighbourhoodSet<P> {
  private neighbours: Neighbour<P>[] = [];

  constructor(
    /** |M| of the paper. */
    readonly sizeMax: number,
  ) {
    if (!Number.isInteger(sizeMax) || sizeMax < 0) {
      throw new RangeError(`a neighbourhood set has a size from 0, got ${sizeMax}`);
    }
  }

  get size(): number {
    return this.neighbours.length;
  }

  /** The closest first. */
  entries(): readonly Neighbour<P>[] {
    return this.neighbours;
  }

  has(id: bigint): boolean {
    return this.neighbours.some((neighbour) => neighbour.id === id);
  }

  /** True when it is in the set afterwards. */
  add(id: bigint, peer: P, distance: number | undefined): boolean {
    if (distance === undefined || this.sizeMax === 0) return false;
    this.remove(id);
    let at = this.neighbours.length;
    while (at > 0 && (this.neighbours[at - 1] as Neighbour<P>).distance > distance) at--;
    if (at === this.sizeMax) return false;
    this.neighbours.splice(at, 0, { id, peer, distance });
    if (this.neighbours.length > this.sizeMax) this.neighbours.pop();
    return true;
  }

  remove(id: bigint): boolean {
    const at = this.neighbours.findIndex((neighbour) => neighbour.id === id);
    if (at !== -1) this.neighbours.splice(at, 1);
    return at !== -1;
  }
}
