/**
 * A full disk takes no new entry, once its node must have noticed. What makes room is never refused for want of room,
 * and nothing is refused for it while no disk is or was full.
 */

import { isWrite, rowOf, type Operation, type OperationResult } from '@ringkeep/shared/operations';
import type { Failure } from './failure';

/** The free space is measured twice a second. */
const FOUND_OUT_MS = 1_200;
/** For how long a node may still go by what it said, or what a member of its arc said that has fallen silent. */
const STALE_MS = 15_000;

export interface RoomAtPrimary {
  readonly name: string;
  /** When the operation came, and since when its process has run without a pause. */
  readonly arrivedAt: number;
  readonly runsSince: number;
  /** Since when its disk is full; undefined when it is not. */
  readonly fullSince: number | undefined;
  /** When any disk was last full. */
  readonly anyFullAt: number;
}

/** A process has answered an operation itself. */
export function checkRoom(
  operation: Operation,
  result: OperationResult,
  room: RoomAtPrimary,
  now: number,
): Failure | undefined {
  if (!isWrite(operation)) return undefined;
  const fails = (text: string): Failure => ({ checker: 'room', text: `${room.name} ${text}` });
  const takesRoom = rowOf(operation.type).brings.length > 0;
  if (result.ok) {
    const since = Math.max(room.fullSince ?? Infinity, room.runsSince);
    if (!takesRoom || room.arrivedAt - since < FOUND_OUT_MS) return undefined;
    return fails(`takes a new entry, and its disk is full for ${Math.round(now - since)} ms`);
  }
  if (result.code !== 'RESOURCE_EXHAUSTED' || !/no room|MiB free/.test(result.text)) return undefined;
  if (!takesRoom) return fails('refuses for want of room what makes room');
  return now - room.anyFullAt > STALE_MS ? fails('refuses for want of room, and no disk is full') : undefined;
}
