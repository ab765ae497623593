/**
 * Who watches the ring, and what a reader of an older version is missing.
 *
 * The last changes are kept and folded into one for a watcher that resumes. A reader from before them, or of another
 * history, gets the whole ring.
 */

import {
  invariant,
  knownOf,
  sameKnown,
  type KnownRing,
  type NodeId,
  type Position,
  type Ring,
  type RingChange,
  type RingUpdate,
} from '@ringkeep/shared';

export class Publication {
  private readonly watchers = new Set<number>();
  private readonly history: RingChange[] = [];

  /** The ring's last version has just been begun: a reader with the one before it lacks only that. */
  constructor(
    private readonly historyChangesMax: number,
    begun: Ring,
  ) {
    const { runs, parameters, version } = begun;
    const before = runs.at(-2);
    const run = runs.at(-1);
    if (!before || run?.firstVersion !== version || historyChangesMax === 0) return;
    const from = { ...emptyChange(begun), fromVersion: version - 1, fromRun: before.id };
    this.history.push({ ...from, runs: [run], parameters });
  }

  add(watcher: number): void {
    this.watchers.add(watcher);
  }

  remove(watcher: number): void {
    this.watchers.delete(watcher);
  }

  /** Notes a change; returns the watchers to tell. */
  note(change: RingChange): number[] {
    const last = this.history.at(-1);
    invariant(last === undefined || last.version === change.fromVersion, 'changes follow one another');
    this.history.push(change);
    if (this.history.length > this.historyChangesMax) this.history.shift();
    return [...this.watchers];
  }

  /** The change that leads a reader of some version to the present ring: an empty one if nothing has changed. */
  since(known: KnownRing, ring: Ring): RingUpdate {
    if (sameKnown(known, knownOf(ring))) return { kind: 'change', change: emptyChange(ring) };
    const from = this.history.findIndex(({ fromVersion, fromRun }) =>
      sameKnown(known, { version: fromVersion, run: fromRun }),
    );
    if (from === -1) return { kind: 'ring', ring };
    return { kind: 'change', change: folded(this.history.slice(from)) };
  }
}

function emptyChange(ring: Ring): RingChange {
  const { clusterId, version } = ring;
  return {
    clusterId,
    fromVersion: version,
    fromRun: knownOf(ring).run,
    version,
    members: [],
    removedMembers: [],
    arcs: [],
    removedArcs: [],
    runs: [],
    parameters: undefined,
  };
}

/** One change for several consecutive ones: for each member and arc the last one counts. */
function folded(changes: readonly RingChange[]): RingChange {
  const [first] = changes;
  const last = changes.at(-1);
  invariant(first && last, 'there is a change to fold');
  if (first === last) return first;
  const members = new Map<NodeId, RingChange['members'][number] | undefined>();
  const arcs = new Map<Position, RingChange['arcs'][number] | undefined>();
  for (const change of changes) {
    for (const id of change.removedMembers) members.set(id, undefined);
    for (const member of change.members) members.set(member.id, member);
    for (const start of change.removedArcs) arcs.set(start, undefined);
    for (const arc of change.arcs) arcs.set(arc.start, arc);
  }
  return {
    clusterId: last.clusterId,
    fromVersion: first.fromVersion,
    fromRun: first.fromRun,
    version: last.version,
    members: kept(members),
    removedMembers: removed(members),
    arcs: kept(arcs),
    removedArcs: removed(arcs),
    runs: changes.flatMap(({ runs }) => runs),
    parameters: changes.findLast(({ parameters }) => parameters)?.parameters,
  };
}

function kept<K, T>(items: ReadonlyMap<K, T | undefined>): T[] {
  return [...items.values()].filter((item): item is T & {} => item !== undefined);
}

function removed<K, T>(items: ReadonlyMap<K, T | undefined>): K[] {
  return [...items].filter(([, item]) => item === undefined).map(([key]) => key);
}
