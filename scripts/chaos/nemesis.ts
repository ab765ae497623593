/** Carries out the faults of a chaos run on a ring of real processes, and undoes them. */

import { Random } from '@ringkeep/shared';
import type { LocalRing, NodePlace, LinkState } from '@ringkeep/local-ring';
import { jump, sleep } from './clock-faults';
import { ComingsAndGoings } from './comings-and-goings';
import { DiskFaults } from './disk-faults';
import type { Fault, FaultKind } from './faults';
import { Grounds } from './grounds';
import type { MachineDisks } from './machine-disks';

const DELAY_MS = { least: 10, most: 400 } as const;

export interface NemesisOptions {
  readonly disks: MachineDisks | undefined;
  /** For copies of folders and for nodes that do not belong to the ring. */
  readonly folder: string;
  readonly tell: (text: string) => void;
  readonly signal: AbortSignal;
}

export class Nemesis {
  private readonly grounds: Grounds;
  private readonly diskFaults: DiskFaults;
  private readonly comings: ComingsAndGoings;

  constructor(
    private readonly ring: LocalRing,
    { disks, folder, tell, signal }: NemesisOptions,
  ) {
    this.grounds = new Grounds(ring, tell, signal);
    this.diskFaults = new DiskFaults(this.grounds, disks, folder);
    this.comings = new ComingsAndGoings(this.grounds, folder);
  }

  get struck(): ReadonlyMap<FaultKind, number> {
    return this.grounds.struck;
  }

  /** Carries out all faults, each at its time; returns when all are undone and whoever joined has left. */
  async run(faults: readonly Fault[]): Promise<void> {
    const startedMs = performance.now();
    const running = faults.map(async (fault) => {
      await this.grounds.pause(fault.atMs - (performance.now() - startedMs));
      const random = new Random(fault.choice);
      if (fault.kind === 'roll-back') return this.diskFaults.rollBack(fault, random);
      if (fault.kind === 'roll-back-registry') return this.diskFaults.rollBackRegistry(fault, random);
      return this.grounds.under(() => this.strike(fault, random));
    });
    await Promise.all(running);
  }

  private strike(fault: Fault, random: Random): Promise<void> {
    switch (fault.kind) {
      case 'kill':
      case 'kill-several':
        return this.killNodes(fault, random);
      case 'kill-everything':
        return this.killEverything(fault, random);
      case 'pause':
      case 'pause-several':
        return this.stopNodes(fault, random);
      case 'freeze-in-turn':
        return this.stopInTurn(fault, random);
      case 'kill-registry':
        return this.killRegistry(fault);
      case 'pause-registry':
        return this.stopRegistry(fault);
      case 'cut':
        return this.impair(fault, random, 'node', { cutTo: true, cutFrom: true });
      case 'cut-one-way':
        return this.impair(fault, random, 'node', random.chance(0.5) ? { cutTo: true } : { cutFrom: true });
      case 'refuse':
        return this.impair(fault, random, 'node', { refusing: true });
      case 'delay':
        return this.impair(fault, random, 'node', {
          delayMs: random.between(DELAY_MS.least, DELAY_MS.most),
        });
      case 'cut-registry':
        return this.impair(fault, random, 'registry', { cutTo: true, cutFrom: random.chance(0.5) });
      case 'join-and-leave':
        return this.comings.joinAndLeave(fault);
      case 'wrong-address':
        return this.comings.wrongAddress(fault, random);
      case 'clock-jump':
        return jump(this.grounds, fault, random);
      case 'sleep':
        return sleep(this.grounds, fault, random);
      default:
        return this.strikeDisk(fault, random);
    }
  }

  private strikeDisk(fault: Fault, random: Random): Promise<void> {
    switch (fault.kind) {
      case 'empty-disk':
        return this.diskFaults.empty(fault, random);
      case 'full-disk':
        return this.diskFaults.fill(fault, random);
      case 'full-registry-disk':
        return this.diskFaults.fillRegistry(fault);
      case 'power-cut':
        return this.diskFaults.cutPower(fault, random);
      case 'power-cut-everything':
        return this.diskFaults.cutPowerOfEverything(fault, random);
      default:
        throw new Error(`no disk has the fault ${fault.kind}`);
    }
  }

  private killNodes(fault: Fault, random: Random): Promise<void> {
    return this.grounds.withNodes(fault, random, 'process', async (places) => {
      await this.ring.killNodes(places);
      await this.grounds.pause(fault.forMs);
      await this.restart(places);
    });
  }

  private killEverything(fault: Fault, random: Random): Promise<void> {
    return this.grounds.withRegistry(undefined, () =>
      this.grounds.withNodes({ ...fault, nodes: Infinity }, random, 'process', async (places) => {
        await Promise.all([this.ring.killRegistry(), this.ring.killNodes(places)]);
        await this.grounds.pause(fault.forMs);
        await Promise.all([this.ring.startRegistry(), this.restart(places)]);
      }),
    );
  }

  private stopNodes(fault: Fault, random: Random): Promise<void> {
    return this.grounds.withNodes(fault, random, 'process', (places) => this.stopFor(places, fault.forMs));
  }

  private stopInTurn(fault: Fault, random: Random): Promise<void> {
    return this.grounds.withNodes(fault, random, 'process', async (places) => {
      for (const place of places) await this.stopFor([place], fault.forMs / places.length);
    });
  }

  private async stopFor(places: readonly NodePlace[], forMs: number): Promise<void> {
    for (const { process } of places) process?.signal('SIGSTOP');
    await this.grounds.pause(forMs);
    for (const { process } of places) process?.signal('SIGCONT');
  }

  private killRegistry(fault: Fault): Promise<void> {
    return this.grounds.withRegistry(fault, async () => {
      await this.ring.killRegistry();
      await this.grounds.pause(fault.forMs);
      await this.ring.startRegistry();
    });
  }

  private stopRegistry(fault: Fault): Promise<void> {
    return this.grounds.withRegistry(fault, async () => {
      this.ring.signalRegistry('SIGSTOP');
      await this.grounds.pause(fault.forMs);
      this.ring.signalRegistry('SIGCONT');
    });
  }

  private impair(
    fault: Fault,
    random: Random,
    which: 'node' | 'registry',
    state: Partial<LinkState>,
  ): Promise<void> {
    return this.grounds.withNodes(fault, random, 'links', async (places) => {
      for (const { links } of places) links?.[which].impair(state);
      await this.grounds.pause(fault.forMs);
      for (const { links } of places) links?.[which].mend();
    });
  }

  private async restart(places: readonly NodePlace[]): Promise<void> {
    await Promise.all(places.map((place) => this.ring.startNode(place)));
  }
}
