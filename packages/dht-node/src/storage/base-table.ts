/**
 * The entries as of the last checkpoint, on the disk: LMDB, keyed by ring key. So an arc is one contiguous range, and a
 * checkpoint, which writes in this order, touches each page once.
 *
 * A checkpoint is one transaction. It is filled on the main thread, slice by slice with the event loop running in
 * between, and committed on LMDB's own thread. While it is open, reads see what it has written so far. That does no
 * harm, because everything that it writes is in the frozen layer above, which hides it.
 *
 * What this file knows about lmdb-js. `overlappingSync` must be false, or a promise resolves before the data is on the
 * disk. A child transaction is needed, since only that is undone when its callback throws. `getBinaryFast` returns a
 * shared buffer whose length is the value's. A failed commit rejects two promises. A range without a start leaves out
 * the keys that begin below 0x05. A read transaction outlives a commit until it is reset. Keys of up to 1,978 bytes fit
 * pages of 4 KiB, so the longest ring key (1,032 bytes) does.
 */

import { truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { open, type Database, type RootDatabase } from 'lmdb';
import { RingError, type Bytes, type KeyRange, type RingKey } from '@ringkeep/shared';
import { decodeMs, type StoredValue } from '@ringkeep/shared/operations';
import { LMDB_DATA_FILE, checkLmdbFile, commitFailure, makeLmdbDurable } from '@ringkeep/process/disk';
import { LOWEST_KEY, countsWithEnvelopes, moveBareEntries } from './base-conversion';
import { EndingKeys } from './ending-keys';
import type { IndexedKey } from './key-index';
import type { Layer } from './layer';
import { LmdbKeys } from './lmdb-keys';
import { eraseRange, Slice } from './table-slices';
import { WHOLE_RING } from './range-set';

export interface Checkpoint {
  /** The number of the last batch that it includes. */
  readonly number: number;
  readonly snapshot: Uint8Array;
  /** Keys and bytes for each part of the ring, see range-counts.ts. */
  readonly counts: Buffer;
}

export interface FileUse {
  /** Pages that hold keys and small values: those of a checkpoint's keys are copied. */
  readonly treeBytes: number;
  /** In use for nothing; the file itself never gets shorter. */
  readonly unusedBytes: number;
}

/**
 * The port to the table on the disk. It promises this and no more: reads see one state; a write that has resolved is
 * there after a crash of the machine; a write that has not is there whole or not at all.
 */
export interface BaseTable {
  get(key: RingKey): StoredValue | undefined;
  /** The length of the key's value, without reading it. */
  valueBytes(key: RingKey): number | undefined;
  /** The entries of a range in ring order, or against it. */
  walk(range: KeyRange, reverse?: boolean): Generator<[RingKey, StoredValue], void, undefined>;
  /** The keys that end, and when. */
  expiries(): Iterable<readonly [RingKey, number]>;
  /** The index of its keys is there. */
  readonly indexed: boolean;
  /** The keys without their positions in their own order, or against it; only where there is an index. */
  walkKeys(range: KeyRange, reverse: boolean): Generator<IndexedKey, void, undefined>;
  readCheckpoint(): Checkpoint | undefined;
  /**
   * Makes what a killed process left in the system's memory durable and brings it to the present format, before
   * anything builds on it.
   */
  sync(): Promise<void>;
  /** Writes a layer and the checkpoint that goes with it, both or neither. Resolves when they are durable. */
  write(layer: Layer, checkpoint: Checkpoint): Promise<void>;
  /** What is in its file, where there is one. */
  fileUse?(): FileUse;
  close(): Promise<void>;
}

const FORMAT_VERSION = 2;
/** Values had no envelopes. */
const FORMAT_OF_BARE_VALUES = 1;
/** The head of the state record: format version (4), batch number (8), length of the counts (4). */
const STATE_HEAD_BYTES = 16;
const STATE_KEY = 'state';

/** Pages at the start of the file that say which state of it counts. */
const DESCRIBING_PAGES = 2;

/** What lmdb tells of a tree of pages; its types leave that open. */
interface TreeStats {
  readonly treeBranchPageCount: number;
  readonly treeLeafPageCount: number;
  readonly overflowPages: number;
}
interface EnvironmentStats extends TreeStats {
  readonly pageSize: number;
  readonly lastPageNumber: number;
  readonly free: TreeStats;
}

/** Ring keys travel to LMDB as the byte strings they are. */
const keyEncoder = {
  writeKey: (key: Bytes, target: Buffer, at: number): number => at + target.write(key, at, 'latin1'),
  readKey: (source: Buffer, at: number, end: number): Bytes => source.toString('latin1', at, end) as Bytes,
};

/** The source is longer than the value. */
const encoder = {
  encode: (value: string): Buffer => Buffer.from(value, 'latin1'),
  decode: (source: Buffer, end: number | { end: number }): string =>
    source.toString('latin1', 0, typeof end === 'number' ? end : end.end),
};

/** lmdb's type leaves `keyEncoder` out, which its documentation describes. */
const ENTRIES = { name: 'stored', keyEncoder, encoder };
/** When the keys end that do: a start reads these alone. */
const EXPIRIES = { name: 'expiries', keyEncoder, encoder };
const KEYS = { name: 'keys', keyEncoder, encoder };
const BARE_ENTRIES = { name: 'entries', keyEncoder, encoder, create: false };

export class LmdbTable implements BaseTable {
  private constructor(
    private readonly path: string,
    private readonly environment: RootDatabase,
    private readonly entries: Database<StoredValue, Bytes>,
    private readonly expiring: Database<string, Bytes>,
    private readonly keys: LmdbKeys,
    private readonly state: Database<Buffer, string>,
    /** Those of the format before that are still to be moved. */
    private readonly bare: Database<Bytes, Bytes> | undefined,
  ) {}

  static open(path: string): LmdbTable {
    refuseDamaged(path);
    try {
      const environment = open({ path, overlappingSync: false, maxDbs: 5 });
      const bare = environment.openDB<Bytes, Bytes>(BARE_ENTRIES) as Database<Bytes, Bytes> | undefined;
      const entries = environment.openDB<StoredValue, Bytes>(ENTRIES);
      const expiring = environment.openDB<string, Bytes>(EXPIRIES);
      const state = environment.openDB<Buffer, string>({ name: 'state', encoding: 'binary' });
      const keys = new LmdbKeys(environment.openDB<string, Bytes>(KEYS), state);
      return new LmdbTable(path, environment, entries, expiring, keys, state, bare);
    } catch (error) {
      const text = `cannot open the table ${path}: ${(error as Error).message}`;
      throw new RingError('FAILED_PRECONDITION', text, { cause: error });
    }
  }

  get(key: RingKey): StoredValue | undefined {
    const value = this.entries.getBinaryFast(key);
    return value === undefined ? undefined : (value.toString('latin1', 0, value.length) as StoredValue);
  }

  valueBytes(key: RingKey): number | undefined {
    return this.entries.getBinaryFast(key)?.length;
  }

  *walk({ from, to }: KeyRange, reverse = false): Generator<[RingKey, StoredValue], void, undefined> {
    const lowest = from || LOWEST_KEY;
    const bounds = reverse
      ? { start: to, exclusiveStart: to !== undefined, end: lowest, inclusiveEnd: true, reverse }
      : { start: lowest, end: to };
    for (const { key, value } of this.entries.getRange(bounds)) yield [key as RingKey, value];
  }

  get indexed(): boolean {
    return this.keys.areThere;
  }

  walkKeys(range: KeyRange, reverse: boolean): Generator<IndexedKey, void, undefined> {
    return this.keys.walk(range, reverse);
  }

  *expiries(): Generator<[RingKey, number], void, undefined> {
    for (const { key, value } of this.expiring.getRange({ start: LOWEST_KEY }))
      yield [key as RingKey, decodeMs(value, 0)];
  }

  readCheckpoint(): Checkpoint | undefined {
    const state = this.state.getBinary(STATE_KEY);
    if (state === undefined) return undefined;
    const format = state.readUInt32LE(0);
    if (format !== FORMAT_VERSION && format !== FORMAT_OF_BARE_VALUES) {
      const text =
        `the table ${this.path} has format ${format}; this version reads the formats ` +
        `${FORMAT_OF_BARE_VALUES} and ${FORMAT_VERSION}`;
      throw new RingError('FAILED_PRECONDITION', text);
    }
    const countsEnd = STATE_HEAD_BYTES + state.readUInt32LE(12);
    const counts = state.subarray(STATE_HEAD_BYTES, countsEnd);
    return {
      number: state.readDoubleLE(4),
      counts: format === FORMAT_OF_BARE_VALUES ? countsWithEnvelopes(counts) : counts,
      snapshot: state.subarray(countsEnd),
    };
  }

  async sync(): Promise<void> {
    await makeLmdbDurable(this.path);
    await this.convert();
  }

  async write(layer: Layer, checkpoint: Checkpoint): Promise<void> {
    const transaction = this.entries.childTransaction(async () => {
      const slice = new Slice();
      const ending = new EndingKeys(this.expiring);
      const { indexed } = this;
      for (const range of layer.erased.list()) {
        await eraseRange(this.entries, range, slice, indexed ? this.keys : undefined);
        if (ending.areThere) await eraseRange(this.expiring, range, slice);
      }
      for (const [key, value] of layer.table.entries(WHOLE_RING)) {
        if (value === null) void this.entries.remove(key);
        else void this.entries.put(key, value);
        ending.note(key, value);
        if (slice.isOver()) await slice.next();
      }
      if (layer.keys !== undefined) await this.keys.write(layer.keys, slice);
      void this.state.put(STATE_KEY, encodeState(checkpoint));
    });
    try {
      await transaction;
    } catch (error) {
      const cause = await commitFailure(error as Error);
      this.entries.resetReadTxn();
      await this.giveBackGrowth();
      throw cause;
    }
    this.entries.resetReadTxn();
  }

  /** A commit that failed may have made the file longer, by pages that nothing refers to. */
  private async giveBackGrowth(): Promise<void> {
    const { lastPageNumber, pageSize } = this.environment.getStats() as EnvironmentStats;
    await truncate(join(this.path, LMDB_DATA_FILE), (lastPageNumber + 1) * pageSize).catch(() => undefined);
  }

  fileUse(): FileUse {
    const { lastPageNumber, pageSize, free } = this.environment.getStats() as EnvironmentStats;
    const { environment, entries, expiring, keys, state } = this;
    const trees = [
      free,
      ...[environment, entries, expiring, keys, state].map((database) => database.getStats()),
    ];
    let used = DESCRIBING_PAGES;
    for (const tree of trees as TreeStats[])
      used += tree.treeBranchPageCount + tree.treeLeafPageCount + tree.overflowPages;
    const { treeBranchPageCount, treeLeafPageCount } = this.entries.getStats() as TreeStats;
    const treeBytes = (treeBranchPageCount + treeLeafPageCount) * pageSize;
    return { treeBytes, unusedBytes: Math.max(0, lastPageNumber + 1 - used) * pageSize };
  }

  async close(): Promise<void> {
    await this.environment.close();
  }

  private async convert(): Promise<void> {
    if (this.bare === undefined) return;
    const checkpoint = this.readCheckpoint();
    if (checkpoint !== undefined) await this.state.put(STATE_KEY, encodeState(checkpoint));
    await moveBareEntries(this.environment, this.bare, this.entries);
  }
}

/** LMDB brings the process down when its file is damaged or cut off. */
function refuseDamaged(path: string): void {
  try {
    checkLmdbFile(path);
  } catch (error) {
    throw new RingError(
      'FAILED_PRECONDITION',
      `${(error as Error).message}. Put back a copy of the data folder, or, if other nodes hold copies of its ` +
        'keys, delete the folder and start this one as a new node.',
      { cause: error },
    );
  }
}

function encodeState({ number, snapshot, counts }: Checkpoint): Buffer {
  const head = Buffer.allocUnsafe(STATE_HEAD_BYTES);
  head.writeUInt32LE(FORMAT_VERSION, 0);
  head.writeDoubleLE(number, 4);
  head.writeUInt32LE(counts.length, 12);
  return Buffer.concat([head, counts, snapshot]);
}
