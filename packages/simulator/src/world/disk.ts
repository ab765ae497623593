/**
 * A machine's disk: names and files (name-space.ts, paged-file.ts), and what is wrong with it. Only a sync takes time
 * on it. Processes come and go on it (mounted-files.ts).
 */

import type { Random } from '@ringkeep/shared';
import type { DiskRules } from '../left-out';
import { NameSpace } from './name-space';
import { TABLE_FILE, TableFile } from './table-file';
import type { Timeline } from './timeline';

export interface DiskProfile {
  /** Typical time of a sync, ms. */
  readonly syncMs: number;
}

/** The folder of a node's data. */
export const DATA_FOLDER = '/data';
const LOG_FOLDER = `${DATA_FOLDER}/log`;
export const TABLE_FOLDER = `${DATA_FOLDER}/table`;
const TABLE_PATH = `${TABLE_FOLDER}/${TABLE_FILE}`;
/** Of a segment of the log, before its records. */
const SEGMENT_HEADER_BYTES = 16;

const TOTAL_BYTES = 2 ** 40;

/** A disk as it was at one moment: what a copy of the folder has, or a snapshot of the machine. */
export interface DiskPicture {
  readonly names: NameSpace;
  readonly toldDurable: number;
}

export class Disk {
  names = new NameSpace(new Map([[DATA_FOLDER, 'folder']]));
  /** The number of the last batch that was said to be durable here. */
  toldDurable = 0;
  private failing: 'not' | 'once' | 'for ever' = 'not';
  private stalledUntil = 0;
  private fullUntil = -Infinity;
  private fullFrom = 0;

  constructor(
    private readonly timeline: Timeline,
    private readonly random: Random,
    private readonly profile: DiskProfile,
    readonly rules: DiskRules,
  ) {}

  get full(): boolean {
    return this.timeline.now < this.fullUntil;
  }

  get fullSince(): number | undefined {
    return this.full ? this.fullFrom : undefined;
  }

  /** Up to when it was, or now. */
  get lastFullAt(): number {
    return Math.min(this.fullUntil, this.timeline.now);
  }

  /** Anything or nothing is free. */
  room(): Promise<{ readonly freeBytes: number; readonly totalBytes: number }> {
    return Promise.resolve({ freeBytes: this.full ? 0 : TOTAL_BYTES, totalBytes: TOTAL_BYTES });
  }

  /** What is durable at this moment. */
  picture(): DiskPicture {
    return { names: this.names.copy(), toldDurable: this.toldDurable };
  }

  /** Everything is as it was; no process uses it. A picture is put back once. */
  putBack({ names, toldDurable }: DiskPicture): void {
    this.names = names;
    this.toldDurable = toldDurable;
  }

  /** There once a process has made it. */
  get table(): TableFile | undefined {
    const found = this.names.get(TABLE_PATH);
    return found instanceof TableFile ? found : undefined;
  }

  stall(forMs: number): void {
    this.stalledUntil = Math.max(this.stalledUntil, this.timeline.now + forMs);
  }

  fill(forMs: number): void {
    if (!this.full) this.fullFrom = this.timeline.now;
    this.fullUntil = Math.max(this.fullUntil, this.timeline.now + forMs);
  }

  /** Fails at what is synced next, or at everything from now on. */
  fail(how: 'once' | 'for ever'): void {
    if (this.failing !== 'for ever') this.failing = how;
  }

  get broken(): boolean {
    return this.failing === 'for ever';
  }

  /** Its faults end. */
  heal(): void {
    this.stalledUntil = 0;
    this.fullUntil = Math.min(this.fullUntil, this.timeline.now);
    this.failing = 'not';
  }

  /** How long a sync takes that begins now. */
  syncMs(): number {
    const stalledMs = Math.max(0, this.stalledUntil - this.timeline.now);
    return stalledMs + this.profile.syncMs * (0.5 - Math.log(1 - this.random.fraction()) * 0.5);
  }

  /** True when what is being written now fails. */
  failsNow(): boolean {
    const fails = this.failing !== 'not';
    if (this.failing === 'once') this.failing = 'not';
    return fails;
  }

  /** Draws what of a failed write is lost. */
  get chance(): Random {
    return this.random;
  }

  /** Log and table are there, and nothing is in them any more. */
  loseCopies(): void {
    this.names.empty(LOG_FOLDER, SEGMENT_HEADER_BYTES);
    this.toldDurable = 0;
  }

  /** A part of the folder is gone; the rest of it is there. A storage that does not ask takes it for a part with nothing in it. */
  losePart(part: 'log' | 'table'): void {
    const path = `${DATA_FOLDER}/${part}`;
    if (this.rules.partsBelongTogether) return this.names.lose(path);
    if (part === 'log') this.names.emptyLog(path, SEGMENT_HEADER_BYTES);
    else this.table?.clear();
  }

  /** The process died. `powerLost`: so did the machine, and with it what was not synced. */
  crash(powerLost: boolean): void {
    if (powerLost) this.names.losePower(this.random);
    else if (this.random.chance(0.3)) this.names.evict();
  }
}
