/**
 * Why a write is refused before it has a number: too few copies, a full window, a disk that does not keep up or has no
 * room. A refused caller knows that nothing was written.
 */

import { excerpt } from '@ringkeep/shared/ring/excerpt';
import type { RingKey } from '@ringkeep/shared';
import { samePosition } from '@ringkeep/shared/ring/arc';
import { POSITION_BYTES } from '@ringkeep/shared/ring/ring-key';
import type { DiskLimits, RingKnowledge, RuleSettings, StoredCopies } from '../context';
import type { PendingOperation } from '../operations/pending-operation';
import type { RangeSize } from '../replica/entry-store';
import type { Configurations } from './configurations';
import type { Followers } from './followers';

/** Where no more than so many keys are near a position, those at it are counted. */
const COUNTED_KEYS_MAX = 2_000;

export class Refusals {
  constructor(
    private readonly context: RingKnowledge & DiskLimits & RuleSettings & StoredCopies,
    private readonly configurations: Configurations,
    private readonly followers: Followers,
    private readonly isWindowFull: () => boolean,
  ) {}

  /** @returns false if the write is refused: it has failed */
  passes(pending: PendingOperation, takesRoom: boolean): boolean {
    const { key } = pending.operation;
    if (!this.configurations.enoughCopies) {
      pending.fail('UNAVAILABLE', this.tooFewCopies());
    } else if (this.isWindowFull()) {
      pending.fail('RESOURCE_EXHAUSTED', 'too many writes of this part of the ring wait for its replicas');
    } else if (this.context.diskOverloaded) {
      pending.fail('RESOURCE_EXHAUSTED', 'the disk does not keep up with the writes');
    } else {
      const lacking = takesRoom ? (this.roomLacking() ?? this.positionFull(key)) : undefined;
      if (lacking === undefined) return true;
      pending.fail('RESOURCE_EXHAUSTED', `nothing was written: ${lacking}`);
    }
    return false;
  }

  /**
   * Why nothing new is accepted: this node's disk, or that of a member, has no room. A member whose disk is full stays
   * in sync, using its reserve. Dropping it would leave the arc with a copy less, and fill the next disk.
   */
  private roomLacking(): string | undefined {
    const { roomLacking, rules } = this.context;
    return rules.refusedForRoom(roomLacking ?? this.fullReplica());
  }

  private fullReplica(): string | undefined {
    for (const id of this.configurations.otherMembers) {
      if (this.followers.get(id)?.full === true)
        return `the disk of a replica has no room, at the node ${this.context.view.member(id)?.addr ?? id}`;
    }
    return undefined;
  }

  /** Why its position takes no more: only keys of a tag can be so many. What is under way does not count yet. */
  private positionFull(key: RingKey): string | undefined {
    if (key.indexOf('{', POSITION_BYTES) < 0) return undefined;
    const { parameters, replicas } = this.context;
    const { positionKeysMax, positionBytesMax } = parameters;
    const isFull = ({ keys, bytes }: RangeSize): boolean =>
      keys >= positionKeysMax || bytes >= positionBytesMax;
    let found = replicas.entries.crowdAt(key);
    if (!isFull(found)) return undefined;
    if (found.keys <= COUNTED_KEYS_MAX) found = replicas.entries.size(samePosition(key));
    if (!isFull(found)) return undefined;
    if (found.bytes < positionBytesMax && replicas.entries.raw(key) !== undefined) return undefined;
    return (
      `its tag has ${found.keys} keys of ${found.bytes} bytes, and the ring takes ${positionKeysMax} keys or ` +
      `${positionBytesMax} bytes of a tag (--position-keys-max, --position-bytes-max): use more tags`
    );
  }

  private tooFewCopies(): string {
    const { view } = this.context;
    const { newest } = this.configurations;
    const away = view.ring.members.filter(({ state }) => state === 'dead').map(({ addr }) => addr);
    return (
      `nothing was written: ${newest.inSync.length} of ${view.copiesToWrite(newest)} copies needed (--min-copies) are in sync; reads go on. ` +
      `Writes do when a copy is made or ${away.length === 0 ? 'a node is' : `${excerpt(away.join(', '))} is`} back or forgotten`
    );
  }
}
