/**
 * Checks that the parts of a data folder belong together: `node.json`, the log and the table.
 *
 * A node that lost only its log or its table would come back as the owner of keys that it does not have. One that lost
 * its `node.json` would come back as a new node on another one's keys. Both refuse to start. So the folder has a random
 * id of its own, which is in `node.json` and beside the log and the table. It shows when a part was put there from
 * somewhere else, or was made anew.
 *
 * 1. The id is in `node.json` before it is in a part, and in every part before the node has its incarnation. From then
 *    on (`marked`) a part without it is not the original one.
 * 2. A folder of a version without ids is accepted once as it is, and gets one.
 * 3. A node that never had a place on the ring has written nothing: its parts may be gone, but must hold no data.
 */

import { join } from 'node:path';
import type { FileSystem } from './file-system';
import { segmentNumberOf } from './log-record';

const MARK_FILE = 'folder-id';
export const PARTS = ['log', 'table'] as const;
type PartName = (typeof PARTS)[number];

export interface Part {
  readonly name: PartName;
  /** The id of the folder that it belongs to. */
  readonly id: string | undefined;
  /** There are segments in it; for the table only its id counts. */
  readonly hasSegments: boolean;
}

/** What `node.json` says of the folder. */
export interface Owner {
  readonly exists: boolean;
  /** The node had a place on the ring. */
  readonly isMember: boolean;
  readonly folderId: string | undefined;
  readonly marked: boolean;
}

/** Why the parts are not those of the node, or undefined. */
export function partsFault(owner: Owner, parts: readonly Part[]): string | undefined {
  for (const part of parts) {
    const fault = partFault(owner, part);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function partFault({ exists, isMember, folderId, marked }: Owner, part: Part): string | undefined {
  const { name, id, hasSegments } = part;
  if (!exists) {
    const there = id !== undefined || hasSegments;
    return there ? `node.json is gone, but ${name}/ has the data of a node` : undefined;
  }
  if (id !== undefined && id !== folderId) return `${name}/ belongs to another node than node.json`;
  if (!isMember) return undefined;
  if (id === undefined && marked) {
    return hasSegments ? `${name}/ is not the one that this node wrote` : `${name}/ of this node is gone`;
  }
  return name === 'log' && !hasSegments
    ? 'the log of this node is gone: there is no segment in log/'
    : undefined;
}

export async function readParts(files: FileSystem, folder: string): Promise<Part[]> {
  return Promise.all(PARTS.map((name) => readPart(files, folder, name)));
}

async function readPart(files: FileSystem, folder: string, name: PartName): Promise<Part> {
  const names = await files.list(join(folder, name)).catch(unlessAbsent);
  if (names === undefined) return { name, id: undefined, hasSegments: false };
  const mark = await files.read(join(folder, name, MARK_FILE)).catch(unlessAbsent);
  return {
    name,
    id: mark?.toString('utf8').trim(),
    hasSegments: name === 'log' && names.some((file) => segmentNumberOf(file) !== undefined),
  };
}

/** Durable when the promise resolves. */
export async function markPart(files: FileSystem, folder: string, name: PartName, id: string): Promise<void> {
  const part = join(folder, name);
  await files.makeFolder(part);
  const path = join(part, MARK_FILE);
  const file = await files.open(`${path}.new`, 'create');
  try {
    await file.write(Buffer.from(`${id}\n`, 'utf8'), 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await files.rename(`${path}.new`, path);
  await files.syncFolder(part);
  await files.syncFolder(folder);
}

/** Moves what is left of a node into a folder of its own. @returns that folder's path */
export async function setAside(files: FileSystem, folder: string, names: readonly string[]): Promise<string> {
  const present = await files.list(folder);
  let number = 1;
  while (present.includes(`set-aside-${number}`)) number++;
  const aside = join(folder, `set-aside-${number}`);
  await files.makeFolder(aside);
  for (const name of names) {
    if (present.includes(name)) await files.rename(join(folder, name), join(aside, name));
  }
  await files.syncFolder(aside);
  await files.syncFolder(folder);
  return aside;
}

function unlessAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
