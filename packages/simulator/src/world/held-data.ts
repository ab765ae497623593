/** What a process holds, for comparisons between the nodes of a world: its entries and the copies that they make. */

import { arcKeyRanges, arcKeyTest, arcOutside, keyOf, type Arc, type RingKey } from '@ringkeep/shared';
import type { StoredValue } from '@ringkeep/shared/operations';
import type { EntryStore, NodeCore } from '@ringkeep/dht-node/core';
import type { NodeStorage } from '@ringkeep/dht-node/storage';
import { wholeEntry } from './names';

const WHOLE_RANGE = { from: '' as never, to: undefined };

export class HeldData {
  constructor(
    private readonly storage: Pick<NodeStorage, 'entries'>,
    private readonly core: NodeCore,
  ) {}

  get entries(): EntryStore {
    return this.storage.entries;
  }

  /** What there is of a range, as one text. */
  contentOf(range: Arc): string {
    return arcKeyRanges(range)
      .flatMap((keys) => this.entries.scan(keys, Infinity, false).entries)
      .map(wholeEntry)
      .join(' ');
  }

  /** How the index of keys, where there is one, differs from the entries; empty if it does not. */
  get indexFault(): string {
    const walk = this.entries.walkKeys(WHOLE_RANGE, false, WHOLE_RANGE);
    if (walk === undefined) return '';
    const found = [...walk].map(([key]) => keyOf(key)).join(' ');
    const there = [...this.entries.walk(WHOLE_RANGE)].map(([key]) => keyOf(key)).sort();
    return found === there.join(' ') ? '' : `${found} instead of ${there.join(' ')}`;
  }

  /** A sound entry in a whole copy. */
  hasInCopy(key: RingKey, value: StoredValue | undefined): boolean {
    return this.wholeCopies().some((range) => arcKeyTest(range)(key)) && this.entries.get(key) === value;
  }

  hasWholeCopy(range: Arc): boolean {
    const lacking = this.wholeCopies().reduce(
      (left, copy) => left.flatMap((part) => arcOutside(part, copy)),
      [range],
    );
    return lacking.length === 0;
  }

  /** Entries that lie in none of its copies. */
  get strayContent(): string {
    const copies = this.core.inspection.status().replicas.map(({ range }) => arcKeyTest(range));
    const strays = this.entries
      .scan(WHOLE_RANGE, Infinity, false)
      .entries.filter(({ key }) => !copies.some((holds) => holds(key)));
    return strays.map(wholeEntry).join(' ');
  }

  /** Reads everything, as the background scrub does. @returns the first range that is damaged */
  findDamage(): ReturnType<EntryStore['scan']>['damaged'] {
    return this.entries.scan(WHOLE_RANGE, Infinity).damaged;
  }

  private wholeCopies(): Arc[] {
    return this.core.inspection
      .status()
      .replicas.filter(({ complete }) => complete)
      .map(({ range }) => range);
  }
}
