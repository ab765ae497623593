/**
 * A read-only map over ids that something else keeps: always as it is now, and nothing to write through.
 */

import type { Bytes } from '@ringkeep/shared';

export class PeerMapView<Address> implements ReadonlyMap<Bytes, Address> {
  constructor(
    private readonly ids: () => readonly Bytes[],
    private readonly addressOf: (id: Bytes) => Address,
  ) {}

  get size(): number {
    return this.ids().length;
  }

  has(id: Bytes): boolean {
    return this.ids().includes(id);
  }

  get(id: Bytes): Address | undefined {
    return this.has(id) ? this.addressOf(id) : undefined;
  }

  forEach(visit: (address: Address, id: Bytes, map: ReadonlyMap<Bytes, Address>) => void): void {
    for (const [id, address] of this.entries()) visit(address, id, this);
  }

  keys(): MapIterator<Bytes> {
    return this.copy().keys();
  }

  values(): MapIterator<Address> {
    return this.copy().values();
  }

  entries(): MapIterator<[Bytes, Address]> {
    return this.copy().entries();
  }

  [Symbol.iterator](): MapIterator<[Bytes, Address]> {
    return this.entries();
  }

  private copy(): Map<Bytes, Address> {
    return new Map(this.ids().map((id) => [id, this.addressOf(id)]));
  }
}
