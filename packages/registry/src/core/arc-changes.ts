/**
 * Decides whether an arc may be changed as its primary proposes, by compare-and-set on epochs.
 *
 * A refusal settles nothing and changes nothing. A repeat of an accepted proposal fails on the epoch, and the ring in
 * the answer shows the proposer what happened to it.
 */

import {
  configsAfter,
  formatArc,
  formatPosition,
  proposalFault,
  type ArcConfig,
  type Member,
  type NodeId,
  type Proposal,
} from '@ringkeep/shared';
import type { Caller } from './inputs';
import type { RingDraft } from './ring-draft';
import type { RegistryRules } from './rules';

/** Applies a proposal to the draft, or says why not. `isReturning`: the arc waits for its members. */
export function propose(
  draft: RingDraft,
  caller: Caller,
  proposal: Proposal,
  isReturning: (arc: ArcConfig) => boolean,
  rules: RegistryRules,
): string | undefined {
  const arc = draft.arc(proposal.start);
  if (!arc) return `no arc starts at ${formatPosition(proposal.start)}`;
  const next = proposal.kind === 'merge' ? draft.arc(proposal.nextStart) : undefined;
  const reason =
    proposerFault(draft, caller, arc, rules) ??
    returnFault(isReturning, arc, next) ??
    (arc.epoch === proposal.epoch ? undefined : `the epoch is ${arc.epoch}, not ${proposal.epoch}`) ??
    proposalFault(arc, proposal, next) ??
    targetFault(draft, proposal, rules) ??
    seqFault(proposal, arc, next);
  if (reason !== undefined) return reason;
  const [lower, ...others] = configsAfter(arc, proposal, next);
  const first = others.length > 0 ? rules.lowerHalf(lower as ArcConfig, arc) : (lower as ArcConfig);
  draft.replaceArcs(next ? [arc, next] : [arc], [first, ...others]);
  return undefined;
}

function proposerFault(
  draft: RingDraft,
  caller: Caller,
  arc: ArcConfig,
  rules: RegistryRules,
): string | undefined {
  const name = formatPosition(caller.id);
  const member = draft.member(caller.id);
  if (!member) return `${name} is no member`;
  if (rules.isRefusedAsOlder(member.incarnation !== caller.incarnation)) {
    return `${name} is in its incarnation ${member.incarnation}, the proposal is from ${caller.incarnation}`;
  }
  if (rules.isRefusedAsOlder(member.process !== caller.process))
    return `another process of ${name} has registered since`;
  if (member.state === 'dead') return `${name} was declared dead`;
  return arc.primary === caller.id ? undefined : `${name} is not the primary of ${formatArc(arc)}`;
}

function returnFault(
  isReturning: (arc: ArcConfig) => boolean,
  ...arcs: readonly (ArcConfig | undefined)[]
): string | undefined {
  const offline = arcs.find((arc) => arc && isReturning(arc));
  return offline && `the arc ${formatArc(offline)} waits for its members to come back`;
}

/**
 * A node that is to hold an arc must be there to do it. A leaving member is not admitted anywhere any more. It is given
 * a whole arc if a person has decided that its data are right, and passes the arc on before it goes. What an earlier
 * process of a node acknowledged says nothing about what the present one has on its disk.
 */
function targetFault(draft: RingDraft, proposal: Proposal, rules: RegistryRules): string | undefined {
  if (proposal.kind === 'yield')
    return draft.isLive(proposal.node) ? undefined : `${formatPosition(proposal.node)} is not live`;
  if (proposal.kind !== 'admit' && proposal.kind !== 'handover') return undefined;
  const target: NodeId = proposal.node;
  const member = draft.member(target);
  const passesOn =
    proposal.kind === 'handover' && proposal.at === proposal.start && member?.state === 'leaving';
  if (!rules.mayBeGivenArc(member?.state === 'active' || passesOn))
    return `${formatPosition(target)} is ${member === undefined ? 'no member' : member.state}`;
  return rules.faultOfProcess(processFault(proposal, member));
}

function processFault(
  { node: target, incarnation, process }: Extract<Proposal, { kind: 'admit' | 'handover' }>,
  member: Member | undefined,
): string | undefined {
  if (member?.incarnation === incarnation) {
    if (process === undefined || process === member.process) return undefined;
    return `another process of ${formatPosition(target)} has registered since it opened the stream`;
  }
  const present = `${formatPosition(target)} is in its incarnation ${member?.incarnation}`;
  return `${present}, the stream was opened by incarnation ${incarnation}`;
}

function seqFault(proposal: Proposal, arc: ArcConfig, next: ArcConfig | undefined): string | undefined {
  if (proposal.kind !== 'handover' && proposal.kind !== 'merge') return undefined;
  const least = Math.max(arc.seq, next?.seq ?? 0);
  return proposal.seq >= least ? undefined : `the last seq is at least ${least}, not ${proposal.seq}`;
}
