/**
 * Decides where a new node goes. Its id is the position of `address_salt`, and the salt can be chosen.
 *
 * `hash` takes salt 0, as consistent hashing does. Gaps between n random points are far from even (with 5,000 nodes the
 * largest is about 9 times the mean). `balanced` tries 32 salts and takes the id that splits the largest gap most
 * evenly. The largest arc then stays near twice the mean at any size, without virtual nodes. This is Azar et al.'s
 * power of choices ("Balanced Allocations", 1999) on a ring.
 *
 * A place in an arc that nobody answers for is the last choice, because the new node would have to wait until a node
 * with that arc's data returns. With one salt there is no choice.
 *
 * The score is gap × smaller part. The smaller part alone does a little worse (it likes a good split of a middling
 * gap), and the gap alone much worse (it accepts slivers).
 */

import { RING_SIZE, RingError, clockwiseDistance, type NodeId, type Position } from '@ringkeep/shared';

export const PLACEMENTS = ['balanced', 'hash'] as const;
export type Placement = (typeof PLACEMENTS)[number];

export interface Place {
  readonly id: NodeId;
  readonly salt: number;
}

/** Salts tried for a new node. More would hardly make the ring more even. */
export const SALTS_TRIED = 32;
/** Rounds of salts before placement fails. A second one is needed when 32 ids collide. */
export const SALT_ROUNDS_MAX = 8;

/**
 * `ids` are those of all members, in order; `answered` says whether somebody answers for a position.
 * Throws INTERNAL when every id that was tried is taken.
 */
export function place(
  placement: Placement,
  addr: string,
  ids: readonly NodeId[],
  positionOfText: (text: string) => Position,
  answered: (point: Position) => boolean,
): Place {
  const saltsARound = placement === 'hash' ? 1 : SALTS_TRIED;
  for (let round = 0; round < SALT_ROUNDS_MAX; round++) {
    let best: Place | undefined;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (let salt = round * saltsARound; salt < (round + 1) * saltsARound; salt++) {
      const id = positionOfText(`${addr}_${salt}`);
      const score = splitScore(ids, id);
      if (score === undefined) continue;
      const ranked = answered(id) ? score : score - UNANSWERED_HANDICAP;
      if (ranked > bestScore) [best, bestScore] = [{ id, salt }, ranked];
    }
    if (best) return best;
  }
  throw new RingError('INTERNAL', `found no free place on the ring for ${addr}`);
}

/** More than any score. */
const UNANSWERED_HANDICAP = 2;

/** How well an id splits the gap it falls into; undefined when a member has it. */
function splitScore(ids: readonly NodeId[], id: NodeId): number | undefined {
  if (ids.length === 0) return 0;
  const next = firstAtOrAfter(ids, id);
  const after = ids[next % ids.length] as NodeId;
  if (after === id) return undefined;
  const before = ids[(next + ids.length - 1) % ids.length] as NodeId;
  const left = Number(clockwiseDistance(before, id)) / Number(RING_SIZE);
  const right = Number(clockwiseDistance(id, after)) / Number(RING_SIZE);
  return (left + right) * Math.min(left, right);
}

function firstAtOrAfter(ids: readonly NodeId[], id: NodeId): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ids[middle] as NodeId) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
