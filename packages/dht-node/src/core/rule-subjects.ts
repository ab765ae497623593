/** What a rule (rules.ts) can touch: of each part of a node, no more than a decision asks for. */

import type { Arc, ArcConfig, NodeId, Position, Ring, Seq } from '@ringkeep/shared';

/** Who might be in sync for an arc, its primary left out: in the newest configuration known, or in one proposed. */
export interface PossibleMembers {
  readonly newest: ArcConfig;
  readonly otherMembers: ReadonlySet<NodeId>;
}

export interface Leases {
  void(nowMs: number): void;
}

export interface Grants {
  grantedUntil(range: Arc): number;
  forget(range: Arc): void;
}

export interface ProposingRole {
  readonly quiesced: object | undefined;
  readonly configurations: { forget(): void };
  unquiesce(): void;
  goOn(): void;
}

export interface Addresses {
  isReached(node: NodeId): boolean;
  isMissed(node: NodeId): boolean;
}

export interface Followers<Session> {
  all(): readonly Session[];
  close(follower: NodeId): void;
  closeAll(): void;
}

/** What a follower has acknowledged on a stream. */
export interface Acknowledged {
  acked: Seq | undefined;
  applied: Seq;
  live: boolean;
}

export interface KnownVersion {
  readonly view: { readonly version: number };
  adopt(ring: Ring): boolean;
}

export interface Copies {
  readonly replicas: { get(start: Position): object | undefined };
  readonly journal: { write(record: { readonly kind: 'forget'; readonly start: Position }): void };
}

export interface Disk {
  whenDurable(action: () => void): void;
}
