/**
 * Keys whose time is over are ended here, by a deletion under a number of its own: the only way in which a key ends.
 *
 * Whoever meets an entry asks for it here. What is over is then numbered as deleted first, in the same step, and the
 * entry is absent. Whether it is over is judged by the newest numbered write, so that nothing newer is ended and nothing
 * twice; by the ring's time, where that is known well enough, so that no other clock can bring the key back.
 */

import type { RingKey } from '@ringkeep/shared';
import type { Clocked, RuleSettings } from '../context';
import { DAMAGED, type Entry, type Found } from '../replica/entry-store';
import { isOverAt } from '../replica/expiry';
import type { LatestValues } from './latest-values';

export class Endings {
  /** @param number gives the entry the next number */
  constructor(
    private readonly context: Clocked & RuleSettings,
    private readonly latest: LatestValues,
    private readonly number: (ending: Entry) => void,
  ) {}

  /** What an evaluation meets of a key: the newest numbered entry; none, if its time was over. */
  presentOf(key: RingKey): Found {
    const latest = this.latest.of(key);
    return this.endIfOver(key, latest) ? undefined : latest;
  }

  /** Ends the key if its time is over. @returns whether it was */
  end(key: RingKey): boolean {
    return this.endIfOver(key, this.context.rules.isEndedBy(this.latest, key));
  }

  private endIfOver(key: RingKey, latest: Found): boolean {
    if (latest === undefined || latest === DAMAGED || !isOverAt(latest, this.context.clock)) return false;
    this.number({ key, value: undefined, cause: 'expiry' });
    return true;
  }
}
