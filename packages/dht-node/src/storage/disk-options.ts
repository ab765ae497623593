/** The options of a storage on the disk, and their defaults. */

import type { Room } from '@ringkeep/process/disk';
import type { Durability } from './node-storage';

export interface DiskOptions {
  readonly durability: Durability;
  /** With durability 'interval', how long a batch may wait for its sync. */
  readonly syncIntervalMs: number;
  /** Bytes of a log segment. Segments are allocated ahead, so there are two at any time. */
  readonly segmentBytes: number;
  /** A checkpoint is due when the log has grown by this much; it bounds the time that a start takes. */
  readonly checkpointLogBytes: number;
  /** A checkpoint is due when so many keys changed; it bounds the memory. */
  readonly checkpointKeys: number;
  /** Free space below which no new entry is taken. */
  readonly reserveBytes: number;
  /** Measures the free space on the disk, if that is to be watched. */
  readonly measureRoom: (() => Promise<Room>) | undefined;
  /** Nothing may be there: the node has no place on the ring yet, so whatever is there is another one's. */
  readonly isBlank: boolean;
}

export const DEFAULT_DISK_OPTIONS: DiskOptions = {
  durability: 'always',
  syncIntervalMs: 100,
  segmentBytes: 16 << 20,
  checkpointLogBytes: 128 << 20,
  checkpointKeys: 500_000,
  reserveBytes: 256 << 20,
  measureRoom: undefined,
  isBlank: false,
};
