/**
 * What a node remembers about itself: `node.json` in its data folder.
 *
 * The incarnation is counted before the node has a place on the ring, hence the two parts. The file is replaced as a
 * whole (written beside, synced, renamed, the folder synced), so that after a crash it is the old one or the new one.
 * Its checksum shows when anything else changed it.
 */

import { join } from 'node:path';
import { RingError, formatPosition, parsePosition, type NodeId } from '@ringkeep/shared';
import { crc32c } from '@ringkeep/shared/operations';
import type { Owner } from './folder-parts';
import { NODE_SYSTEM, type System } from './system';

/** A node's place on the ring of its cluster. */
export interface NodeIdentity {
  readonly clusterId: string;
  readonly nodeId: NodeId;
  readonly salt: number;
}

interface Remembered {
  /** How many processes have taken up this node; 0 before the first one. */
  readonly incarnation: number;
  /** Names a newcomer that registers again because the first answer was lost. */
  readonly claim: string;
  /** The longest lease that a process of this node may have granted, ms. */
  readonly leaseMs: number;
  readonly identity: NodeIdentity | undefined;
  /** The id of the data folder (folder-parts.ts). */
  readonly folderId: string | undefined;
  /** Every part of the folder has that id. */
  readonly marked: boolean;
  /** Nothing of a copy was ever reported durable here, so an empty log is no loss. */
  readonly blank: boolean;
}

export const IDENTITY_FILE = 'node.json';
const RANDOM_NAME_BYTES = 16;
const FORMAT_VERSION = 1;

