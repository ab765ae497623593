/**
 * A person's decision about a stopped arc: with whose data it continues (`ringkeep recover`).
 *
 * The node whose copy was chosen notes that its log overrules every log that contradicts it and ends in a term up to
 * now. If that node is the primary, the arc continues at once. Otherwise the primary, which serves nothing, hands the
 * arc over to it. Either way the others then find their logs overruled: as members they are dropped, and started over.
 */

import { arcContains, formatArc, formatPosition, type ArcConfig, type NodeId } from '@ringkeep/shared';
import type { ArcPrimary } from './arc-primary';
import type { DiskLog, RingKnowledge, StoredCopies } from '../context';
import type { Replica } from '../replica/replica';

type RecoveryContext = RingKnowledge & StoredCopies & DiskLog;

/** @returns why it cannot be, or undefined */
export function recoverArc(
  context: RecoveryContext,
  start: NodeId,
  from: NodeId,
  role: ArcPrimary | undefined,
): string | undefined {
  const arc = context.view.arcAt(start);
  if (!arc) return `no arc starts at ${formatPosition(start)}`;
  if (role && !role.comparison.isStopped) return `the arc ${formatArc(arc)} is not stopped`;
  if (from === context.self) return overrule(context, arc, role);
  if (!role) return `${formatPosition(context.self)} is not the primary of ${formatArc(arc)}`;
  return handOverStopped(context, role, from);
}

function handOverStopped(context: RecoveryContext, role: ArcPrimary, to: NodeId): string | undefined {
  const member = context.view.member(to);
  if (!member || member.state === 'dead') return `${formatPosition(to)} is no living member`;
  if (!role.comparison.hasWholeCopy(to))
    return `${formatPosition(to)} has not shown a whole copy of ${formatArc(role.config)} here`;
  if (role.waitsOutGrants || !role.settled) return 'not yet: ask again in a moment';
  const { start, epoch, seq } = role.config;
  const { incarnation, process } = member;
  role.propose({ kind: 'handover', start, epoch, node: to, incarnation, process, at: start, seq });
  return undefined;
}

function overrule(
  context: RecoveryContext,
  arc: ArcConfig,
  role: ArcPrimary | undefined,
): string | undefined {
  const copies = wholeCopies(context, arc);
  if (!copies) return `${formatPosition(context.self)} has no whole copy of ${formatArc(arc)}`;
  for (const { start } of copies) context.journal.write({ kind: 'overrule', start, term: arc.epoch });
  role?.resumed();
  return undefined;
}

/** The copies that make up the arc, cut at its boundaries; undefined when something is missing. */
function wholeCopies(context: RecoveryContext, arc: ArcConfig): Replica[] | undefined {
  const { replicas, journal } = context;
  for (const copy of replicas.overlapping(arc)) {
    if (!copy.complete) return undefined;
    for (const at of [arc.start, arc.end]) {
      const cut = replicas.overlapping(arc).find(({ range }) => range.start !== at && arcContains(range, at));
      if (cut) journal.write({ kind: 'split', start: cut.start, at });
    }
  }
  const copies: Replica[] = [];
  for (let at = arc.start; ;) {
    const copy = replicas.get(at);
    if (!copy) return undefined;
    copies.push(copy);
    at = copy.range.end;
    if (at === arc.end) return copies;
    if (!arcContains(arc, at)) return undefined;
  }
}
