/**
 * Decides where to forward a query: with one-hop routing to the owner itself, otherwise to the node that the routing
 * scheme names.
 *
 * Every node hears of the whole ring, because who answers for a key depends on it. For routing by Chord, Pastry or
 * neighbours it then uses only the nodes that the scheme keeps, and of a far owner it knows only the direction. The
 * scheme is told of the nodes that own a part of the ring when the ring has changed and a hop is wanted. When a node is
 * gone, the scheme is made anew, because peers that it had forgotten may be needed again. Three rules:
 *
 * 1. A walk ends at the primary that the ring names. When the scheme takes this node for the last one, or names the
 *    primary, the step goes to the primary. For a moment after a fail-over the two may differ.
 * 2. A peer that failed is not asked for a while; the scheme's other candidates are. The last step has no alternative:
 *    only the primary may answer.
 * 3. In one view of the ring each step comes nearer. Where views differ, or a detour round failed nodes leads back, the
 *    walk is cut after `hopsMax` forwards. The plain ring needs half as many as there are nodes.
 */

import { HOPS_MAX, positionOf, type Member, type NodeId, type RingKey } from '@ringkeep/shared';
import { createScheme, peersSeenFrom, type Peer, type RoutingScheme } from '@ringkeep/routing';
import { FAILED_PEER_MS, HOP_CANDIDATES_MAX, ROUND_TRIP_WEIGHT, SCHEME_OPTIONS } from '../limits';
import type { RingKnowledge, StepTime } from '../context';

type RoutingContext = Pick<StepTime, 'now'> & RingKnowledge;

/** What the routing of a node knows, for people and tools. */
export interface RoutingStatus {
  readonly scheme: string;
  /** Other nodes that it may forward to. */
  readonly peers: number;
  /** Filled places of the structure; one peer may fill several. */
  readonly entries: number;
}

export class NextHop {
  private known: RoutingScheme | undefined;
  private ringVersion = 0;
  /** The nodes that the scheme has been told of, as they were then. */
  private told: ReadonlyMap<NodeId, Member> = new Map();
  /** Until when a peer that failed is not asked, ms. */
  private readonly avoided = new Map<NodeId, number>();
  /** Smoothed round-trip times, ms; where there is one it takes the place of the co-ordinates' distance. */
  private readonly roundTrips = new Map<NodeId, number>();

  constructor(private readonly context: RoutingContext) {}

  /** Forwards after which a query is given up. */
  get hopsMax(): number {
    if (this.context.parameters.routing === 'one-hop') return HOPS_MAX;
    return Math.max(HOPS_MAX, this.context.view.ring.members.length);
  }

  /** The next node on the way to the primary of a key; undefined while no node that could be asked answers. */
  towards(primary: NodeId, key: RingKey): NodeId | undefined {
    if (this.context.parameters.routing === 'one-hop') return primary;
    const scheme = this.scheme();
    const target = positionOf(key);
    const first = scheme.nextHop(target);
    if (first === undefined || first === primary) return primary;
    if (!this.avoids(first)) return first;
    return scheme.candidates(target, HOP_CANDIDATES_MAX).find((id) => id === primary || !this.avoids(id));
  }

  /** The peer did not take a query, or did not answer one. */
  failed(peer: NodeId): void {
    if (this.context.parameters.routing === 'one-hop') return;
    this.avoided.set(peer, this.context.now + FAILED_PEER_MS);
  }

  answered(peer: NodeId): void {
    if (this.avoided.size > 0) this.avoided.delete(peer);
  }

  /** A round trip to another member took this long. */
  measured(peer: NodeId, ms: number): void {
    if (this.context.parameters.routing === 'one-hop') return;
    const scheme = this.scheme();
    const member = this.told.get(peer);
    if (!member) return;
    const before = this.roundTrips.get(peer);
    this.roundTrips.set(peer, before === undefined ? ms : before + ROUND_TRIP_WEIGHT * (ms - before));
    scheme.learn(this.seen([member]));
  }

  status(): RoutingStatus {
    const { parameters } = this.context;
    if (parameters.routing === 'one-hop') {
      const peers = this.owners().size;
      return { scheme: parameters.routing, peers, entries: peers };
    }
    return { scheme: parameters.routing, ...this.scheme().state() };
  }

  tableSizes(): Readonly<Record<string, number>> {
    return { avoidedPeers: this.avoided.size };
  }

  private avoids(peer: NodeId): boolean {
    const until = this.avoided.get(peer);
    if (until === undefined) return false;
    if (until > this.context.now) return true;
    this.avoided.delete(peer);
    return false;
  }

  /** The scheme, as the newest ring has it. */
  private scheme(): RoutingScheme {
    const { self, parameters, view } = this.context;
    const { routing } = parameters;
    const known = this.known?.name === routing && this.known.self === self ? this.known : undefined;
    if (known && this.ringVersion === view.version) return known;
    const owners = this.owners();
    const lost = [...this.told.keys()].filter((id) => !owners.has(id));
    for (const id of lost) {
      this.avoided.delete(id);
      this.roundTrips.delete(id);
    }
    const changed = [...owners.values()].filter((owner) => this.told.get(owner.id) !== owner);
    this.told = owners;
    this.ringVersion = view.version;
    if (known && lost.length === 0) known.learn(this.seen(changed));
    else this.known = createScheme(routing, self, this.seen(owners.values()), SCHEME_OPTIONS);
    return this.known as RoutingScheme;
  }

  /** The other nodes that own a part of the ring and live. */
  private owners(): Map<NodeId, Member> {
    const { self, view } = this.context;
    const owners = view.owners().filter(({ id, state }) => id !== self && state !== 'dead');
    return new Map(owners.map((owner) => [owner.id, owner]));
  }

  private seen(members: Iterable<Member>): Peer[] {
    const { self, view } = this.context;
    const peers = peersSeenFrom(self, view.member(self)?.coordinates ?? [], members);
    return peers.map((peer) => {
      const distance = this.roundTrips.get(peer.id) ?? peer.distance;
      return distance === undefined ? peer : { id: peer.id, distance };
    });
  }
}
