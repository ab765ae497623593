/**
 * What a registry does while its disk lacks room. Nobody may be told of a state that cannot be saved, so what would change
 * the ring is refused before anything of it is noted; who is a member goes on being one, and reads and writes never
 * come by here.
 *
 * Below the reserve no newcomer is taken in: all else, fail-overs above all, replaces records that are there, and the
 * reserve is kept for that. When the reserve is gone too, the registry is to its callers as one that does not
 * decide yet: leases are renewed, nothing else is done, and it goes on by itself when there is room.
 */

import { RingError } from '@ringkeep/shared';
import type { RegistryFact } from './effects';
import type { DiskRoom } from './inputs';

export class RoomRule {
  private room: DiskRoom = { allows: 'everything' };

  /** @returns what is to be told of it */
  note(room: DiskRoom): RegistryFact | undefined {
    const before = this.room.allows;
    this.room = room;
    if (room.allows === before) return undefined;
    return room.allows === 'everything' ? { what: 'room again' } : { what: 'no room', ...room };
  }

  /** Nothing may change. */
  get isStill(): boolean {
    return this.room.allows === 'no change';
  }

  /** Why; empty when something may. */
  get stillBecause(): string {
    return this.room.allows === 'no change' ? this.room.lacking : '';
  }

  /** What it has, where that is too little for anything; empty when it is not. */
  get lacking(): string {
    return this.room.allows === 'everything' ? '' : this.room.lacking;
  }

  checkGrowth(): void {
    if (this.room.allows !== 'everything') throw refused('nobody new is taken in', this.room.lacking);
  }

  checkChange(): void {
    if (this.room.allows === 'no change') throw refused('nothing was changed', this.room.lacking);
  }
}

function refused(what: string, lacking: string): RingError {
  return new RingError(
    'RESOURCE_EXHAUSTED',
    `${what}: ${lacking}. Make room on the registry's disk; it goes on by itself, and what asks again is served then`,
  );
}
