/**
 * A primary's followers on one arc in one term: their streams, and when each was last heard of.
 *
 * A member (of any configuration that might be in force) is aligned and never started over: its copy may be
 * the only other one. Whoever is no member starts over, comparing what it has with what is here.
 */

import { invariant, type ArcConfig, type NodeId, type Seq } from '@ringkeep/shared';
import type { NodeContext } from './context';
import type { Entry } from './entry-store';
import { FollowerSession } from './follower-session';
import { inMessages, type OpenStream, type SequencedOp, type StreamName } from './messages';
import type { Replica } from './replica-store';
import type { HashPoint } from './running-hash';

export class Followers {
  private readonly sessions = new Map<NodeId, FollowerSession>();
  private readonly heardAt = new Map<NodeId, number>();
  /** The newest stream that each follower has opened in this term. */
  private readonly newestStream = new Map<NodeId, number>();
  private readonly since: number;

  constructor(
    private readonly context: NodeContext,
    private readonly replica: Replica,
    private readonly hashAt: (seq: Seq) => HashPoint | undefined,
  ) {
    this.since = context.now;
  }

  get count(): number {
    return this.sessions.size;
  }

  get(follower: NodeId): FollowerSession | undefined {
    return this.sessions.get(follower);
  }

  all(): FollowerSession[] {
    return [...this.sessions.values()];
  }

  /** Takes over the stream of a role that is over: never done, but where a rule is left out. */
  inherit(session: FollowerSession): void {
    this.sessions.set(session.follower, session);
  }

  /** The follower has opened another stream since; this opening was overtaken on its way. */
  isOvertaken(stream: StreamName, follower: NodeId): boolean {
    return stream.number < (this.newestStream.get(follower) ?? 0);
  }

  /** Why a member's copy, as it describes it, cannot be: whoever says that is no follower of this arc. */
  copyFault(open: OpenStream): string | undefined {
    if (!open.complete) return 'a member has a complete copy';
    if (open.committed > this.replica.lastPrepared) return 'a member has committed only what its primary has';
    if (open.lastPrepared < this.replica.committed) return 'a member lacks nothing that is committed';
    return undefined;
  }

  /** A follower of the arc, or of a part of it, opened a stream; acknowledgements of an earlier one are void. */
  open(
    connection: number,
    stream: StreamName,
    open: OpenStream,
    config: ArcConfig,
    members: ReadonlySet<NodeId>,
  ): void {
    const { context } = this;
    const { follower, range, compares } = open;
    this.newestStream.set(follower, stream.number);
    const before = this.sessions.get(follower);
    this.close(follower);
    const member = members.has(follower) && context.rules.membersAreAligned;
    const session = new FollowerSession(
      context,
      connection,
      follower,
      stream,
      range,
      config,
      !member,
      compares,
    );
    this.sessions.set(follower, session);
    if (before && !context.rules.acksOfPresentStreamOnly) session.inherit(before);
    this.heard(follower);
    if (member) return this.align(session, open);
    // It may own the arc soon; what waits for it meanwhile is then forwarded at once.
    const to = context.view.member(follower);
    if (to) context.emit({ kind: 'connect', to });
    session.send({ kind: 'start-over' });
  }

  private align(session: FollowerSession, open: OpenStream): void {
    invariant(session.coversArc, 'a member follows its whole arc');
    invariant(this.copyFault(open) === undefined, 'a member follows its arc with a copy that fits');
    const { lastPrepared, committed } = this.replica;
    const from = Math.min(open.lastPrepared, lastPrepared);
    const ops = this.replica.windowAfter(from);
    const [first = [], ...rest] = inMessages(ops, this.context.transferSizes.messageBytes);
    session.send({
      kind: 'align',
      lastPrepared: rest.length === 0 ? lastPrepared : from + first.length,
      committed,
      firstSeq: from + 1,
      ops: first,
      hash: session.hashBefore(rest, this.hashAt(from)),
    });
    session.prepareAll(from + first.length + 1, rest, committed);
  }

  heard(follower: NodeId): void {
    this.heardAt.set(follower, this.context.now);
  }

  /** How long a member has not been heard of, ms. */
  silenceOf(member: NodeId): number {
    return this.context.now - Math.max(this.heardAt.get(member) ?? this.since, this.since);
  }

  close(follower: NodeId): void {
    const session = this.sessions.get(follower);
    if (!session) return;
    this.sessions.delete(follower);
    session.close();
  }

  closeAll(): void {
    for (const follower of [...this.sessions.keys()]) this.close(follower);
  }

  /** Ends a follower's copy; the caller has seen to it that no configuration that might be in force names it. */
  release(follower: NodeId): void {
    this.sessions.get(follower)?.send({ kind: 'release' });
    if (this.context.rules.releaseVoidsAcks) this.close(follower);
  }

  prepare(firstSeq: Seq, ops: readonly SequencedOp[]): void {
    for (const session of this.sessions.values()) session.prepare(firstSeq, ops, this.replica.committed);
  }

  committed(entries: readonly Entry[]): void {
    for (const session of this.sessions.values()) session.committedMeanwhile(entries);
  }

  tellCommitPoint(): void {
    for (const session of this.sessions.values()) {
      if (session.live && !session.transferring)
        session.send({ kind: 'heartbeat', committed: this.replica.committed });
    }
  }

  /** Heartbeats and transfers; a follower that is far behind loses its stream unless it is a member. */
  tick(beatMs: number, members: ReadonlySet<NodeId>): void {
    for (const session of this.all()) {
      if (session.pump(this.replica, this.hashAt)) this.context.wakeAt(this.context.now);
      session.beat(this.replica.committed, beatMs);
      if (session.lagging && !members.has(session.follower)) this.close(session.follower);
    }
  }
}
