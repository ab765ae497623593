/**
 * A primary's followers on one arc in one term: their streams, and when each was last heard from.
 *
 * A member (of any configuration that might be in force) is aligned and never started over, because its copy may be the
 * only other one. A follower that is no member starts over, and compares what it has with what is here. Its copy counts as
 * nothing then, so what is damaged here is asked of it first.
 */

import { invariant, termsBetween, type NodeId, type Seq } from '@ringkeep/shared';
import type { RingKnowledge } from '../context';
import { beatMs } from '../limits';
import type { Entry } from '../replica/entry-store';
import { inMessages, type Digests, type OpenStream, type StreamName } from '../messages';
import type { Replica } from '../replica/replica';
import type { Configurations } from './configurations';
import { FollowerSession, type FollowerSessionContext } from './follower-session';
import type { Takeover } from './takeover';
import type { SequencedOp } from '../replica/sequenced-op';

interface FollowedArc {
  readonly replica: Replica;
  readonly configurations: Configurations;
  readonly takeover: Takeover;
}

export class Followers {
  private readonly replica: Replica;
  private readonly configurations: Configurations;
  private readonly takeover: Takeover;
  private readonly sessions = new Map<NodeId, FollowerSession>();
  private readonly heardAt = new Map<NodeId, number>();
  /** The newest stream that each follower has opened in this term, and which process of it. */
  private readonly newestStream = new Map<NodeId, { readonly process: bigint; readonly number: number }>();
  /** Members that have said in this term that their copy is not complete. */
  private readonly incomplete = new Set<NodeId>();
  /** Streams on which start-over waits for an answer: about how many damaged ranges, and what start-over is to say. */
  private readonly asked = new WeakMap<
    FollowerSession,
    { readonly ranges: number; readonly shared: readonly Seq[] }
  >();
  private readonly since: number;

  constructor(
    private readonly context: FollowerSessionContext & RingKnowledge,
    { replica, configurations, takeover }: FollowedArc,
  ) {
    this.replica = replica;
    this.configurations = configurations;
    this.takeover = takeover;
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
  isOvertaken(stream: StreamName, { follower, process }: OpenStream): boolean {
    const newest = this.newestStream.get(follower);
    return newest !== undefined && newest.process === process && stream.number < newest.number;
  }

  /** A member describes its copy; one that is not complete cannot be aligned, and must be dropped. */
  noteCopy(follower: NodeId, complete: boolean): void {
    if (complete) this.incomplete.delete(follower);
    else this.incomplete.add(follower);
  }

  /** It has acknowledged, or opened a stream, within that time. */
  isHeard(member: NodeId, withinMs: number): boolean {
    const at = this.heardAt.get(member);
    return at !== undefined && this.context.now - at <= withinMs;
  }

  hasIncompleteCopy(member: NodeId): boolean {
    return this.incomplete.has(member);
  }

  /**
   * A follower of the arc, or of a part of it, opened a stream; acknowledgements of an earlier one are void.
   * `shared`: up to where each of the logs that it has named is the same as the one here.
   */
  open(connection: number, stream: StreamName, open: OpenStream, shared: readonly Seq[]): void {
    const { context } = this;
    const { follower } = open;
    this.newestStream.set(follower, { process: open.process, number: stream.number });
    this.incomplete.delete(follower);
    const before = this.sessions.get(follower);
    this.close(follower);
    const member = context.rules.isAligned(this.configurations.otherMembers.has(follower));
    const session = new FollowerSession(context, {
      connection,
      stream,
      open,
      arc: this.configurations.newest,
      startsOver: !member,
    });
    this.sessions.set(follower, session);
    if (before) context.rules.streamSucceeds(session, before);
    this.heard(follower);
    if (member) return this.align(session, shared[0] ?? 0);
    // It may own the arc soon; what waits for it meanwhile is then forwarded at once.
    const to = context.view.member(follower);
    if (to) context.emit({ kind: 'connect', to });
    this.startOver(session, shared, open.sendsDigests && open.logs.length > 0 ? Infinity : 0);
  }

  /** A follower has said what it has of damaged ranges, and that is taken. */
  repaired(session: FollowerSession): void {
    const asked = this.asked.get(session);
    if (asked) this.startOver(session, asked.shared, asked.ranges);
  }

  /** Asks about damaged ranges first, as long as there are fewer of them than before. */
  private startOver(session: FollowerSession, shared: readonly Seq[], damagedBefore: number): void {
    const { mending, rules } = this.context;
    const ranges =
      damagedBefore === 0 ? [] : rules.askedBeforeStartOver(mending.damagedWithin(session.range));
    if (ranges.length === 0 || ranges.length >= damagedBefore) {
      this.asked.delete(session);
      return session.send({ kind: 'start-over', shared });
    }
    this.asked.set(session, { ranges: ranges.length, shared });
    session.send({ kind: 'damaged', ranges, committed: this.replica.committed });
  }

  /** `shared`: the last operation that both logs have. */
  private align(session: FollowerSession, shared: Seq): void {
    invariant(session.coversArc, 'a member follows its whole arc');
    const { lastPrepared, committed, history, overrules } = this.replica;
    invariant(shared >= committed, 'a member lacks nothing that is committed');
    const ops = this.replica.windowAfter(shared);
    const [first = [], ...rest] = inMessages(ops, this.context.transferSizes.messageBytes);
    const last = rest.length === 0 ? lastPrepared : shared + first.length;
    session.send({
      kind: 'align',
      lastPrepared: last,
      committed,
      firstSeq: shared + 1,
      ops: first,
      terms: termsBetween(history, shared + 1, last),
      overrules,
      hash: session.hashBefore(rest, this.takeover.hashAt(shared)),
    });
    session.prepareAll(last + 1, rest, this.replica);
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

  /** A follower names digests of what it has. @returns why they cannot be; its stream is closed then */
  compare(session: FollowerSession, digests: Digests): string | undefined {
    const fault = session.compare(digests);
    this.heard(session.follower);
    if (fault !== undefined) this.close(session.follower);
    return fault;
  }

  /** Ends a follower's copy. Only for one that no configuration that might be in force names. */
  release(follower: NodeId): void {
    invariant(!this.configurations.otherMembers.has(follower), 'a member is never released');
    this.sessions.get(follower)?.send({ kind: 'release' });
    this.context.rules.released(this, follower);
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
  tick(): void {
    const periodMs = beatMs(this.context.parameters);
    const members = this.configurations.otherMembers;
    for (const session of this.all()) {
      const isAsked = this.asked.has(session);
      if (!isAsked && session.pump(this.replica, this.takeover)) this.context.wakeAt(this.context.now);
      session.beat(this.replica.committed, periodMs);
      if (session.lagging && !members.has(session.follower)) this.close(session.follower);
    }
  }
}
