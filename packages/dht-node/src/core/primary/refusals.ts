/**
 * Why a write is refused before it has a number: too few copies, a full window, a disk that does not keep up or has no
 * room. A refused caller knows that nothing was written.
 */

import { excerpt } from '@ringkeep/shared/ring/excerpt';
import type { DiskLimits, RingKnowledge, RuleSettings } from '../context';
import type { PendingOperation } from '../operations/pending-operation';
import type { Configurations } from './configurations';
import type { Followers } from './followers';

export class Refusals {
  constructor(
    private readonly context: RingKnowledge & DiskLimits & RuleSettings,
    private readonly configurations: Configurations,
    private readonly followers: Followers,
    private readonly isWindowFull: () => boolean,
  ) {}

  /** @returns false if the write is refused: it has failed */
  passes(pending: PendingOperation, takesRoom: boolean): boolean {
    if (!this.configurations.enoughCopies) {
      pending.fail('UNAVAILABLE', this.tooFewCopies());
    } else if (this.isWindowFull()) {
      pending.fail('RESOURCE_EXHAUSTED', 'too many writes of this part of the ring wait for its replicas');
    } else if (this.context.diskOverloaded) {
      pending.fail('RESOURCE_EXHAUSTED', 'the disk does not keep up with the writes');
    } else {
      const lacking = takesRoom ? this.roomLacking() : undefined;
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
