/**
 * A primary's comparison of its own log with those of its followers, in one term of one arc: who may be aligned,
 * started over or released, who should be primary instead, and when nobody can tell.
 *
 * - A takeover gives its role to an in-sync member with a newer log, unless this process knows that what it lacks was
 *   never acknowledged.
 * - A member whose log parts from this one before the commit point has an old disk. It is dropped, and started over
 *   like any other node.
 * - A log that has committed something that this one lacks stops the arc: nothing is served and nothing is erased until
 *   a person has decided, whatever restarts meanwhile.
 * - Where histories were cut off, nothing is erased.
 */

import {
  arcOutside,
  formatArc,
  formatPosition,
  lastTerm,
  sharedUpTo,
  type Arc,
  type ArcConfig,
  type LogExtent,
  type NodeId,
  type Seq,
} from '@ringkeep/shared';
import type { DiskLog, Reports, RingKnowledge, RuleSettings } from '../context';
import type { Configurations } from './configurations';
import type { Followers } from './followers';
import { judgeLogs, memberNewness } from './log-judgement';
import type { ConflictingLog, OpenStream } from '../messages';
import type { Replica } from '../replica/replica';

interface ComparedArc {
  readonly replica: Replica;
  readonly configurations: Configurations;
  readonly followers: Followers;
}

type LogComparisonContext = RingKnowledge & DiskLog & Reports & RuleSettings;

export class LogComparison {
  private readonly replica: Replica;
  private readonly configurations: Configurations;
  private readonly followers: Followers;
  /** Logs that were newer than the one here, of those who have named them. */
  private readonly newer = new Map<NodeId, LogExtent>();
  /** By their last Open, be it in pieces: who has missed a merge joins them when the arc is its own. */
  private readonly whole = new Set<NodeId>();
  /** Said once in a term of each follower. */
  private readonly reported = new Set<NodeId>();

  constructor(
    private readonly context: LogComparisonContext,
    { replica, configurations, followers }: ComparedArc,
    private readonly onStop: () => void,
  ) {
    this.replica = replica;
    this.configurations = configurations;
    this.followers = followers;
    const { conflict } = replica;
    if (conflict && !this.isConflict(conflict.log))
      context.journal.write({ kind: 'resume', start: replica.start });
  }

  /**
   * A node that comes with copies that make up the arc may be decided for, even if it is refused in every other way.
   */
  noteShown({ follower, logs }: OpenStream): void {
    if (coverArc(logs, this.config)) this.whole.add(follower);
    else this.whole.delete(follower);
  }

  /** @returns up to where each of the logs is the same as the one here, or undefined: not now */
  admits(open: OpenStream, member: boolean, isOpen: boolean): readonly Seq[] | undefined {
    const { follower, logs, conflict } = open;
    this.newer.delete(follower);
    if (conflict && this.isConflict(conflict.log)) this.stop(conflict);
    if (this.replica.conflict) return undefined;
    const [log] = logs;
    if (member && open.complete && log && !isOpen) {
      const how = memberNewness(this.replica, log, this.context.rules);
      if (how === 'both') this.stop({ node: follower, log });
      const newer = how === 'newer' && !this.wasPreparedWithout(log);
      if (newer) this.newer.set(follower, log);
      if (how === 'both' || newer) return undefined;
    }
    const judged = judgeLogs(this.replica, logs, this.context.rules);
    if (judged.kind === 'conflict') this.stop({ node: follower, log: judged.log });
    if (judged.kind === 'incomparable') this.reportOnce(follower, 'incomparable');
    if (judged.kind !== 'contained') return undefined;
    if (!member) return judged.shared;
    const old = open.complete && (judged.overruled || (judged.shared[0] ?? 0) < this.replica.committed);
    if (old) this.reportOnce(follower, 'old-copy');
    const whole = this.context.rules.passesForWhole(open.complete);
    this.followers.noteCopy(follower, whole && !old);
    return whole && !old ? judged.shared : undefined;
  }

