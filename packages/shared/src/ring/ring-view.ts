/**
 * Answers questions about a ring: who owns a key, who are the neighbours, where should copies be.
 *
 * It is made anew for each version and then only read; look-ups are binary searches. What few callers need is computed
 * when it is first asked for: the starts of arcs as byte strings, so that the data path makes no bigint, and the active
 * members.
 */

import { clockwiseDistance, type NodeId, type Position } from './position';
import { positionBytes } from './ring-key';
import type { Bytes } from './bytes';
import type { Arc } from './arc';
import type { ArcConfig, Member, Ring } from './ring';

export class RingView {
  private startBytes: Bytes[] | undefined;
  private activeMembers: Member[] | undefined;

  constructor(readonly ring: Ring) {}

  get version(): number {
    return this.ring.version;
  }

  member(id: NodeId): Member | undefined {
    const { members } = this.ring;
    const found = members[lastAtOrBefore(members, id, (member) => member.id)];
    return found?.id === id ? found : undefined;
  }

  /** The arc that holds a ring key, or a position of 8 bytes; undefined while the ring is empty. */
  arcOfKey(key: Bytes): ArcConfig | undefined {
    const starts = (this.startBytes ??= this.ring.arcs.map((arc) => positionBytes(arc.start)));
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] as Bytes) <= key) low = middle + 1;
      else high = middle;
    }
    return this.ring.arcs[low === 0 ? starts.length - 1 : low - 1];
  }

  /** The arc that holds a position; undefined while the ring is empty. */
  arcOfPosition(point: Position): ArcConfig | undefined {
    const arcs = this.ring.arcs;
    const index = lastAtOrBefore(arcs, point, (arc) => arc.start);
    return arcs[index === -1 ? arcs.length - 1 : index];
  }

  /** The arc that starts exactly there. */
  arcAt(start: Position): ArcConfig | undefined {
    const arc = this.arcOfPosition(start);
    return arc?.start === start ? arc : undefined;
  }

  /** The arcs that overlap a range, clockwise from its start. */
  arcsWithin(range: Arc): ArcConfig[] {
    const first = this.arcOfPosition(range.start);
    if (!first) return [];
    const arcs = this.ring.arcs;
    const from = arcs.indexOf(first);
    const found: ArcConfig[] = [first];
    const width = range.start === range.end ? undefined : clockwiseDistance(range.start, range.end);
    for (let i = 1; i < arcs.length; i++) {
      const arc = arcs[(from + i) % arcs.length] as ArcConfig;
      if (width !== undefined && clockwiseDistance(range.start, arc.start) >= width) break;
      found.push(arc);
    }
    return found;
  }

  /**
   * Where the copies of an arc should be: its owner first, then the members that precede it. They are predecessors
   * because a failed node's arc falls to its predecessor, which then already holds it.
   */
  desiredReplicas(arc: Arc, replicationFactor: number): NodeId[] {
    const members = (this.activeMembers ??= this.ring.members.filter(({ state }) => state === 'active'));
    const owner = lastAtOrBefore(members, arc.start, (member) => member.id);
    return Array.from({ length: Math.min(replicationFactor, members.length) }, (_, before) => {
      const member = members[(owner - before + 2 * members.length) % members.length] as Member;
      return member.id;
    });
  }

  /**
   * In-sync members that an arc needs to accept writes: as many as the ring requires, once the arc has had that many.
   * An arc that grows with its ring does not wait for copies that it is about to get; an arc that has lost some does.
   */
  copiesToWrite({ copiesReached }: ArcConfig): number {
    return Math.min(this.ring.parameters.minCopies, copiesReached);
  }

  /** The members on either side of a node that own a part of the ring; undefined when it is alone. */
  neighbours(id: NodeId): { prev: Member; next: Member } | undefined {
    const owners = this.owners().filter((member) => member.id !== id);
    if (owners.length === 0) return undefined;
    const before = lastAtOrBefore(owners, id, (member) => member.id);
    return {
      prev: owners[before === -1 ? owners.length - 1 : before] as Member,
      next: owners[(before + 1) % owners.length] as Member,
    };
  }

  /** The members that are primary of an arc, in ring order. */
  owners(): Member[] {
    const primaries = new Set(this.ring.arcs.map((arc) => arc.primary));
    return this.ring.members.filter((member) => primaries.has(member.id));
  }
}

/** Index of the last item whose position is ≤ point, or −1. */
function lastAtOrBefore<T>(items: readonly T[], point: bigint, positionOf: (item: T) => bigint): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (positionOf(items[middle] as T) <= point) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
