/**
 * Decides which node a call should go to, from the ring as far as it is known and a link to each node.
 *
 * The owner answers in one step, but it may be unknown yet, or not reachable from here (an address that is valid only
 * inside a container network). Any other node forwards. So there is one rule: the owner if its stream is open,
 * otherwise any open stream, and nodes that the application named before others.
 */

import type { ArcConfig, Bytes, Random, Ring, RingUpdate } from '@ringkeep/shared';
import { NO_RING, updateRing } from '@ringkeep/shared/ring/ring';
import { RingView } from '@ringkeep/shared/ring/ring-view';
import { Link } from './link';

export class Directory {
  readonly links = new Map<string, Link>();
  /** Those with a stream: only they have anything queued or in flight. */
  readonly open = new Set<Link>();
  private turn = 0;
  private view = new RingView(NO_RING);
  private linksByArc = new Map<ArcConfig, Link>();
  /** Nodes that the ring takes for dead. They are unlikely to answer. */
  dead: ReadonlySet<Link> = new Set();
  /** Nodes that have left the ring and are not forgotten yet, because they may still answer something in flight. */
  private strangers: ReadonlySet<Link> = new Set();
  /** The nodes by the addresses under which the ring knows them. */
  private named: ReadonlySet<Link> = new Set();

  constructor(seeds: readonly string[]) {
    for (const address of seeds) this.links.set(address, new Link(address, true));
  }

  get ring(): Ring {
    return this.view.ring;
  }

  /** True when the ring is newer now, false when it was known, undefined when the update does not continue it. */
  adopt(update: RingUpdate): boolean | undefined {
    const ring = updateRing(this.ring, update);
    if (ring === undefined) return undefined;
    if (ring === this.ring) return false;
    this.view = new RingView(ring);
    this.linksByArc = new Map();
    for (const arc of ring.arcs) {
      const member = this.view.member(arc.primary);
      if (member !== undefined) this.linksByArc.set(arc, this.linkTo(member.addr));
    }
    for (const member of ring.members) if (member.state === 'active') this.linkTo(member.addr);
    this.named = new Set(ring.members.flatMap((member) => this.links.get(member.addr) ?? []));
    this.strangers = new Set(
      [...this.links.values()].filter((link) => !link.isSeed && !this.named.has(link)),
    );
    const dead = ring.members.filter((member) => member.state === 'dead');
    this.dead = new Set(dead.flatMap((member) => this.links.get(member.addr) ?? []));
    return true;
  }

  /** The node that owns a position (8 bytes); undefined while that is not known. */
  ownerOf(position: Bytes): Link | undefined {
    const arc = this.view.arcOfKey(position);
    return arc === undefined ? undefined : this.linksByArc.get(arc);
  }

  /** The links with a stream, starting with another one each time, so that a common bound starves none. */
  openInTurn(): Link[] {
    const links = [...this.open];
    this.turn = links.length === 0 ? 0 : (this.turn + 1) % links.length;
    return [...links.slice(this.turn), ...links.slice(0, this.turn)];
  }

  /** The nodes that can be reached and may take part in the ring. */
  usable(): Link[] {
    return [...this.open].filter((link) => link.isOpen && !this.dead.has(link) && !this.strangers.has(link));
  }

  /**
   * A node that can be reached, will forward, and is not silent; it changes from time to time. A node that the
   * application named and the ring does not know comes last: it may be a member under another address, or one that has
   * left.
   */
  forwarder(random: Random): Link | undefined {
    return this.chosen(
      random,
      this.usable().filter((link) => !link.silent),
    );
  }

  private chosen(random: Random, usable: Link[]): Link | undefined {
    const members = usable.filter((link) => this.named.has(link));
    const known = members.length > 0 ? members : usable;
    const seeds = known.filter((link) => link.isSeed);
    const choice = seeds.length > 0 ? seeds : known;
    return choice.length === 0 ? undefined : random.pick(choice);
  }

  /** A node that takes part in the ring, can be reached and can tell of it. */
  informant(random: Random, isGood: (link: Link) => boolean): Link | undefined {
    return this.chosen(random, this.usable().filter(isGood));
  }

  /** All nodes that can be reached. A node that is taken for dead may learn better. */
  informants(): Link[] {
    return [...this.open].filter((link) => link.isOpen);
  }

  /** It has left the ring, or the ring takes it for dead. */
  isOutside(address: string): boolean {
    const link = this.links.get(address);
    return link === undefined || this.dead.has(link) || this.strangers.has(link);
  }

  /** The nodes to try while none can be reached, those that the application named first. */
  candidates(nowMs: number): Link[] {
    const links = [...this.links.values()].filter((link) => link.mayConnect(nowMs));
    return [...links.filter((link) => link.isSeed), ...links.filter((link) => !link.isSeed)];
  }

  /** The nodes that left the ring and have nothing more to answer, forgotten with this call. */
  retire(): Link[] {
    const retired = [...this.strangers].filter((link) => link.frames.size === 0 && !link.hasQueued);
    if (retired.length === 0) return retired;
    this.strangers = new Set([...this.strangers].filter((link) => !retired.includes(link)));
    for (const link of retired) {
      this.links.delete(link.address);
      this.open.delete(link);
    }
    return retired;
  }

  /** Why no node can be reached, for people; undefined when one can or nothing was tried. */
  obstacle(): string | undefined {
    if (this.ring.version > 0 && this.ring.arcs.length === 0) return 'the ring has no nodes yet';
    if (this.usable().length > 0) return undefined;
    const reasons: string[] = [];
    for (const link of this.links.values()) {
      if (this.dead.has(link)) reasons.push(`${link.address}: taken for dead`);
      else if (link.obstacle !== undefined) reasons.push(`${link.address}: ${link.obstacle}`);
      else if (link.phase.kind === 'connecting') reasons.push(`${link.address}: no answer yet`);
    }
    if (reasons.length === 0) return undefined;
    const shown = reasons.slice(0, 3).join('; ');
    return `no node can be reached (${shown}${reasons.length > 3 ? '; …' : ''})`;
  }

  /**
   * What went wrong with each address that the application named; undefined unless something went wrong with all of
   * them.
   */
  seedFailures(): string[] | undefined {
    const failures: string[] = [];
    for (const link of this.links.values()) {
      if (!link.isSeed) continue;
      if (link.obstacle === undefined) return undefined;
      failures.push(`${link.address}: ${link.obstacle}`);
    }
    return failures;
  }

  private linkTo(address: string): Link {
    let link = this.links.get(address);
    if (link === undefined) {
      link = new Link(address, false);
      this.links.set(address, link);
    }
    return link;
  }
}
