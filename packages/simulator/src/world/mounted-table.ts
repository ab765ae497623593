/** The table of a simulated disk (table-file.ts) as one process has it: the real storage's port to LMDB. */

import { dirname } from 'node:path';
import { ringKey, type Bytes, type KeyRange, type RingKey } from '@ringkeep/shared';
import { expiryIn, type StoredValue } from '@ringkeep/shared/operations';
import type { BaseTable, Checkpoint, Layer } from '@ringkeep/dht-node/storage';
import type { MountedFiles } from './mounted-files';
import { systemError } from './mounted-files';
import { TABLE_FILE, TableFile, type TableState } from './table-file';

const WHOLE_RING: KeyRange = { from: '' as Bytes, to: undefined };

export class MountedTable implements BaseTable {
  private constructor(
    private readonly folder: string,
    private readonly files: MountedFiles,
    private readonly file: TableFile,
  ) {}

  /** Makes an empty one where there is none. */
  static open(files: MountedFiles, folder: string): MountedTable {
    const { names } = files.disk;
    const path = `${folder}/${TABLE_FILE}`;
    if (names.get(folder) === undefined) names.give(folder, 'folder');
    const found = names.get(path);
    const file = found instanceof TableFile ? found : new TableFile();
    if (file !== found) names.give(path, file);
    return new MountedTable(folder, files, file);
  }

  get(key: RingKey): StoredValue | undefined {
    return this.file.state.entries.get(key);
  }

  valueBytes(key: RingKey): number | undefined {
    return this.get(key)?.length;
  }

  *walk({ from, to }: KeyRange, reverse = false): Generator<[RingKey, StoredValue], void, undefined> {
    const { keys, entries } = this.file.state;
    for (const key of reverse ? keys.toReversed() : keys) {
      if (key >= from && (to === undefined || key < to)) yield [key, entries.get(key) as StoredValue];
    }
  }

  /** Of what was written: a bit that has changed since changes nothing here. */
  expiries(): Iterable<readonly [RingKey, number]> {
    return this.file.state.expiries;
  }

  get indexed(): boolean {
    return this.file.state.positions !== undefined;
  }

  *walkKeys({ from, to }: KeyRange, reverse: boolean): Generator<[Bytes, Bytes], void, undefined> {
    const found = [...(this.file.state.positions ?? [])].filter(
      ([key]) => key >= from && (to === undefined || key < to),
    );
    found.sort(([a], [b]) => (a < b === reverse ? 1 : -1));
    yield* found;
  }

  readCheckpoint(): Checkpoint | undefined {
    return this.file.state.checkpoint;
  }

  async sync(): Promise<void> {
    if (!this.files.disk.rules.tableSyncedAtRecovery) return;
    await this.files.inTime(() => this.file.sync());
    await this.files.syncFolder(this.folder);
    await this.files.syncFolder(dirname(this.folder));
  }

  /** The commit comes first, then its sync; a process or a machine that stops between them leaves either state. */
  async write(layer: Layer, checkpoint: Checkpoint): Promise<void> {
    const { disk } = this.files;
    const next = stateAfter(this.file.state, layer, checkpoint);
    await this.files.inTime(() => undefined);
    if (disk.full) throw systemError('ENOSPC', 'no space left on device');
    this.file.commit(next);
    const synced = this.files.inTime(() => this.file.sync());
    if (disk.rules.tableSyncedBeforeLogIsDropped) await synced;
    else synced.catch(() => undefined);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function stateAfter(before: TableState, layer: Layer, checkpoint: Checkpoint): TableState {
  const { entries, damaged } = before;
  const isKept = ([key]: readonly [RingKey, unknown]): boolean => !layer.erased.contains(key);
  const next = new Map([...entries].filter(isKept));
  const expiries = new Map([...before.expiries].filter(isKept));
  for (const [key, value] of layer.table.entries(WHOLE_RING)) {
    if (value === null) next.delete(key);
    else next.set(key, value);
    const expiresAtMs = value === null ? undefined : expiryIn(value);
    if (expiresAtMs === undefined) expiries.delete(key);
    else expiries.set(key, expiresAtMs);
  }
  const copied = {
    ...checkpoint,
    snapshot: Uint8Array.from(checkpoint.snapshot),
    counts: Buffer.from(checkpoint.counts),
  };
  const left = [...damaged].filter((key) => entries.get(key) === next.get(key));
  const keys = [...next.keys()].sort();
  const positions = positionsAfter(before, layer);
  return { entries: next, keys, expiries, positions, checkpoint: copied, damaged: new Set(left) };
}

function positionsAfter({ positions }: TableState, { erased, keys }: Layer): TableState['positions'] {
  if (keys === undefined) return positions;
  const kept = [...(positions ?? [])].filter(([key, at]) => !erased.contains(ringKey(at, key)));
  const next = new Map(kept);
  for (const [key, at] of keys.walk(WHOLE_RING, false)) {
    if (at === null) next.delete(key);
    else next.set(key, at);
  }
  return next;
}
