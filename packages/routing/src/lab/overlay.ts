/**
 * A ring of the library's own scheme objects, each knowing only what it was told: joins, repair and look-ups
 * as the messages would do them, without messages.
 *
 * This is the host that a scheme expects, in its plainest form: it carries wishes to their addressees and
 * answers back, leaves out who does not respond, and announces a newcomer to those it knows. Nothing here
 * sees the whole ring, but for the metric of the newcomer's first contact.
 */

import { advance, type NodeId, type Position } from '@ringkeep/shared';
import { createScheme } from '../create-scheme';
import { distanceBetween, type Coordinates } from '../proximity';
import type { Peer, RoutingScheme, SchemeName, Wish } from '../scheme';

export interface OverlayNode {
  readonly scheme: RoutingScheme;
  readonly coordinates: Coordinates;
}

export interface OverlayWalk {
  /** The nodes passed, the last one is where it ended; undefined when it was given up. */
  readonly path: readonly NodeId[] | undefined;
  readonly timeouts: number;
}

const HOPS_MAX = 512;

export class Overlay {
  private readonly nodes = new Map<NodeId, OverlayNode>();
  private exchanged = 0;

  constructor(private readonly schemeName: SchemeName) {}

  get size(): number {
    return this.nodes.size;
  }

  /** Questions, hops and announcements so far. */
  get messages(): number {
    return this.exchanged;
  }

  ids(): NodeId[] {
    return [...this.nodes.keys()];
  }

  node(id: NodeId): OverlayNode | undefined {
    return this.nodes.get(id);
  }

  /**
   * Lets nodes join at the same time: all of them learn before any of them announces itself, so that none
   * finds another of them.
   */
  join(
    newcomers: readonly {
      readonly id: NodeId;
      readonly coordinates: Coordinates;
      readonly contact?: NodeId;
    }[],
  ): void {
    const joining = newcomers.map(({ id, coordinates, contact }) => {
      const node = { scheme: createScheme(this.schemeName, id), coordinates };
      if (contact !== undefined) node.scheme.learn([this.peerOf(node, contact)]);
      return node;
    });
    for (const node of joining) {
      // The first round finds the neighbours; the second asks them.
      this.fulfil(node);
      this.fulfil(node);
    }
    for (const node of joining) this.nodes.set(node.scheme.self, node);
    for (const node of joining) {
      for (const peer of node.scheme.peers()) {
        this.exchanged++;
        const told = this.nodes.get(peer.id);
        told?.scheme.learn([this.peerOf(told, node.scheme.self)]);
      }
    }
  }

  /** Every node carries out its wishes once. */
  maintain(): void {
    for (const node of this.nodes.values()) this.fulfil(node);
  }

  /** Gone without a word. */
  fail(ids: Iterable<NodeId>): void {
    for (const id of ids) this.nodes.delete(id);
  }

  /** From a node towards a position; who does not answer is forgotten, and the scheme asked again. */
  walk(from: OverlayNode, target: Position): OverlayWalk {
    const path: NodeId[] = [from.scheme.self];
    let node = from;
    let timeouts = 0;
    while (path.length <= HOPS_MAX) {
      const id = node.scheme.nextHop(target);
      if (id === undefined) return { path, timeouts };
      this.exchanged++;
      const next = this.nodes.get(id);
      if (next) {
        node = next;
        path.push(id);
      } else {
        node.scheme.forget(id);
        timeouts++;
      }
    }
    return { path: undefined, timeouts };
  }

  private fulfil(node: OverlayNode): void {
    for (const wish of node.scheme.wishes()) {
      for (const id of this.addressees(node, wish)) {
        if (id === node.scheme.self) continue;
        this.exchanged++;
        const asked = this.nodes.get(id);
        if (!asked) node.scheme.forget(id);
        else this.ask(node, asked, wish);
      }
    }
  }

  private ask(node: OverlayNode, asked: OverlayNode, { to, question }: Wish): void {
    const { self } = node.scheme;
    const id = asked.scheme.self;
    if (to.kind === 'predecessor') {
      node.scheme.learn([this.peerOf(node, id)], { kind: 'predecessor' });
      // Who is still joining is not announced yet.
      if (this.nodes.has(self)) asked.scheme.learn([this.peerOf(asked, self)], { kind: 'successor' });
    }
    const named = [id, ...asked.scheme.answer(question)].filter((peer) => peer !== self);
    // A peer is taken in when it answers: that is one message for each that is new.
    this.exchanged += named.filter((peer) => !node.scheme.has(peer)).length;
    const living = named.filter((peer) => this.nodes.has(peer)).map((peer) => this.peerOf(node, peer));
    node.scheme.learn(living, question.kind === 'around' ? { kind: 'around', id } : undefined);
  }

  /** Walks clockwise from the node itself all round the ring, up to the last one before it. */
  private predecessorOf(node: OverlayNode): readonly NodeId[] {
    const point = advance(node.scheme.self, -1n);
    let found: OverlayNode = node;
    for (;;) {
      const id = found.scheme.precedingHop(point);
      if (id === undefined) return [found.scheme.self];
      this.exchanged++;
      const next = this.nodes.get(id);
      if (next) found = next;
      else found.scheme.forget(id);
    }
  }

  private addressees(node: OverlayNode, { to }: Wish): readonly NodeId[] {
    if (to.kind === 'peer') return [to.id];
    if (to.kind === 'predecessor') return this.predecessorOf(node);
    const path = this.walk(node, to.kind === 'owner' ? to.of : to.towards).path ?? [];
    return to.kind === 'owner' ? path.slice(-1) : path;
  }

  private peerOf(node: OverlayNode, id: NodeId): Peer {
    const there = this.nodes.get(id)?.coordinates;
    const distance = there === undefined ? undefined : distanceBetween(node.coordinates, there);
    return distance === undefined ? { id } : { id, distance };
  }
}
