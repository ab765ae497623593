/**
 * How a primary judges the logs that a follower names on opening, before it aligns it, starts it over or releases it.
 *
 * A node cannot know that its disk is old, but others can tell by its log. So a primary that would overwrite a copy
 * first checks whether its own log has what the copy knows as committed. Only the terms of the operations say so: a
 * commit point lags, and numbers are used again.
 */

import { containsCommitted, lastTerm, newness, sharedUpTo, type LogExtent, type Seq } from '@ringkeep/shared';
import type { Replica } from '../replica/replica';
import type { ProtocolRules } from '../rules';

export type Judgement =
  /**
   * This log has all that the follower's logs have committed, or a person has decided against them (`overruled`); up to
   * where each of them is the same.
   */
  | { readonly kind: 'contained'; readonly shared: readonly Seq[]; readonly overruled: boolean }
  /** A log that has committed what this one does not have. */
  | { readonly kind: 'conflict'; readonly log: LogExtent }
  /** Histories were cut off. */
  | { readonly kind: 'incomparable' };

export function judgeLogs(own: Replica, logs: readonly LogExtent[], rules: ProtocolRules): Judgement {
  const shared: Seq[] = [];
  let comparable = true;
  let anyOverruled = false;
  for (const log of logs) {
    const mine = rules.comparedAs(own.log);
    const theirs = rules.comparedAs(log);
    const contained = containsCommitted(mine, theirs);
    const overruled = isOverruled(own, log);
    if (contained === 'no' && !overruled) return { kind: 'conflict', log };
    if (contained === 'unknown' && !overruled) comparable = false;
    anyOverruled ||= overruled && contained !== 'yes';
    shared.push(sharedUpTo(mine, theirs) ?? 0);
  }
  return comparable ? { kind: 'contained', shared, overruled: anyOverruled } : { kind: 'incomparable' };
}

/** How new a member's log is, of one that nobody has overruled. */
export function memberNewness(
  own: Replica,
  log: LogExtent,
  rules: ProtocolRules,
): ReturnType<typeof newness> {
  const mine = rules.comparedAs(own.log);
  const theirs = rules.comparedAs(log);
  return isOverruled(own, log) ? 'older' : newness(theirs, mine);
}

/** An operator has decided against it, and against all that contradicts `own` and is as old. */
function isOverruled(own: Replica, log: LogExtent): boolean {
  return own.overrules > 0 && lastTerm(log) <= own.overrules;
}
