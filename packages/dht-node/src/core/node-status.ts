/** What a node says about itself to people and tools, and whether it still has anything to do. */

import {
  arcContains,
  arcsEqual,
  type Arc,
  type ClusterParameters,
  type LogHistory,
  type NodeId,
  type Position,
  type Ring,
  type Seq,
} from '@ringkeep/shared';
import { wantsCopy } from './replica/wanted-copies';
import type { ArcPrimary } from './primary/arc-primary';
import type { RingKnowledge, StoredCopies } from './context';
import type { ConflictingLog } from './messages';
import type { RoutingStatus } from './routing/next-hop';

export interface CoreStatus {
  readonly id: NodeId;
  readonly ring: Ring;
  readonly parameters: ClusterParameters;
  readonly replicas: readonly ReplicaStatus[];
  readonly settled: boolean;
  /** Why the disk takes no new entries, if it does not. */
  readonly roomLacking: string | undefined;
  /** What is wrong with the registry, as far as this node knows. */
  readonly registryTrouble: string | undefined;
  readonly routing: RoutingStatus;
}

interface ReplicaStatus {
  readonly range: Arc;
  readonly primary: boolean;
  readonly serving: boolean;
  /** Of a primary: as many replicas are in sync as the arc needs to accept writes. */
  readonly enoughCopies: boolean;
  readonly complete: boolean;
  readonly keys: number;
  readonly bytes: number;
  readonly lastPrepared: Seq;
  readonly committed: Seq;
  /** Why the arc stands still, if this node is its primary and it does. */
  readonly stopped: string | undefined;
  readonly conflict: ConflictingLog | undefined;
  readonly history: LogHistory;
}

type RoleAt = (start: Position) => ArcPrimary | undefined;

export function replicaStatuses({ replicas }: StoredCopies, roleAt: RoleAt): ReplicaStatus[] {
  return replicas.all().map((copy) => {
    const role = roleAt(copy.start);
    return {
      range: copy.range,
      primary: role !== undefined,
      serving: role?.serving ?? false,
      enoughCopies: role?.configurations.enoughCopies ?? false,
      complete: copy.complete,
      ...replicas.size(copy.range),
      lastPrepared: copy.lastPrepared,
      committed: copy.committed,
      stopped: role?.comparison.stopText,
      conflict: role?.replica.conflict,
      history: copy.history,
    };
  });
}

/** A member's own arc is served, every arc has its desired replicas, and no copy is here that should not be. */
export function isSettled(context: RingKnowledge & StoredCopies, roles: readonly ArcPrimary[]): boolean {
  const { view, self } = context;
  const home = view.arcOfPosition(self);
  if (!home || (home.primary !== self && arcContains(home, self))) return false;
  const wanted = view.ring.arcs.filter((arc) => wantsCopy(context, arc, self));
  return (
    roles.every((role) => isRoleSettled(context, role)) &&
    context.replicas.all().every(({ range }) => wanted.some((arc) => arcsEqual(arc, range)))
  );
}

function isRoleSettled({ view, self, parameters }: RingKnowledge, role: ArcPrimary): boolean {
  const { inSync, start } = role.config;
  const desired = view.desiredReplicas(role.config, parameters.replicationFactor);
  const asDesired = desired.length === inSync.length && desired.every((id) => inSync.includes(id));
  return (
    role.serving &&
    role.settled &&
    asDesired &&
    desired[0] === self &&
    // An arc whose start is no member's id is still to be merged.
    view.member(start) !== undefined
  );
}
