/**
 * How a term of an arc begins (docs/PROTOCOL.md, section 6):
 *
 * 1. Earlier primaries may still rely on what this node has granted to them, so it waits that out. It need not if the
 *    previous primary has handed over, because that one no longer serves.
 * 2. What is in the window may have been acknowledged, so all of it is kept, and every member is brought level with it.
 * 3. Then all of it is committed and the term is open. Its running hash starts there, at 0.
 *
 * Commits and followers belong to the role; this file only tracks how far the takeover has come.
 */

import { lastTerm, type ArcConfig, type Seq } from '@ringkeep/shared';
import type { DiskLog, Granting, Reports, RuleSettings, StepTime } from '../context';
import type { Replica } from '../replica/replica';
import { NUMBERS_LEFT_OUT } from '../limits';
import { NO_TERM, RunningHash } from '../replica/running-hash';
import type { HashPoint } from '../replica/sequenced-op';

type Phase =
  | { readonly kind: 'waiting-out-grants'; readonly until: number }
  | { readonly kind: 'aligning' }
  | { readonly kind: 'open' };

type TakeoverContext = StepTime & DiskLog & Reports & Granting & RuleSettings;

export class Takeover {
  private phase: Phase;
  private readonly startedAt: number;

  constructor(
    private readonly context: TakeoverContext,
    { handover }: ArcConfig,
    private readonly replica: Replica,
  ) {
    const { now, rules, grants } = context;
    const until = handover ? 0 : rules.servesFrom(grants, replica.range);
    this.phase = until > now ? { kind: 'waiting-out-grants', until } : { kind: 'aligning' };
    this.startedAt = now;
  }

  /** The term is open. */
  get isOver(): boolean {
    return this.phase.kind === 'open';
  }

  get waitsOutGrants(): boolean {
    return this.phase.kind === 'waiting-out-grants';
  }

  /** Goes on to aligning when it is time to; asks for a tick otherwise. */
  grantsAreOver(): boolean {
    if (this.phase.kind !== 'waiting-out-grants') return true;
    const { until } = this.phase;
    if (this.context.now < until) {
      this.context.wakeAt(until);
      return false;
    }
    this.phase = { kind: 'aligning' };
    return true;
  }

  /**
   * A person has decided for a log, and what other logs have acknowledged beyond it is lost. Numbers go on far above all
   * that is known: of those in between some may name writes that somebody has read, and none is given out again. It is
   * owed until a term after the decision has begun to write.
   *
   * @returns up to where numbers were skipped
   */
  jumpOverLoss({ seq, term }: ArcConfig): Seq | undefined {
    const { start, lastPrepared, overrules, log } = this.replica;
    const isDecided = overrules > 0 && lastTerm(log) <= overrules;
    if (!isDecided && lastPrepared >= seq) return undefined;
    const jump = this.context.rules.numbersLeftOut(NUMBERS_LEFT_OUT);
    const last = Math.max(lastPrepared, seq) + jump;
    if (last === lastPrepared) return undefined;
    this.context.journal.write({ kind: 'skip', start, seq: last, term });
    return last;
  }

  /** The arc was stopped in an open term, and goes on: what is under way is committed, and then it is opened again. */
  reopen(): void {
    if (this.isOver) this.phase = { kind: 'aligning' };
  }

  /** All members are level, and everything is committed. */
  open(arc: ArcConfig): void {
    const { term } = arc;
    this.phase = { kind: 'open' };
    this.replica.hash = new RunningHash(term, this.replica.lastPrepared, 0);
    this.context.report({ kind: 'role-open', arc, term, afterMs: this.context.now - this.startedAt });
  }

  /** The hash that a member is told: until the term is open, that of the previous one. */
  hashAt(seq: Seq): HashPoint | undefined {
    return this.replica.hashAt(seq) ?? (this.isOver ? undefined : NO_TERM);
  }
}
