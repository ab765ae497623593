/**
 * Prepared operations that a node is told to discard. Nobody knows them to be committed, but if the primary's disk is
 * older than it knows, they may be the last trace of an acknowledged write. So they are handed out first, for a file
 * that a person can look at.
 */

import { termsBetween, type RingKey, type Seq } from '@ringkeep/shared';
import type { Outbox, Reports } from '../context';
import type { DiscardedOp } from '../effects';
import type { Replica } from './replica';
import { entriesOfOp } from './sequenced-op';

/** Hands out what a copy has prepared after a number, as far as the keys are concerned. */
export function discard(
  context: Outbox & Reports,
  copy: Replica,
  after: Seq,
  concerns: (key: RingKey) => boolean,
): void {
  const ops: DiscardedOp[] = [];
  let terms = termsBetween(copy.history, after + 1, copy.lastPrepared);
  for (const [index, op] of copy.windowAfter(after).entries()) {
    const seq = after + 1 + index;
    while (terms[1] && terms[1].first <= seq) terms = terms.slice(1);
    for (const entry of entriesOfOp(op))
      if (concerns(entry.key)) ops.push({ seq, term: terms[0]?.term ?? 0, op: entry });
  }
  if (ops.length === 0) return;
  context.emit({ kind: 'discard', range: copy.range, ops });
  context.report({ kind: 'discarded', range: copy.range, operations: ops.length });
}