export class IdentityFile {
  /** The last requested change: the file is replaced by one change at a time. */
  private lastChange: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly folder: string,
    private readonly system: System,
    /** What is in the file; undefined when there is none. */
    private text: string | undefined,
    private remembered: Remembered,
  ) {}

  /** Reads the file, if there is one. Throws FAILED_PRECONDITION naming it when it is damaged. */
  static async open(folder: string, system = NODE_SYSTEM): Promise<IdentityFile> {
    const path = join(folder, IDENTITY_FILE);
    const bytes = await system.files.read(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw new RingError('FAILED_PRECONDITION', `cannot read ${path}: ${error.message}`, { cause: error });
    });
    return new IdentityFile(
      folder,
      system,
      bytes?.toString('utf8'),
      bytes === undefined ? nothingRemembered(system) : parse(path, bytes.toString('utf8')),
    );
  }

  get identity(): NodeIdentity | undefined {
    return this.remembered.identity;
  }

  get incarnation(): number {
    return this.remembered.incarnation;
  }

  get claim(): string {
    return this.remembered.claim;
  }

  get leaseMs(): number {
    return this.remembered.leaseMs;
  }

  /** Nothing was ever said to be durable here: see `hasData`. */
  get blank(): boolean {
    return this.remembered.blank;
  }

  /**
   * Call it before anything of a copy counts as durable for the first time. Resolves when that is recorded on the disk.
   */
  hasData(): Promise<void> {
    return this.inTurn(async () => {
      if (this.remembered.blank) await this.replace({ ...this.remembered, blank: false });
    });
  }

  /** What it says of the folder and its parts. */
  get owner(): Owner {
    const { folderId, marked, identity } = this.remembered;
    return { exists: this.text !== undefined, isMember: identity !== undefined, folderId, marked };
  }

  /** The id of the folder, durable; a new one when it has none. */
  folderId(): Promise<string> {
    return this.inTurn(async () => {
      const folderId = this.remembered.folderId ?? randomName(this.system);
      if (this.remembered.folderId === undefined) await this.replace({ ...this.remembered, folderId });
      return folderId;
    });
  }

  /** Nobody else has removed or changed the file; true as well when that cannot be found out. */
  isAsWritten(): Promise<boolean> {
    return this.inTurn(async () => {
      try {
        return (
          (await this.system.files.read(join(this.folder, IDENTITY_FILE))).toString('utf8') === this.text
        );
      } catch (error) {
        return (error as NodeJS.ErrnoException).code !== 'ENOENT';
      }
    });
  }

  /** Raises the incarnation and returns it when it is durable. A folder that has an id has it in all its parts by now. */
  raiseIncarnation(): Promise<number> {
    return this.inTurn(async () => {
      const { incarnation, folderId } = this.remembered;
      await this.replace({
        ...this.remembered,
        incarnation: incarnation + 1,
        marked: folderId !== undefined,
      });
      return this.remembered.incarnation;
    });
  }

  /** Remembers the node's place and the leases of its ring. Resolves when it is durable. */
  remember(identity: NodeIdentity, leaseMs: number): Promise<void> {
    return this.inTurn(async () => {
      const longestMs = Math.max(leaseMs, this.remembered.leaseMs);
      const known = this.remembered.identity;
      if (known && longestMs === this.remembered.leaseMs && known.nodeId === identity.nodeId) return;
      await this.replace({ ...this.remembered, identity, leaseMs: longestMs });
    });
  }

  private inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    const changed = this.lastChange.then(change);
    this.lastChange = changed.catch(() => undefined);
    return changed;
  }

  private async replace(remembered: Remembered): Promise<void> {
    const path = join(this.folder, IDENTITY_FILE);
    const { files } = this.system;
    const text = format(remembered);
    const file = await files.open(`${path}.new`, 'create');
    try {
      await file.write(Buffer.from(text, 'utf8'), 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await files.rename(`${path}.new`, path);
    await files.syncFolder(this.folder);
    this.text = text;
    this.remembered = remembered;
  }
}

function nothingRemembered(system: System): Remembered {
  return {
    incarnation: 0,
    claim: randomName(system),
    leaseMs: 0,
    identity: undefined,
    folderId: undefined,
    marked: false,
    blank: true,
  };
}

function randomName({ randomBytes }: System): string {
  return randomBytes(RANDOM_NAME_BYTES).toString('hex');
}

interface FileContent {
  readonly format: number;
  readonly incarnation: number;
  readonly claim: string;
  readonly leaseMs: number;
  readonly clusterId?: string;
  readonly nodeId?: string;
  readonly salt?: number;
  readonly folderId?: string;
  readonly marked?: boolean;
  readonly blank?: boolean;
  readonly checksum: string;
}

function format({ incarnation, claim, leaseMs, identity, folderId, marked, blank }: Remembered): string {
  const content = {
    format: FORMAT_VERSION,
    incarnation,
    claim,
    leaseMs,
    ...(identity && { ...identity, nodeId: formatPosition(identity.nodeId) }),
    ...(folderId !== undefined && { folderId, marked }),
    ...(blank && { blank }),
  };
  return `${JSON.stringify({ ...content, checksum: checksumOf(content) }, undefined, 2)}\n`;
}

function parse(path: string, text: string): Remembered {
  const damaged = (what: string): RingError =>
    new RingError(
      'FAILED_PRECONDITION',
      `${path} is damaged: ${what}. Put back a copy of it, or delete the data folder and start this node as a new one.`,
    );
  let file: FileContent;
  try {
    file = JSON.parse(text) as FileContent;
  } catch (error) {
    throw damaged((error as Error).message);
  }
  if (typeof file !== 'object' || file === null || Array.isArray(file)) throw damaged('it is no object');
  if (typeof file.format === 'number' && file.format > FORMAT_VERSION) {
    throw new RingError(
      'FAILED_PRECONDITION',
      `${path} was written by a later version (format ${file.format})`,
    );
  }
  const { checksum, ...content } = file;
  if (checksum !== checksumOf(content)) throw damaged('its checksum is wrong');
  const { incarnation, claim, leaseMs, clusterId, nodeId, salt, folderId } = content;
  const { marked = false, blank = false } = content;
  const placed = clusterId !== undefined && nodeId !== undefined && salt !== undefined;
  const identity = placed ? { clusterId, nodeId: parsePosition(nodeId), salt } : undefined;
  return { incarnation, claim, leaseMs, identity, folderId, marked, blank };
}

function checksumOf(content: object): string {
  return crc32c(Buffer.from(JSON.stringify(content), 'utf8'))
    .toString(16)
    .padStart(8, '0');
}
