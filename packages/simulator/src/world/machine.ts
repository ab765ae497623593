/**
 * A machine that runs one node. Its disk and clock survive the processes that come and go on it.
 *
 * It also has the operator's part: starting a process again, and giving the machine another disk when this one is of no
 * use.
 */

import { RingError, type Member, type NodeId, type Random } from '@ringkeep/shared';
import { Disk, type DiskProfile } from './disk';
import { DriftingClock } from './drifting-clock';
import { NodeProcess, type ProcessHome } from './node-process';
import type { Party } from './network';
import type { Neighbourhood } from './surroundings';

export class Machine implements ProcessHome {
  disk: Disk;
  readonly clock: DriftingClock;
  process: NodeProcess | undefined;
  id: NodeId | undefined;
  incarnation = 0;
  /** It was asked to leave the ring: its copies are not to be counted on. */
  isToLeave = false;
  /** It has left the ring, or will never be switched on again. */
  retired = false;
  /** The last incarnation that had its copies. */
  private copiesLostIn = 0;
  /** It was started once at least. */
  joined = false;
  /** Somebody is about to start it. */
  starting = false;
  stepMs = 0;
  /** What is on the disk is not what was written: nobody counts on it. */
  spoilt = false;
  acceptsDataLoss = false;
  /** The node that has lost a part of its folder. */
  private lostPartOf: NodeId | undefined;
  /** It is to have another disk as soon as nobody needs this one, and stays off until then. */
  awaitsDisk = false;
  private starts = 0;
  /** Ends its sleep, while it sleeps. */
  private wakeUp: (() => void) | undefined;

  constructor(
    private readonly world: Neighbourhood,
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

  /** Starts a process, unless one runs. */
  start(): void {
    if (this.process || this.retired || this.awaitsDisk) return;
    this.joined = true;
    this.process = new NodeProcess(this.world, this, this.random.fork(), ++this.starts);
    this.world.trace.note('fault', () => `${this.process?.name} starts`);
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

  bootFailed(process: NodeProcess, error: Error): void {
    if (process !== this.process) return;
    const refused = error instanceof RingError && error.code === 'FAILED_PRECONDITION';
    if (refused && this.lostPartOf !== undefined && !this.acceptsDataLoss) {
      this.crash(false, `it does not start: ${error.message}`);
      return this.acceptLoss();
    }
    if (refused && !this.spoilt) {
      return this.world.fail('storage', `${process.name} does not start: ${error.message}`);
    }
    if (!refused && (error as NodeJS.ErrnoException).code === undefined) {
      return this.world.fail('invariants', `${process.name}: ${error.stack ?? error.message}`);
    }
    this.crash(false, `it does not start: ${error.message}`);
    if (refused || this.disk.broken) this.world.diskIsOfNoUse(this.party);
    else this.startLater();
  }

  foundMissing(process: NodeProcess, batches: number): void {
    if (!this.spoilt) {
      return this.world.fail('storage', `${process.name} lacks ${batches} batches that were durable`);
    }
    this.crash(false, `it lacks ${batches} batches`);
    this.world.diskIsOfNoUse(this.party);
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

  losePart(part: 'log' | 'table'): void {
    this.world.trace.note('fault', () => `${this.name} loses its ${part}`);
    this.disk.losePart(part);
    this.copiesLostIn = this.incarnation;
    this.lostPartOf = this.id;
  }

  /** The operator's answer to a refusal: the node becomes a new one. */
  private acceptLoss(): void {
    this.world.trace.note('fault', () => `${this.name} may begin as a new node`);
    this.acceptsDataLoss = true;
    this.copiesLostIn = 0;
    this.disk.toldDurable = 0;
    this.id = undefined;
    this.incarnation = 0;
    this.startLater();
  }

  begun(): void {
    if (this.lostPartOf !== undefined && this.id === this.lostPartOf)
      this.world.fail('storage', `${this.name} goes on with a part of what it had`);
    this.acceptsDataLoss = false;
    this.lostPartOf = undefined;
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
    this.id = undefined;
    this.incarnation = 0;
    this.spoilt = false;
    this.acceptsDataLoss = false;
    this.lostPartOf = undefined;
    this.awaitsDisk = false;
  }

  private emptyDisk(): Disk {
    const { timeline, rules } = this.world;
    return new Disk(timeline, this.random.fork(), this.diskProfile, rules.disks);
  }

  retire(why: string): void {
    this.crash(false, why);
    this.retired = true;
  }
}
