/**
 * Random rings for the tests, and the owner of a position by a linear scan: the answer that all schemes must
 * agree with.
 */

import type { Random } from '@ringkeep/shared';
import { clockwiseDistance, position, type NodeId, type Position } from '@ringkeep/shared';
import { createScheme, randomCoordinates, distanceBetween } from '@ringkeep/routing';
import type { Coordinates, Peer, RoutingScheme, SchemeName, SchemeOptions } from '@ringkeep/routing';

/**
 * Distinct ids. Some lie in clusters and at the ends of the ring, where prefixes and wrap-around get
 * awkward.
 */
export function randomIds(random: Random, count: number): NodeId[] {
  const ids = new Set<bigint>();
  if (random.chance(0.3)) ids.add(0n);
  if (random.chance(0.3)) ids.add((1n << 64n) - 1n);
  const clustered = random.chance(0.3);
  const centre = random.bits64();
  while (ids.size < count) {
    const near = clustered && random.chance(0.5);
    ids.add(near ? BigInt.asUintN(64, centre + BigInt(random.below(4096))) : random.bits64());
  }
  return [...ids].slice(0, count).map(position);
}

/** The node with the greatest id ≤ target, going round. */
export function ownerByScan(ids: readonly NodeId[], target: Position): NodeId {
  let best = ids[0] as NodeId;
  for (const id of ids) {
    if (clockwiseDistance(id, target) < clockwiseDistance(best, target)) best = id;
  }
  return best;
}

/** Random targets, and the awkward ones: ids, their neighbours, the ends of the ring. */
export function randomTarget(random: Random, ids: readonly NodeId[]): Position {
  if (random.chance(0.5)) return position(random.bits64());
  return position(BigInt.asUintN(64, random.pick(ids) + BigInt(random.between(-1, 1))));
}

function peersFor(self: NodeId, ids: readonly NodeId[], places: ReadonlyMap<NodeId, Coordinates>): Peer[] {
  const here = places.get(self) as Coordinates;
  return ids.map((id) => {
    const distance = distanceBetween(here, places.get(id) as Coordinates);
    return distance === undefined ? { id } : { id, distance };
  });
}

/** A scheme for each node, built from the whole ring. */
export function settledRing(
  name: SchemeName,
  ids: readonly NodeId[],
  random: Random,
  options: SchemeOptions = {},
): Map<NodeId, RoutingScheme> {
  const places = new Map(ids.map((id) => [id, randomCoordinates(random)]));
  return new Map(
    ids.map((id) => [id, createScheme(name, id, random.shuffle(peersFor(id, ids, places)), options)]),
  );
}

/** The nodes that a look-up passes, the start and the one that keeps it included. */
export function pathOf(
  ring: ReadonlyMap<NodeId, RoutingScheme>,
  start: NodeId,
  target: Position,
  hopsMax = 4 * ring.size + 64,
): NodeId[] {
  const path = [start];
  for (;;) {
    const next = (ring.get(path[path.length - 1] as NodeId) as RoutingScheme).nextHop(target);
    if (next === undefined) return path;
    path.push(next);
    if (path.length > hopsMax) throw new Error(`a look-up runs in circles: ${path.slice(-6).join(' → ')}`);
  }
}
