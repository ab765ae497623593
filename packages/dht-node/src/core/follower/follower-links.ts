/**
 * Decides which ranges this node should follow, and keeps the streams for them: the follower's half of the reconcile
 * loop. Join, re-replication and recovery are all this: a range that should be here and is not.
 */

import { arcsEqual, type Arc, type ArcConfig, type KeyRange, type Position } from '@ringkeep/shared';
import { isNewcomer, wantsCopy } from '../replica/wanted-copies';
import { REOPEN_MS, TICK_MS_MAX } from '../limits';
import type { Clocked, Reaching } from '../context';
import type { Complaint } from '../effects';
import { eraseUseless, mayErase } from '../replica/copies';
import { Following, type FollowingContext } from './following';
import type { PrimaryMessage } from '../messages';
import { PrimaryContacts } from './primary-contacts';
import type { Replica } from '../replica/replica';

interface Wanted {
  readonly range: Arc;
  readonly arc: ArcConfig;
}

export class FollowerLinks {
  private readonly links = new Map<Position, Following>();
  private readonly byConnection = new Map<number, Following>();
  private readonly reopenAt = new Map<Position, number>();
  private readonly contacts: PrimaryContacts;
  private nextConnection: number;
  private checkAt = 0;

  constructor(private readonly context: FollowingContext & Clocked & Reaching) {
    this.nextConnection = context.incarnation * 2 ** 24;
    this.contacts = new PrimaryContacts(context);
  }

  /** Every range that should be followed is. */
  get allLive(): boolean {
    return this.wanted().every(({ range }) => this.links.get(range.start)?.live);
  }

  /** Compares the streams with the ring; safe to repeat. */
  reconcile(): void {
    const wanted = this.wanted();
    this.contacts.reconcile();
    for (const [start, link] of this.links) {
      if (!wanted.some(({ range, arc }) => range.start === start && link.serves(range, arc)))
        this.end(link, 'the ring has changed');
      else if (!this.hasRoomFor(link.arc)) this.end(link, 'the disk has no room for a copy');
    }
    eraseUseless(this.context, [...wanted.map(({ range }) => range), ...this.ownArcs()]);
    for (const { range, arc } of wanted) if (this.hasRoomFor(arc)) this.open(range, arc);
  }

  /** Asks the primary of a copy for ranges of it that are damaged. */
  askRepair(start: Position, ranges: readonly KeyRange[]): void {
    this.links.get(start)?.askRepair(ranges);
  }

  private ownArcs(): Arc[] {
    return this.context.view.ring.arcs.filter((arc) => arc.primary === this.context.self);
  }

  private wanted(): Wanted[] {
    const { view, self, replicas } = this.context;
    const wanted: Wanted[] = [];
    const home = view.arcOfPosition(self);
    const joining = home !== undefined && home.primary !== self && isNewcomer(this.context, home, self);
    if (joining && !home.inSync.includes(self))
      wanted.push({ range: { start: self, end: home.end }, arc: home });
    for (const arc of view.ring.arcs) {
      if (arc.primary === self || (wanted.length > 0 && joining && arc === home)) continue;
      const kept = replicas.overlapping(arc).some((copy) => this.isToBeReleased(copy, arc));
      if (kept || wantsCopy(this.context, arc, self)) wanted.push({ range: arc, arc });
    }
    return wanted;
  }

  /**
   * A copy that its primary must decide about before it is erased: one that is whole, or that the primary may rely on.
   */
  private isToBeReleased(copy: Replica, arc: ArcConfig): boolean {
    return (copy.complete || arcsEqual(copy.range, arc)) && !mayErase(this.context, copy);
  }

  /**
   * A full disk is not filled with a new copy, which has to wait. As a member this node goes on, using its reserve. It
   * tells the primary of a copy that nobody wants, and the primary may let it be erased.
   */
  private hasRoomFor(arc: ArcConfig): boolean {
    const { roomLacking, self } = this.context;
    if (roomLacking === undefined) return true;
    const now = this.context.view.arcAt(arc.start) ?? arc;
    return now.inSync.includes(self) || !wantsCopy(this.context, now, self);
  }

  private open(range: Arc, arc: ArcConfig): void {
    const { context } = this;
    // Under a newer ring in a moment, and then at once.
    if (this.links.has(range.start) || context.adopting) return;
    const primary = context.view.member(arc.primary);
    if (!primary || primary.state === 'dead') return;
    const reopenAt = this.reopenAt.get(range.start) ?? 0;
    if (context.now < reopenAt) return this.checkBy(reopenAt);
    const link = new Following(
      context,
      ++this.nextConnection,
      { start: range.start, end: range.end },
      arc,
      primary,
    );
    this.links.set(range.start, link);
    this.byConnection.set(link.connection, link);
  }

  private end(link: Following, text: string): void {
    link.close(text);
    this.byConnection.delete(link.connection);
    if (this.links.get(link.range.start) === link) this.links.delete(link.range.start);
  }

  receive(connection: number, message: PrimaryMessage): void {
    const link = this.byConnection.get(connection);
    if (!link) return this.context.rules.receivedLate(this.context, message);
    this.contacts.heard(link.arc);
    const next = link.receive(message);
    if (next === 'go-on') return;
    if (next === 'again') this.checkBy(this.context.now);
    else this.reopenLater(link);
    this.end(link, next === 'released' ? 'released' : 'the primary asks to come again');
  }

  gone(connection: number, text: string): void {
    const link = this.byConnection.get(connection);
    if (!link) return;
    this.reopenLater(link);
    this.end(link, text);
  }

  private reopenLater(link: Following): void {
    const at = this.context.now + REOPEN_MS;
    this.reopenAt.set(link.range.start, at);
    this.checkBy(at);
  }

  /** Arcs whose primaries are not heard. */
  complaints(): readonly Complaint[] {
    return this.contacts.complaints();
  }

  /** Closes links on which nothing was heard for too long, and opens what is due. */
  tick(): void {
    const { now } = this.context;
    if (now < this.checkAt) return this.context.wakeAt(this.checkAt);
    this.checkAt = now + TICK_MS_MAX;
    for (const link of [...this.links.values()]) {
      if (this.context.now - link.heardAt > this.context.parameters.failureTimeoutMs) {
        this.reopenLater(link);
        this.end(link, 'the primary is silent');
      }
    }
    for (const [start, at] of this.reopenAt) if (at <= this.context.now) this.reopenAt.delete(start);
    this.reconcile();
    for (const { range } of this.wanted())
      this.context.rules.timePassed(this.context.replicas.entries, range, this.context.clock.wallMs);
  }

  private checkBy(time: number): void {
    this.checkAt = Math.min(this.checkAt, time);
    this.context.wakeAt(this.checkAt);
  }

  flush(): void {
    for (const link of this.links.values()) link.flush();
  }

  tableSizes(): Readonly<Record<string, number>> {
    return {
      contacts: this.contacts.size,
      links: this.links.size,
      connections: this.byConnection.size,
      reopenings: this.reopenAt.size,
    };
  }
}
