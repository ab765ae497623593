/** Errors that say that there is no room, rather than that the disk is broken: the same may work later. */

/** The disk is full, a quota is used up. */
const NO_ROOM = new Set(['ENOSPC', 'EDQUOT']);
/** There is a limit to the length of one file. */
const TOO_LONG = 'EFBIG';

export function isNoRoom(error: unknown): boolean {
  return NO_ROOM.has((error as Partial<NodeJS.ErrnoException>).code ?? '');
}

/** A shorter file may find room where this one did not. */
export function isTooLong(error: unknown): boolean {
  return isNoRoom(error) || (error as Partial<NodeJS.ErrnoException>).code === TOO_LONG;
}
