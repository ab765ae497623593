/**
 * Pastry as a structure of its own: ids of any byte length, addresses of any type, used like a dictionary.
 *
 * It is what a node of a DHT needs to pick its next hops, without network and without a ring: give it peers
 * as you hear of them, ask it for the best ones towards a key, remove those that fail. It keeps what its
 * leaf set, routing table and neighbourhood set have a place for and forgets the rest. `route` orders by
 * numerical distance on the circle of ids; the rule of the paper, with Ringkeep's owners, is
 * pastry-scheme.ts.
 */

import type { Bytes } from '@ringkeep/shared';
import { IdSpace, type DigitBits } from './id-space';
import { LeafSet } from './leaf-set';
import { NeighbourhoodSet } from './neighbourhood-set';
import { PeerMapView } from './peer-map-view';
import { RoutingTable } from './routing-table';

export interface PastryOptions<Address> {
  /** |L|: members of the leaf set, an even number. */
  readonly leafSetSize?: number;
  /** |M|: members of the neighbourhood set; needs `distance`. */
  readonly neighbourhoodSize?: number;
  /** b: bits of a digit. With 8, a digit is a byte. */
  readonly digitBits?: DigitBits;
  /** The proximity metric: which of several peers takes a place of the routing table. */
  readonly distance?: (id: Bytes, address: Address) => number;
}

interface Known<Address> {
  readonly number: bigint;
  readonly address: Address;
}

export class Pastry<Address> implements Iterable<[Bytes, Address]> {
  private readonly space: IdSpace;
  private readonly own: bigint;
  private readonly known = new Map<Bytes, Known<Address>>();
  private readonly leaves: LeafSet<Bytes>;
  private readonly table: RoutingTable<Bytes>;
  private readonly neighbours: NeighbourhoodSet<Bytes>;
  private readonly distance: ((id: Bytes, address: Address) => number) | undefined;

  /** The members of the leaf set, clockwise from the own id. */
  readonly leafSet: ReadonlyMap<Bytes, Address>;
  /** The entries of the routing table, the numerically closest to the own id first. */
  readonly routingTable: ReadonlyMap<Bytes, Address>;
  /** The members of the neighbourhood set, the closest under the proximity metric first. */
  readonly neighbourhoodSet: ReadonlyMap<Bytes, Address>;

  constructor(
    readonly id: Bytes,
    peers: Iterable<readonly [Bytes, Address]> = [],
    options: PastryOptions<Address> = {},
  ) {
    this.space = new IdSpace(id.length, options.digitBits ?? 8);
    this.own = this.numberOf(id);
    this.leaves = new LeafSet(this.space, this.own, options.leafSetSize ?? 16, false);
    this.table = new RoutingTable(this.space, this.own);
    this.neighbours = new NeighbourhoodSet(options.neighbourhoodSize ?? 0);
    this.distance = options.distance;
    this.leafSet = this.view(() => this.leaves.leaves());
    this.routingTable = this.view(() => this.closestFirst(this.table.entries(), this.own));
    this.neighbourhoodSet = this.view(() => this.neighbours.entries());
    this.update(peers);
  }

  get size(): number {
    return this.known.size;
  }

  has(id: Bytes): boolean {
    return this.known.has(id);
  }

  get(id: Bytes): Address | undefined {
    return this.known.get(id)?.address;
  }

  /** Takes in one peer; it is forgotten again when no structure has a place for it. */
  set(id: Bytes, address: Address): this {
    return this.update([[id, address]]);
  }

  /** Takes in peers and replaces the addresses of known ones; the own id is skipped. */
  update(peers: Iterable<readonly [Bytes, Address]>): this {
    for (const [id, address] of peers) {
      if (id.length !== this.id.length) {
        throw new RangeError(`an id here has ${this.id.length} bytes, got one of ${id.length}`);
      }
      if (id === this.id) continue;
      const known = { number: this.numberOf(id), address };
      this.known.set(id, known);
      this.place(id, known);
    }
    this.forgetUnplaced();
    return this;
  }

  /** True when it was known. Its places go to the best of the peers that are left. */
  delete(id: Bytes): boolean {
    const gone = this.known.get(id);
    if (!gone) return false;
    this.known.delete(id);
    this.leaves.remove(gone.number);
    this.table.remove(gone.number);
    this.neighbours.remove(gone.number);
    for (const [otherId, other] of this.known) this.place(otherId, other);
    return true;
  }

  /**
   * The addresses of the `count` best next hops towards a key, the best first; all known ones by default.
   * The key may have any length: a shorter one is filled up with zero bytes, of a longer one only the
   * beginning counts.
   */
  route(key: Bytes, count = Infinity): Address[] {
    const sorted = this.closestFirst([...this.known.values()], this.numberOf(key), (known) => known.number);
    return sorted.slice(0, count).map((known) => known.address);
  }

  keys(): MapIterator<Bytes> {
    return this.known.keys();
  }

  *values(): Generator<Address> {
    for (const known of this.known.values()) yield known.address;
  }

  *entries(): Generator<[Bytes, Address]> {
    for (const [id, known] of this.known) yield [id, known.address];
  }

  [Symbol.iterator](): Iterator<[Bytes, Address]> {
    return this.entries();
  }

  private place(id: Bytes, { number, address }: Known<Address>): void {
    const distance = this.distance?.(id, address);
    this.leaves.add(number, id);
    this.table.add(number, id, distance);
    this.neighbours.add(number, id, distance);
  }

  private forgetUnplaced(): void {
    for (const [id, { number }] of this.known) {
      if (this.leaves.has(number) || this.table.has(number) || this.neighbours.has(number)) continue;
      this.known.delete(id);
    }
  }

  private numberOf(key: Bytes): bigint {
    let number = 0n;
    for (let i = 0; i < this.id.length; i++) {
      number = (number << 8n) | BigInt(i < key.length ? key.charCodeAt(i) : 0);
    }
    return number;
  }

  private closestFirst<T extends { id: bigint }>(items: readonly T[], to: bigint): T[];
  private closestFirst<T>(items: readonly T[], to: bigint, numberOf: (item: T) => bigint): T[];
  private closestFirst<T>(
    items: readonly T[],
    to: bigint,
    numberOf: (item: T) => bigint = (item) => (item as { id: bigint }).id,
  ): T[] {
    const measured = items.map((item) => {
      const number = numberOf(item);
      return { item, number, distance: this.space.distance(number, to) };
    });
    measured.sort((a, b) => order(a.distance, b.distance) || order(a.number, b.number));
    return measured.map(({ item }) => item);
  }

  private view(places: () => readonly { readonly peer: Bytes }[]): ReadonlyMap<Bytes, Address> {
    return new PeerMapView(
      () => places().map(({ peer }) => peer),
      (id) => this.get(id) as Address,
    );
  }
}

function order(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
