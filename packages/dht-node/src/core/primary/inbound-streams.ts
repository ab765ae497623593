/**
 * The streams that followers opened here: which of them are admitted, and to which role each belongs.
 *
 * An opening names the newest ring that the follower knows. The side that is behind adopts the newer one first:
 * otherwise a primary that missed the eviction would align a node that has rightly erased.
 */

import {
  arcCovers,
  arcsEqual,
  formatArc,
  formatPosition,
  type NodeId,
  type Position,
} from '@ringkeep/shared';
import type { ArcPrimary } from './arc-primary';
import type {
  Outbox,
  Reaching,
  Repairing,
  Reports,
  RingArrivals,
  RingKnowledge,
  RuleSettings,
  StepTime,
} from '../context';
import type { FollowerMessage, OpenStream, PrimaryBody, StreamName } from '../messages';
import { wantsCopy } from '../replica/wanted-copies';
import { Newcomers } from './newcomers';
import { isSpare } from './spare-copies';

type InboundStreamsContext = StepTime &
  RingKnowledge &
  RingArrivals &
  Outbox &
  Reports &
  Reaching &
  Repairing &
  RuleSettings;

export class InboundStreams {
  /** By connection. */
  private readonly followers = new Map<number, { readonly follower: NodeId; readonly start: Position }>();
  /** Openings that wait for a ring. */
  private readonly parked = new Set<number>();
  private readonly newcomers: Newcomers;

  constructor(
    private readonly context: InboundStreamsContext,
    private readonly roleAt: (start: Position) => ArcPrimary | undefined,
  ) {
    this.newcomers = new Newcomers(context);
  }

  get size(): number {
    return this.followers.size;
  }

  receive(connection: number, { stream, body }: FollowerMessage): void {
    if (body.kind === 'open') return this.opened(connection, stream, body);
    const known = this.followers.get(connection);
    if (!known) return;
    const role = this.roleAt(known.start);
    const session = role?.followers.get(known.follower);
    if (!role || session?.connection !== connection || session.stream.number !== stream.number) return;
    if (body.kind === 'acknowledge') return role.acknowledge(session, body);
    if (body.kind === 'damaged') return role.answerDamaged(session, body);
    if (body.kind === 'repair') return role.repair(session, body);
    const fault = role.followers.compare(session, body);
    if (fault !== undefined) this.reportViolation(known.follower, fault);
  }

  /** The stream ended on the other side. */
  gone(connection: number): void {
    this.parked.delete(connection);
    const known = this.followers.get(connection);
    if (!known) return;
    this.followers.delete(connection);
    const role = this.roleAt(known.start);
    if (role?.followers.get(known.follower)?.connection !== connection) return;
    this.context.rules.streamEnded(role.followers, known.follower);
  }

  /** The stream was closed on this side. */
  closed(connection: number): void {
    this.followers.delete(connection);
  }

  /** Under a ring that is on its way to the disk an opening is looked at when this node acts on that ring. */
  private opened(connection: number, stream: StreamName, open: OpenStream): void {
    const { context } = this;
    if (!context.rules.adoptsFromOpening(context, open.ring)) return this.open(connection, stream, open);
    this.parked.add(connection);
    context.whenAdopted(() => {
      if (this.parked.delete(connection)) this.open(connection, stream, open);
    });
  }

  private open(connection: number, stream: StreamName, open: OpenStream): void {
    const { context } = this;
    const refuse = (body: PrimaryBody): void => {
      context.emit({
        kind: 'send-to-follower',
        connection,
        message: { stream, sentAtMs: context.now, body },
      });
      context.emit({ kind: 'close-follower', connection });
    };
    if (context.isForeign(open.ring)) return refuse({ kind: 'wait' });
    if (context.rules.isFollowerBehind(open.ring.version, context.view.version))
      return refuse({ kind: 'adopt', ring: context.view.ring });
    const role = this.roleAt(stream.start);
    if (!role || role.config.term !== stream.term || this.isStranger(open)) return refuse({ kind: 'wait' });
    const whole = arcsEqual(open.range, role.config);
    const member = role.configurations.otherMembers.has(open.follower);
    // Members alone: whoever lost its disk counts its streams afresh, and may have been given its old place.
    if (context.rules.isOpeningDropped(member, role.followers.isOvertaken(stream, open))) {
      return context.emit({ kind: 'close-follower', connection });
    }
    // Whatever the answer will be: released on this stream, it must not be admitted by what it said on another.
    context.rules.streamEnded(role.followers, open.follower);
    const stranger = open.logs.find((log) => !arcCovers(open.range, log.range));
    if (stranger) {
      this.reportViolation(
        open.follower,
        `a log of ${formatArc(stranger.range)} for ${formatArc(open.range)}`,
      );
      return refuse({ kind: 'wait' });
    }
    role.comparison.noteShown(open);
    // Its own log may not be the newest yet: it would stop needlessly, or start a better copy over.
    if (!member && !role.open) return refuse({ kind: 'wait' });
    if (member ? !whole : !whole && !this.newcomers.mayFollow(role, open)) return refuse({ kind: 'wait' });
    const shared = role.comparison.admits(open, member, role.open);
    if (!shared) return refuse({ kind: 'wait' });
    if (!member && whole && !wantsCopy(context, role.config, open.follower)) {
      if (isSpare(context, role, open.follower)) return refuse({ kind: 'release', shared });
      // What is damaged here may not be damaged there.
      if (!context.mending.isDamagedWithin(role.config)) return refuse({ kind: 'wait' });
    }
    this.followers.set(connection, { follower: open.follower, start: stream.start });
    role.followers.open(connection, stream, open, shared);
  }

  /** It speaks for another cluster, or for a process of a member that is over. */
  private isStranger({ ring, follower, incarnation, process }: OpenStream): boolean {
    const { view } = this.context;
    const member = view.member(follower);
    if (ring.clusterId !== view.ring.clusterId) return true;
    return member !== undefined && (member.incarnation !== incarnation || member.process !== process);
  }

  private reportViolation(by: NodeId, fault: string): void {
    this.context.report({ kind: 'protocol-violation', text: `${formatPosition(by)}: ${fault}` });
  }
}
