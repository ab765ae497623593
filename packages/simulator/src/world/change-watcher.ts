/** A watcher of everything that is judged by what it is told. Some are slow to take it. */

import type { Bytes, Random, RingKey } from '@ringkeep/shared';
import { WatchedChanges } from '../checkers/watched-changes';
import type { Party } from './network';
import { SimulatedWatch, type WatchListener } from './simulated-watch';
import type { World } from './world';

const SLOW_CHANCE = 0.4;
const SLOW_MS_MAX = 1_500;
const START_MS_MAX = 200;

export class ChangeWatcher {
  readonly changes: WatchedChanges;
  private readonly watch: SimulatedWatch;

  constructor(world: World, party: Party, random: Random, keys: ReadonlyMap<Bytes, RingKey>) {
    const name = `watcher ${party}`;
    const changes = new WatchedChanges(name, keys);
    this.changes = changes;
    const takesMs = random.chance(SLOW_CHANCE) ? random.fraction() * SLOW_MS_MAX : 0;
    const listener: WatchListener = {
      told: (range, told) => {
        const failure = changes.told(range, told, world.timeline.now);
        if (failure) world.fail(failure.checker, failure.text);
      },
      lost: (range) => changes.lostChanges(range),
      begun: () => undefined,
    };
    this.watch = new SimulatedWatch(world, party, random, { name, takesMs }, listener);
  }

  start(): void {
    this.watch.start(START_MS_MAX);
  }
}
