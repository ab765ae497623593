/**
 * Checks that an LMDB file is whole before it is opened. LMDB maps its file into memory, and a file that is damaged in
 * the head or cut off ends the process with a signal instead of an error.
 *
 * Two pages at the start take turns to describe the database. The newer one says how many pages there are.
 */

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { RingError } from '@ringkeep/shared';

export const LMDB_DATA_FILE = 'data.mdb';

/** Offsets in a page that describes the database; lmdb.h's MDB_meta behind a page header of 24 bytes. */
const MAGIC_AT = 24;
const PAGE_BYTES_AT = 48;
const LAST_PAGE_AT = 144;
const TRANSACTION_AT = 152;
const DESCRIPTION_BYTES = 160;
const MAGIC = 0xbeefc0de;

/** Throws INTERNAL when the folder holds a file that LMDB could not read; an absent or empty one is fine. */
export function checkLmdbFile(folder: string): void {
  lmdbPageBytes(folder);
}

/** As checkLmdbFile. @returns the length of its pages; undefined when there is nothing in it yet */
export function lmdbPageBytes(folder: string): number | undefined {
  const path = join(folder, LMDB_DATA_FILE);
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw damaged(path, (error as Error).message, error);
  }
  try {
    const { size } = fstatSync(file);
    if (size === 0) return undefined;
    const first = descriptionAt(file, path, 0);
    const second = descriptionAt(file, path, first.pageBytes);
    const newest = second.transaction > first.transaction ? second : first;
    const needed = (newest.lastPage + 1n) * BigInt(first.pageBytes);
    if (BigInt(size) < needed) throw damaged(path, `it has ${size} bytes of ${needed}`);
    return first.pageBytes;
  } finally {
    closeSync(file);
  }
}

interface Description {
  readonly pageBytes: number;
  readonly lastPage: bigint;
  readonly transaction: bigint;
}

function descriptionAt(file: number, path: string, at: number): Description {
  const page = Buffer.alloc(DESCRIPTION_BYTES);
  const read = readSync(file, page, 0, DESCRIPTION_BYTES, at);
  if (read < DESCRIPTION_BYTES || page.readUInt32LE(MAGIC_AT) !== MAGIC) {
    throw damaged(path, `there is no LMDB database in it at offset ${at}`);
  }
  return {
    pageBytes: page.readUInt32LE(PAGE_BYTES_AT),
    lastPage: page.readBigUInt64LE(LAST_PAGE_AT),
    transaction: page.readBigUInt64LE(TRANSACTION_AT),
  };
}

function damaged(path: string, why: string, cause?: unknown): RingError {
  return new RingError('INTERNAL', `the file ${path} is damaged: ${why}`, { cause });
}
