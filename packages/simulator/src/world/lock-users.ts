/**
 * Those who compete for a lock in a run. Where data may have been put back there are none: two may have it then.
 */

import type { Bytes, Random } from '@ringkeep/shared';
import { ringKeyOf } from '@ringkeep/shared/operations';
import type { Circumstances } from '../circumstances';
import { LockHolders } from '../checkers/lock-holders';
import { LockHolder } from './lock-holder';
import type { World } from './world';
import type { Party } from './network';

const FIRST_HOLDER_PARTY: Party = 800;
const LOCK = 'lock' as Bytes;
const RESOURCE = 'resource' as Bytes;

export class LockUsers {
  readonly judge = new LockHolders();
  private readonly holders: readonly LockHolder[];

  constructor(
    world: World,
    random: Random,
    { lockHolders, oldDisks, registryData, silentFeeds }: Circumstances,
  ) {
    const { positionRule } = world.parameters;
    const [lock, resource] = [ringKeyOf(LOCK, positionRule), ringKeyOf(RESOURCE, positionRule)];
    const contested = { lock, resource, judge: this.judge };
    const isKept = oldDisks === 'never' && registryData === 'kept';
    this.holders = Array.from(
      { length: isKept && !silentFeeds ? lockHolders : 0 },
      (_, number) => new LockHolder(world, FIRST_HOLDER_PARTY + number, random.fork(), contested),
    );
  }

  /** What they write. */
  get keys(): readonly Bytes[] {
    return [LOCK, RESOURCE];
  }

  start(): void {
    for (const holder of this.holders) holder.start();
  }

  stop(): void {
    for (const holder of this.holders) holder.stop();
  }

  /** Some have begun what is not over. */
  get areBusy(): boolean {
    return this.holders.some(({ isBusy }) => isBusy);
  }
}
