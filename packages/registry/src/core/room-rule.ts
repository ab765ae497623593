/**
 * What a registry does while its disk lacks room. Nobody may hear of a state that cannot be saved, so a request that
 * would change the ring is refused before any of it is noted. Members stay members, and reads and writes do not pass
 * through here at all.
 *
 * Below the reserve no new node is taken in. Everything else, above all fail-overs, replaces existing records, and the
 * reserve is kept for that. When the reserve is gone too, the registry behaves like one that does not decide yet:
 * leases are renewed, nothing else is done, and it resumes by itself when there is room.
 */

import { RingError } from '@ringkeep/shared';
import type { RegistryFact } from './effects';
import type { DiskRoom } from './inputs';

export class RoomRule {
  private room: DiskRoom = { allows: 'everything' };

  /** @returns what to report of it */
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

  /** How much room there is, if that is too little for anything; empty otherwise. */
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
