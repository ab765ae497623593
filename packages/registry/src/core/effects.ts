/**
 * What a registry core asks its host to do. A `save` comes first in its list, and the host carries out what follows it
 * only once that state is durable.
 */

import type {
  ArcConfig,
  ClusterParameters,
  ErrorCode,
  Member,
  NodeId,
  Position,
  RingUpdate,
} from '@ringkeep/shared';
import type { Identity } from './inputs';
import type { RegistryState } from './state';

export interface RegisteredAnswer {
  readonly kind: 'registered';
  readonly identity: Identity;
  /** The member before it on the ring; absent for the first one. */
  readonly neighbor: Member | undefined;
  /** The closest other active member by the proximity metric; absent without co-ordinates. */
  readonly closest: Member | undefined;
  readonly parameters: ClusterParameters;
  /** The whole ring. */
  readonly ring: RingUpdate;
}

/** The answer to renew and leave. */
export interface MemberAnswer {
  readonly kind: 'member';
  /** False: the registry does not take the caller for a live member. */
  readonly live: boolean;
  /** Why the caller must stop: a later process of its node has registered. Empty if it need not. */
  readonly replaced: string;
  /** Why the registry changes nothing at present; empty if it does. */
  readonly undecided: string;
  /** Why the registry's disk allows no new member, at least; empty if it does. */
  readonly roomLacking: string;
  readonly ring: RingUpdate;
}

export interface ProposalAnswer {
  readonly kind: 'proposal';
  readonly accepted: boolean;
  /** Why it was not accepted; empty if it was. */
  readonly reason: string;
  readonly ring: RingUpdate;
}

export interface OwnersAnswer {
  readonly kind: 'owners';
  readonly members: readonly Member[];
}

export type RegistryAnswer = RegisteredAnswer | MemberAnswer | ProposalAnswer | OwnersAnswer;

/** What happened, for log lines and metrics. */
export type RegistryFact =
  | { readonly what: 'joined' | 'came back' | 'restarted'; readonly member: Member }
  | { readonly what: 'leaving' | 'died' | 'forgotten'; readonly member: Member }
  | { readonly what: 'changed'; readonly version: number; readonly arcs: readonly Position[] }
  | { readonly what: 'refused'; readonly by: NodeId; readonly reason: string }
  | { readonly what: 'away'; readonly forMs: number }
  /** A living member is no longer primary of an arc, because most in-sync members do not hear it. */
  | { readonly what: 'missed'; readonly arc: ArcConfig; readonly to: NodeId; readonly member: Member }
  /** A process has taken the place of another one that may still run. */
  | { readonly what: 'replaced'; readonly member: Member; readonly before: Member }
  /** Nodes of another cluster call: this registry's data may be lost. */
  | { readonly what: 'foreign caller'; readonly clusterId: string }
  /** Nodes know a newer ring: this registry's data are an old copy, and it no longer decides anything. */
  | { readonly what: 'behind'; readonly evidence: string }
  | { readonly what: 'no room'; readonly allows: 'no growth' | 'no change'; readonly lacking: string }
  | { readonly what: 'room again' };

export type RegistryEffect =
  | { readonly kind: 'save'; readonly state: RegistryState }
  | { readonly kind: 'answer'; readonly request: number; readonly answer: RegistryAnswer }
  | { readonly kind: 'refuse'; readonly request: number; readonly code: ErrorCode; readonly text: string }
  | { readonly kind: 'publish'; readonly watchers: readonly number[]; readonly update: RingUpdate }
  /** Ends a watch that is not possible. */
  | {
      readonly kind: 'refuse-watch';
      readonly watcher: number;
      readonly code: ErrorCode;
      readonly text: string;
    }
  | { readonly kind: 'report'; readonly fact: RegistryFact };