  get newerMember(): NodeId | undefined {
    for (const member of this.newer.keys())
      if (this.config.inSync.includes(member) && this.isNewer(member)) return member;
    return undefined;
  }

  /** It has said that it has a whole copy of the arc, whatever its log is like. */
  hasWholeCopy(node: NodeId): boolean {
    return this.whole.has(node);
  }

  /** Until somebody decides against it. */
  isNewer(member: NodeId): boolean {
    const log = this.newer.get(member);
    return log !== undefined && memberNewness(this.replica, log, this.context.rules) === 'newer';
  }

  /** A member with a newer log that is down: it may have the only copy of an acknowledged write. */
  private get missedMember(): NodeId | undefined {
    // Asked for each write, and nearly always for nothing.
    if (this.newer.size === 0) return undefined;
    const member = this.newerMember;
    if (member === undefined) return undefined;
    return this.context.view.member(member)?.state === 'dead' ? member : undefined;
  }

  /** The arc stands still until somebody decides. */
  get isStopped(): boolean {
    const { conflict, lastPrepared, overrules } = this.replica;
    const { seq, term } = this.config;
    const isShort = lastPrepared < seq && overrules < term;
    return conflict !== undefined || isShort || this.missedMember !== undefined;
  }

  /** Why it does; undefined when it does not. */
  get stopText(): string | undefined {
    return this.isStopped ? this.whyStopped : undefined;
  }

  private get whyStopped(): string {
    const { conflict, lastPrepared } = this.replica;
    const { start, seq } = this.config;
    const missed = this.missedMember;
    const why = conflict
      ? `node ${formatPosition(conflict.node)} has committed writes that its primary has not`
      : missed !== undefined
        ? `node ${formatPosition(missed)}, which is down, has shown a newer copy than its primary's; it goes on when that node is back`
        : `its primary's disk ends at write ${lastPrepared}, though the arc had ${seq}`;
    return `the arc ${formatArc(this.config)} is stopped: ${why}; see ringkeep recover ${formatPosition(start)}`;
  }

  private get config(): ArcConfig {
    return this.configurations.newest;
  }

  /**
   * A log that continues where this one ends, in a term in which this very process was aligned. Nothing was
   * acknowledged then that this process did not prepare, so it lacks only what was under way. It need not yield, which
   * would give the arc back to an owner that was replaced because nobody hears it. A process that has started since
   * cannot know that its disk is as new.
   */
  private wasPreparedWithout(log: LogExtent): boolean {
    const { hash, lastPrepared } = this.replica;
    return hash?.term === lastTerm(log) && sharedUpTo(log, this.replica.log) === lastPrepared;
  }

  private isConflict(log: LogExtent): boolean {
    return judgeLogs(this.replica, [log], this.context.rules).kind === 'conflict';
  }

  private stop(conflict: ConflictingLog): void {
    if (this.replica.conflict) return;
    this.context.journal.write({ kind: 'stop', start: this.replica.start, conflict });
    this.context.report({
      kind: 'arc-stopped',
      arc: this.config,
      node: conflict.node,
      text: this.whyStopped,
    });
    this.onStop();
  }

  private reportOnce(node: NodeId, kind: 'incomparable' | 'old-copy'): void {
    if (this.reported.has(node)) return;
    this.reported.add(node);
    const range = this.config;
    if (kind === 'incomparable') return this.context.report({ kind, range, node });
    const text = `its log parts from that of ${formatPosition(this.context.self)} before what is committed: its disk is old`;
    this.context.report({ kind, range, node, text });
  }
}

function coverArc(logs: readonly LogExtent[], arc: Arc): boolean {
  let left: readonly Arc[] = [arc];
  for (const { range } of logs) left = left.flatMap((part) => arcOutside(part, range));
  return left.length === 0;
}
