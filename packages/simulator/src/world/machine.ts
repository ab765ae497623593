/**
 * A machine that runs one node: its disk and clock survive the processes that come and go on it.
 *
 * Also the operator's part: starting a process again, raising its incarnation on the disk first.
 */

import type { Member, NodeId, Random } from '@ringkeep/shared';
import { Disk, type DiskProfile } from './disk';
import { DriftingClock } from './drifting-clock';
import { NodeProcess } from './node-process';
import type { Party } from './network';
import type { World } from './world';

/** What a node remembers of itself. */
export interface StoredIdentity {
  readonly id: NodeId;
  readonly salt: number;
  readonly clusterId: string;
}

export class Machine {
  disk: Disk;
  readonly clock: DriftingClock;
  process: NodeProcess | undefined;
  /** It has left the ring, or will never be switched on again. */
  retired = false;
  /** The last incarnation that had its copies. */
  private copiesLostIn = 0;
  /** It was started once at least. */
  joined = false;
  /** Somebody is about to start it. */
  starting = false;
  /** Ends its sleep, while it sleeps. */
  private wakeUp: (() => void) | undefined;

  constructor(
    private readonly world: World,
    readonly party: Party,
    private readonly random: Random,
    private readonly diskProfile: DiskProfile,
  ) {
    const { leaseMs, leaseMarginMs } = world.parameters;
    this.disk = this.emptyDisk();
    this.clock = DriftingClock.draw(world.timeline, random.fork(), leaseMs, leaseMarginMs);
  }

  get name(): string {
    return `n${this.party}`;
  }

  get addr(): string {
    return `http://${this.name}:1`;
  }

  get identity(): StoredIdentity | undefined {
    return this.disk.files.get('identity') as StoredIdentity | undefined;
  }

  /** Drawn once for each disk, when a node begins on it. */
  get claim(): string {
    const { files } = this.disk;
    if (!files.has('claim')) files.set('claim', this.random.bits64().toString(16));
    return files.get('claim') as string;
  }

  get incarnation(): number {
    return (this.disk.files.get('incarnation') as number | undefined) ?? 0;
  }

  /** Nothing was ever said to be durable here: an empty log is no loss. */
  get blank(): boolean {
    return !this.disk.files.has('data');
  }

  /** Before anything counts as durable for the first time. */
  noteData(): void {
    this.disk.files.set('data', true);
  }

  /** Starts a process, unless one runs. */
  start(): void {
    if (this.process || this.retired) return;
    if (this.disk.full) return this.startLater();
    this.joined = true;
    this.disk.files.set('incarnation', this.incarnation + 1);
    this.world.trace.note('fault', () => `${this.name} starts, incarnation ${this.incarnation}`);
    this.process = new NodeProcess(this.world, this, this.random.fork());
    this.process.boot();
  }

  startOrWake(): void {
    this.wakeUp?.();
    if (this.process) this.process.resume();
    else this.start();
  }

  startLater(delayMs = 50 + this.random.below(500)): void {
    if (this.starting || this.retired) return;
    this.starting = true;
    this.world.timeline.after(delayMs, () => {
      this.starting = false;
      this.start();
    });
  }

  /** Sleeps, as a laptop does: nothing runs, and the clock does not count the time, however long it was. */
  sleep(forMs: number): void {
    const { process } = this;
    const { timeline } = this.world;
    if (!process || process.paused) return;
    const since = timeline.now;
    const wakeUp = (): void => {
      if (this.wakeUp !== wakeUp) return; // something has woken it before
      this.wakeUp = undefined;
      if (this.process !== process) return; // it was switched off in its sleep
      this.clock.sleep(timeline.now - since);
      process.slept();
    };
    this.wakeUp = wakeUp;
    process.pause(forMs);
    timeline.after(forMs, wakeUp);
  }

  /** Ends the process. `powerLost`: with all that the disk had not synced. */
  crash(powerLost: boolean, why: string): void {
    const { process } = this;
    if (!process) return;
    this.world.trace.note('fault', () => `${this.name} crashes: ${why}`);
    this.process = undefined;
    process.die();
    this.disk.crash(powerLost);
  }

  /** Its log and table are lost, its identity is not: what starts on the disk is the same node, without its copies. */
  loseCopies(): void {
    this.world.trace.note('fault', () => `${this.name} loses its copies`);
    this.disk.loseCopies();
    this.copiesLostIn = this.incarnation;
  }

  get hasLostCopies(): boolean {
    return this.copiesLostIn > 0;
  }

  /** It has the copies that the registry knows it to have: it has not lost them since it last registered. */
  hasCopiesOf({ incarnation }: Member): boolean {
    return incarnation > this.copiesLostIn;
  }

  /** Its disk is lost. What starts on the new one is another node, at the same address. */
  replaceDisk(): void {
    this.world.trace.note('fault', () => `${this.name} loses its disk`);
    this.copiesLostIn = 0;
    this.disk = this.emptyDisk();
  }

  private emptyDisk(): Disk {
    const { timeline, rules } = this.world;
    return new Disk(timeline, this.random.fork(), this.diskProfile, rules.disks);
  }

  /** It holds nothing any more and is switched off. */
  retire(why: string): void {
    this.crash(false, why);
    this.retired = true;
  }
}
