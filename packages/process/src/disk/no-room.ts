/** Errors that mean that there is no room, and not that the disk is broken: the same write may work later. */

/** The disk is full, a quota is used up. */
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT']);
/** A disk with more free space than this has not cut a write short. */
const CUT_SHORT_FREE_BYTES_MAX = 1 << 20;
/** The length of one file is limited. */
const TOO_LONG = 'EFBIG';

/** How LMDB reports them: by number, and by one of its own when its map is full. */
const NO_ROOM_NUMBERS = new Set([28, 122, -30_792]);
/** LMDB takes a write that was cut short for want of room for a broken disk. */
const LMDB_CUT_SHORT = 5;

export function isNoRoom(error: unknown): boolean {
  return NO_ROOM.has((error as Partial<NodeJS.ErrnoException>).code ?? '');
}

/** Whether a commit of LMDB failed for want of room. `freeBytes`: what the disk has now. */
export function isNoRoomForCommit(error: unknown, freeBytes: number): boolean {
  const { code } = error as { readonly code?: unknown };
  if (typeof code !== 'number') return isNoRoom(error);
  return NO_ROOM_NUMBERS.has(code) || (code === LMDB_CUT_SHORT && freeBytes < CUT_SHORT_FREE_BYTES_MAX);
}

/** A shorter file may find room where this one did not. */
export function isTooLong(error: unknown): boolean {
  return isNoRoom(error) || (error as Partial<NodeJS.ErrnoException>).code === TOO_LONG;
}
