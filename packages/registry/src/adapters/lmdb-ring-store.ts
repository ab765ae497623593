/**
 * The registry's state in LMDB: one record for each member, one for each arc, one for each claim, and one for
 * everything else.
 *
 * A save is one transaction that writes what differs from the previous save. In a ring of thousands, a join costs two
 * small records. Members and arcs are stored as their messages, so that later versions can add fields. LMDB syncs in
 * the commit (`overlappingSync` is off, because by default a commit resolves before its sync).
 */

import { RingError, parsePosition, ringChange, type NodeId, type Position } from '@ringkeep/shared';
import { checkLmdbFile, commitFailure } from '@ringkeep/process/disk';
import { arcFromWire, arcToWire, memberFromWire, memberToWire, registry } from '@ringkeep/shared/wire';
import { open, type RootDatabase } from 'lmdb';
import { stateFault, type Claim, type DiskRoom, type RegistryState } from '../core';
import { decodeMeta, encodeMeta } from './ring-store-meta';
import type { RingStore } from './ring-store';
import { SaveRoom } from './save-room';

const META = 'meta';
const MEMBERS = 'member/';
const ARCS = 'arc/';
const CLAIMS = 'claim/';
/** Sorts behind every digit that a position is written with. */
const END = 'g';

export class LmdbRingStore implements RingStore {
  private readonly database: RootDatabase<Uint8Array, string>;
  private saved: RegistryState | undefined;
  private closed: Promise<void> | undefined;

  /** Opens or makes the database in a folder, which the caller has locked. */
  constructor(
    private readonly folder: string,
    private readonly saveRoom = new SaveRoom(folder),
  ) {
    checkLmdbFile(folder);
    try {
      this.database = open<Uint8Array, string>({ path: folder, encoding: 'binary', overlappingSync: false });
    } catch (error) {
      const text = `cannot open the registry's data in ${folder}: ${(error as Error).message}`;
      throw new RingError('INTERNAL', text, { cause: error });
    }
  }

  load(): RegistryState | undefined {
    const meta = this.database.get(META);
    if (meta === undefined) return undefined;
    try {
      const { clusterId, version, runs, parameters, ...rest } = decodeMeta(meta);
      const members = this.records(MEMBERS).map(([, bytes]) => memberFromWire(registry.Member.decode(bytes)));
      const arcs = this.records(ARCS).map(([, bytes]) => arcFromWire(registry.ArcConfig.decode(bytes)));
      const claims = this.records(CLAIMS).map(([point, bytes]): Claim => ({
        id: point,
        claim: Buffer.from(bytes).toString('utf8'),
      }));
      const state: RegistryState = {
        ring: { clusterId, version, members, arcs, runs, parameters },
        ...rest,
        claims,
      };
      const fault = stateFault(state);
      if (fault !== undefined) throw new Error(fault);
      this.saved = state;
      return state;
    } catch (error) {
      const text = `the registry's data in ${this.folder} is damaged: ${(error as Error).message}`;
      throw new RingError('INTERNAL', text, { cause: error });
    }
  }

  room(): Promise<DiskRoom> {
    return this.saveRoom.look();
  }

  async save(state: RegistryState): Promise<void> {
    try {
      await this.commit(state);
    } catch (error) {
      throw await this.failure(error as Error);
    }
    this.saved = state;
  }

  private async commit(state: RegistryState): Promise<void> {
    const { ring } = state;
    const change = ringChange(this.saved?.ring ?? { ...ring, members: [], arcs: [] }, ring);
    const claims = claimChange(this.saved?.claims ?? [], state.claims);
    await this.database.transaction(() => {
      for (const id of change.removedMembers) this.database.removeSync(recordKey(MEMBERS, id));
      for (const start of change.removedArcs) this.database.removeSync(recordKey(ARCS, start));
      for (const member of change.members) {
        this.put(recordKey(MEMBERS, member.id), registry.Member.encode(memberToWire(member)).finish());
      }
      for (const arc of change.arcs) {
        this.put(recordKey(ARCS, arc.start), registry.ArcConfig.encode(arcToWire(arc)).finish());
      }
      for (const id of claims.removed) this.database.removeSync(recordKey(CLAIMS, id));
      for (const { id, claim } of claims.put) this.put(recordKey(CLAIMS, id), Buffer.from(claim, 'utf8'));
      this.put(META, encodeMeta(state));
    });
  }

  private async failure(error: Error): Promise<RingError> {
    const cause = await commitFailure(error);
    this.database.resetReadTxn();
    const reason = cause.message.split('\n', 1)[0];
    return (await this.saveRoom.wasLacking(cause))
      ? new RingError('RESOURCE_EXHAUSTED', `the disk has no room to save the ring in ${this.folder}`, {
          cause,
        })
      : new RingError('INTERNAL', `cannot save the ring in ${this.folder}: ${reason}`, { cause });
  }

  close(): Promise<void> {
    this.closed ??= this.database.close();
    return this.closed;
  }

  private put(key: string, bytes: Uint8Array): void {
    this.database.putSync(key, Buffer.from(bytes));
  }

  /** In the order of the ring. */
  private records(prefix: string): [point: Position, bytes: Uint8Array][] {
    const range = this.database.getRange({ start: prefix, end: prefix + END });
    return [...range].map(({ key, value }) => [parsePosition(key.slice(prefix.length)), value]);
  }
}

function claimChange(
  before: readonly Claim[],
  after: readonly Claim[],
): { readonly removed: readonly NodeId[]; readonly put: readonly Claim[] } {
  if (before === after) return { removed: [], put: [] };
  const [old, ids] = [new Set(before), new Set(after.map(({ id }) => id))];
  return {
    removed: before.map(({ id }) => id).filter((id) => !ids.has(id)),
    put: after.filter((claim) => !old.has(claim)),
  };
}

/** Sixteen digits: the order of the keys is the order of the ring. */
function recordKey(prefix: string, point: bigint): string {
  return prefix + point.toString(16).padStart(16, '0');
}
