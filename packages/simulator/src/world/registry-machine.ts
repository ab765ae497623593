/** The machine of the registry: its disk and clock survive the processes that come and go on it. */

import type { ClusterParameters, Random, Ring } from '@ringkeep/shared';
import { registry, ringFromWire, ringToWire } from '@ringkeep/shared/wire';
import { positionOfText } from '@ringkeep/shared/operations';
import {
  RegistryCore,
  begun,
  newState,
  type RegistryConfig,
  type RegistryState,
} from '@ringkeep/registry/core';
import type { DiskProfile } from './disk';
import { DriftingClock } from './drifting-clock';
import { RegistryProcess, type RingObserver } from './registry-process';
import type { Neighbourhood } from './surroundings';

export class RegistryMachine {
  readonly clock: DriftingClock;
  server: RegistryProcess | undefined;
  /** What it is started with the next time. */
  parameters: ClusterParameters;
  private stored: StoredState;
  /** What happens to the next save: it is kept or not, and the process ends. */
  private failing: { readonly kept: boolean; readonly endedForMs: number } | undefined;
  private readonly random: Random;
  /** Its data are gone, and have not been put back. */
  hasLostData = false;

  constructor(
    private readonly world: Neighbourhood,
    private readonly config: RegistryConfig,
    random: Random,
    private readonly diskProfile: DiskProfile,
    private readonly observer: RingObserver,
  ) {
    this.random = random;
    this.parameters = config.parameters;
    const { leaseMs, leaseMarginMs } = config.parameters;
    this.clock = DriftingClock.draw(world.timeline, random.fork(), leaseMs, leaseMarginMs);
    this.stored = storeState(newState('cluster', config.parameters, this.random.bits64()));
  }

  get ring(): Ring {
    return this.server?.core.ring ?? loadState(this.stored).ring;
  }

  /** What a crash would leave. */
  get storedRing(): Ring {
    return loadState(this.stored).ring;
  }

  /** What is on its disk. */
  picture(): StoredState {
    return this.stored;
  }

  /** No process uses it. */
  putBack(picture: StoredState): void {
    this.hasLostData = false;
    this.stored = picture;
  }

  /** The disk is another one; what starts on it is the registry of another cluster. */
  loseData(clusterId: string): void {
    this.hasLostData = true;
    this.stored = storeState(newState(clusterId, this.parameters, this.random.bits64()));
  }

  /** The next save fails, which ends the process; as with any failed write, it may be on the disk all the same. */
  failNextSave(kept: boolean, endedForMs: number): void {
    this.failing = { kept, endedForMs };
  }

  /** `restored`: the operator says that the data are an old copy. */
  start(restored = false): void {
    if (this.server) return;
    this.world.trace.note('fault', () => `registry starts${restored ? ', restored' : ''}`);
    const state = begun(loadState(this.stored), this.parameters, this.random.bits64());
    this.stored = storeState(state);
    this.observer(state.ring);
    this.server = new RegistryProcess(
      this.world,
      new RegistryCore(
        { ...this.config, parameters: this.parameters },
        { positionOfText, restored, rules: this.world.rules.registry },
        state,
        this.clock.now,
      ),
      this.clock,
      (saved, durable) => this.save(saved, durable),
      this.observer,
    );
    this.server.begin();
  }

  private save(saved: RegistryState, durable: (store: () => void) => void): void {
    const { server } = this;
    const latencyMs = this.diskProfile.syncMs * (0.5 - Math.log(1 - this.random.fraction()));
    this.world.timeline.after(latencyMs, () => {
      if (!this.failing || this.server !== server) return durable(() => (this.stored = storeState(saved)));
      const { kept, endedForMs } = this.failing;
      this.world.trace.note('fault', () => `a save of the registry fails, and is ${kept ? 'kept' : 'lost'}`);
      if (kept) this.stored = storeState(saved);
      if (kept) this.observer(saved.ring);
      this.crash();
      this.world.timeline.after(endedForMs, () => this.start());
    });
  }

  crash(): void {
    if (!this.server) return;
    this.world.trace.note('fault', () => 'registry crashes');
    this.server.die();
    this.server = undefined;
    this.failing = undefined;
  }
}

/** The ring as its messages' bytes, the rest as it is: it is a handful of names. */
export interface StoredState {
  readonly ring: Uint8Array;
  readonly rest: Omit<RegistryState, 'ring'>;
}

function storeState({ ring, ...rest }: RegistryState): StoredState {
  return { ring: registry.Ring.encode(ringToWire(ring)).finish(), rest };
}

function loadState({ ring, rest }: StoredState): RegistryState {
  return { ...rest, ring: ringFromWire(registry.Ring.decode(ring)) };
}
