/**
 * The next version of the ring while it is being made: edits on top of the present one.
 *
 * Reads see the edits. The result is the very change that watchers get, and the registry makes its next ring from it
 * with the same function as they do.
 */

import {
  ringFault,
  invariant,
  knownOf,
  updateRing,
  type ArcConfig,
  type Member,
  type NodeId,
  type Position,
  type Ring,
  type RingChange,
  type RingView,
} from '@ringkeep/shared';

export class RingDraft {
  private readonly memberEdits = new Map<NodeId, Member | undefined>();
  private readonly arcEdits = new Map<Position, ArcConfig | undefined>();

  constructor(private readonly view: RingView) {}

  get base(): Ring {
    return this.view.ring;
  }

  member(id: NodeId): Member | undefined {
    return this.memberEdits.has(id) ? this.memberEdits.get(id) : this.view.member(id);
  }

  /** All members; those that are new come last. */
  members(): readonly Member[] {
    return overlay(this.base.members, this.memberEdits, (member) => member.id);
  }

  putMember(member: Member): void {
    this.memberEdits.set(member.id, member);
  }

  removeMember(id: NodeId): void {
    this.memberEdits.set(id, undefined);
  }

  isLive(id: NodeId): boolean {
    const member = this.member(id);
    return member !== undefined && member.state !== 'dead';
  }

  arc(start: Position): ArcConfig | undefined {
    return this.arcEdits.has(start) ? this.arcEdits.get(start) : this.view.arcAt(start);
  }

  /** All arcs; those that are new come last. */
  arcs(): readonly ArcConfig[] {
    return overlay(this.base.arcs, this.arcEdits, (arc) => arc.start);
  }

  /** Somebody answers for a position, or may because nobody owns it yet. Judged by the arcs of the base. */
  isAnswered(point: Position): boolean {
    const arc = this.view.arcOfPosition(point);
    return arc === undefined || this.isLive(arc.primary);
  }

  /** Puts arcs where others were. Epochs only grow: each new one is above all that it overlaps. */
  replaceArcs(old: readonly ArcConfig[], next: readonly ArcConfig[]): void {
    for (const arc of next) {
      invariant(
        old.every((before) => arc.epoch > before.epoch),
        'a changed arc has a higher epoch',
      );
    }
    for (const arc of old) this.arcEdits.set(arc.start, undefined);
    for (const arc of next) this.arcEdits.set(arc.start, arc);
  }

  /** Which of an arc's members have no copy of it: the epoch does not count that. */
  noteCopies(start: Position, withoutCopy: readonly NodeId[]): void {
    const arc = this.arc(start);
    invariant(arc, 'copies of an arc that is there');
    this.arcEdits.set(start, { ...arc, withoutCopy });
  }

  /** How many copies an arc has had: the epoch does not count that either. */
  noteReached(arc: ArcConfig, copiesReached: number): void {
    this.arcEdits.set(arc.start, { ...arc, copiesReached });
  }

  get changed(): boolean {
    return this.memberEdits.size > 0 || this.arcEdits.size > 0;
  }

  /** The change and the ring it leads to; undefined when nothing was edited. */
  finish(): { change: RingChange; ring: Ring } | undefined {
    if (!this.changed) return undefined;
    const { clusterId, version } = this.base;
    const change: RingChange = {
      clusterId,
      fromVersion: version,
      fromRun: knownOf(this.base).run,
      version: version + 1,
      members: present(this.memberEdits),
      removedMembers: absent(this.memberEdits).filter((id) => this.view.member(id)),
      arcs: present(this.arcEdits),
      removedArcs: absent(this.arcEdits).filter((start) => this.view.arcAt(start)),
      runs: [],
      parameters: undefined,
    };
    const ring = updateRing(this.base, { kind: 'change', change });
    invariant(ring, 'a change continues the ring it was made from');
    const fault = ringFault(ring);
    invariant(fault === undefined, `the ring stays whole: ${fault}`);
    return { change, ring };
  }
}

function overlay<K, T>(
  items: readonly T[],
  edits: ReadonlyMap<K, T | undefined>,
  keyOf: (item: T) => K,
): readonly T[] {
  if (edits.size === 0) return items;
  return [...items.filter((item) => !edits.has(keyOf(item))), ...present(edits)];
}

function present<K, T>(edits: ReadonlyMap<K, T | undefined>): T[] {
  return [...edits.values()].filter((item): item is T & {} => item !== undefined);
}

function absent<K, T>(edits: ReadonlyMap<K, T | undefined>): K[] {
  return [...edits].filter(([, item]) => item === undefined).map(([key]) => key);
}
