/**
 * Proximity: how far two members are from each other, in a metric that routing may use to choose between peers that are
 * equally good by position.
 *
 * Members carry co-ordinates in a plane. A ring without a metric of its own draws them at random in the unit square, as
 * the emulations of the Pastry paper and E-Pastry do. A host that measures round-trip times puts those into
 * `Peer.distance` instead, and nothing else changes.
 */

import type { Member, NodeId, Random } from '@ringkeep/shared';
import type { Peer } from './scheme';

export type Coordinates = readonly number[];

/** A point of the unit square. */
export function randomCoordinates(random: Random): Coordinates {
  return [random.fraction(), random.fraction()];
}

/** Euclidean distance, or undefined when one of the two has no co-ordinates or they differ in number. */
export function distanceBetween(a: Coordinates, b: Coordinates): number | undefined {
  if (a.length === 0 || a.length !== b.length) return undefined;
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  return Math.sqrt(sum);
}

/** The other members as peers of a node at `here`. */
export function peersSeenFrom(
  self: NodeId,
  here: Coordinates,
  members: Iterable<Pick<Member, 'id' | 'coordinates'>>,
): Peer[] {
  const peers: Peer[] = [];
  for (const { id, coordinates } of members) {
    if (id === self) continue;
    const distance = distanceBetween(here, coordinates);
    peers.push(distance === undefined ? { id } : { id, distance });
  }
  return peers;
}

/**
 * The member closest to a newcomer: whom to name as its first contact, so that what it copies from there is
 * close to it too. Without co-ordinates the first member; undefined in an empty ring.
 */
export function closestMember<M extends Pick<Member, 'id' | 'coordinates'>>(
  here: Coordinates,
  members: Iterable<M>,
): M | undefined {
  let best: M | undefined;
  let bestDistance = Infinity;
  for (const member of members) {
    const distance = distanceBetween(here, member.coordinates) ?? Infinity;
    if (best !== undefined && distance >= bestDistance) continue;
    best = member;
    bestDistance = distance;
  }
  return best;
}
