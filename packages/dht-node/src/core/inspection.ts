/** A node seen from outside, by people, tools and tests: looking changes nothing. */

import { arcContains, type Position } from '@ringkeep/shared';
import type { DiskLimits, RingKnowledge, StoredCopies } from './context';
import type { FollowerLinks } from './follower/follower-links';
import type { Membership } from './membership/membership';
import type { Reachability } from './membership/reachability';
import { isSettled, replicaStatuses, type CoreStatus } from './node-status';
import type { Queries } from './operations/queries';
import type { InboundStreams } from './primary/inbound-streams';
import type { Roles } from './primary/roles';
import type { Mending } from './replica/mending';
import type { NextHop } from './routing/next-hop';

/** What everybody may ask, and two parts of it as they are. */
type InspectedNode = RingKnowledge &
  StoredCopies &
  DiskLimits & { readonly mending: Mending; readonly reachability: Reachability };

export interface InspectedParts {
  readonly membership: Membership;
  readonly links: FollowerLinks;
  readonly inbound: InboundStreams;
  readonly roles: Roles;
  readonly queries: Queries;
  readonly nextHop: NextHop;
}

export class Inspection {
  constructor(
    private readonly context: InspectedNode,
    private readonly parts: InspectedParts,
  ) {}

  status(): CoreStatus {
    const { context, parts } = this;
    const { membership, links, roles, nextHop } = parts;
    return {
      id: context.self,
      ring: context.view.ring,
      parameters: context.parameters,
      replicas: replicaStatuses(context, (start) => roles.at(start)),
      settled: membership.standing === 'member' && links.allLive && isSettled(context, roles.all()),
      roomLacking: context.roomLacking,
      registryTrouble: membership.registryTrouble,
      routing: nextHop.status(),
    };
  }

  /** This node is primary of the arc that starts there, and answers. */
  serves(start: Position): boolean {
    return this.parts.roles.at(start)?.serving ?? false;
  }

  /** True when this process would answer a read at a position at that time, if nothing else happened before. */
  wouldAnswer(point: Position, now: number): boolean {
    for (const primary of this.parts.roles.all()) {
      if (arcContains(primary.config, point)) return primary.operations.mayRead(now);
    }
    return false;
  }

  /** How much each table in memory holds; all of them are small once the node is at rest. */
  tableSizes(): Readonly<Record<string, number>> {
    const { membership, links, inbound, roles, queries, nextHop } = this.parts;
    const primaries = roles.all();
    return {
      roles: primaries.length,
      inbound: inbound.size,
      sessions: primaries.reduce((sum, { followers }) => sum + followers.count, 0),
      ...links.tableSizes(),
      ...queries.tableSizes(),
      ...roles.watches.tableSizes(),
      ...nextHop.tableSizes(),
      ...membership.tableSizes(),
      ...this.context.reachability.tableSizes(),
      mending: this.context.mending.size,
    };
  }
}
