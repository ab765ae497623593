/** Describes the inputs and effects of cores in a few words each, for the story of a run. */

import type {
  FollowerMessage,
  LogRecord,
  NodeEffect,
  NodeInput,
  PrimaryMessage,
} from '@ringkeep/dht-node/core';
import type { Proposal, RingUpdate } from '@ringkeep/shared';
import type { Operation, OperationResult } from '@ringkeep/shared/operations';
import { operandOf, rowOf, type Extras } from '@ringkeep/shared/operations';
import { op, point, range, valueText, type Names } from './names';

type EventEffect = Extract<NodeEffect, { kind: 'event' }>['event'];

export function describeInput(input: NodeInput, names: Names): string {
  switch (input.kind) {
    case 'query':
      return `query ${input.request} ${input.operations.map(describeOperation).join(' ')} hops ${input.hops}`;
    case 'persisted':
      return `durable ≤ ${input.batch}`;
    case 'forward-answer':
      return `answer to forward ${input.forward}: ${input.results.map(describeResult).join(' ')}`;
    case 'forward-failed':
      return `forward ${input.forward} failed${input.sent ? '' : ', not sent'}: ${input.text}`;
    case 'registered':
      return `registered (call ${input.call}) at version ${input.ring.version}`;
    case 'member-answer':
      return `member answer (call ${input.call}) ${input.live ? 'live' : 'NOT LIVE'} ${describeUpdate(input.update)}`;
    case 'proposal-answer':
      return `proposal answer (call ${input.call}) ${input.accepted ? 'accepted' : `refused: ${input.reason}`} ${describeUpdate(input.update)}`;
    case 'registry-failed':
    case 'registry-refused':
      return `${input.kind} (call ${input.call}): ${input.text}`;
    case 'ring':
      return `watch ${describeUpdate(input.update)}`;
    case 'follower-message':
      return `⇠c${input.connection} ${describeFollowerMessage(input.message, names)}`;
    case 'primary-message':
      return `⇠c${input.connection} ${describePrimaryMessage(input.message)}`;
    case 'follower-gone':
      return `follower gone c${input.connection}`;
    case 'primary-gone':
      return `primary gone c${input.connection}: ${input.text}`;
    default:
      return input.kind;
  }
}

export function describeEffect(effect: NodeEffect, names: Names): string {
  switch (effect.kind) {
    case 'append':
      return `append ${effect.batch}: ${effect.records.map(describeRecord).join('; ')}`;
    case 'checkpoint':
      return 'checkpoint';
    case 'discard':
      return `discard ${range(effect.range)}: ${effect.ops.map(({ seq, term, op: { key } }) => `${seq}@${term} ${key.slice(8)}`).join(', ')}`;
    case 'answer':
      return `answer ${effect.request}: ${effect.results.map(describeResult).join(' ')}`;
    case 'forward':
      return `forward ${effect.forward} to ${names.node(effect.to.id)}: ${effect.operations.map(describeOperation).join(' ')}`;
    case 'cancel-forward':
      return `cancel forward ${effect.forward}`;
    case 'call-registry':
      return `call ${effect.call} ${effect.request.kind}${effect.request.kind === 'propose' ? ` ${describeProposal(effect.request.proposal, names)}` : ''}`;
    case 'open-stream':
      return `open c${effect.connection} to ${names.node(effect.to.id)} ${describeFollowerMessage(effect.message, names)}`;
    case 'send-to-primary':
      return `c${effect.connection}⇢ ${describeFollowerMessage(effect.message, names)}`;
    case 'send-to-follower':
      return `c${effect.connection}⇢ ${describePrimaryMessage(effect.message)}`;
    case 'close-stream':
    case 'close-follower':
      return `${effect.kind} c${effect.connection}`;
    case 'event':
      return describeEvent(effect.event, names);
    case 'connect':
    case 'introduce':
    case 'dial':
      return `${effect.kind} to ${names.node(effect.to.id)}`;
    case 'recover-answer':
      return `recover ${effect.request}: ${effect.refusal ?? 'done'}`;
    case 'watch-told':
      return `watch ${effect.watch} ${range(effect.range)} to ${effect.through}: ${effect.changes.map(({ seq, entry }) => `${seq} ${entry.key.slice(8)}`).join(', ')}`;
    case 'watch-range-ended':
      return `watch ${effect.watch} ${range(effect.range)} ${effect.because}`;
    case 'watch-ended':
      return `watch ${effect.watch} ended: ${effect.refusal?.text ?? 'nothing is left'}`;
    case 'forward-watch':
      return `watch ${effect.watch} to ${names.node(effect.to.id)}`;
    case 'refused':
    case 'leave-refused':
      return `${effect.kind}: ${effect.text}`;
    case 'left':
      return 'left';
  }
}

export function describeEvent(event: EventEffect, names: Names): string {
  switch (event.kind) {
    case 'role-taken':
    case 'role-open':
    case 'role-lost':
      return `** ${event.kind} ${range(event.arc)} t${event.term}`;
    case 'joined':
    case 'data-missing':
    case 'paused':
      return `** ${event.kind} ${range(event.arc)}`;
    case 'following':
      return `** following ${range(event.range)} at ${names.node(event.primary)}`;
    case 'following-ended':
      return `** following-ended ${range(event.range)}: ${event.text}`;
    case 'live':
    case 'erased':
    case 'discarded':
      return `** ${event.kind} ${range(event.range)}`;
    case 'old-copy':
    case 'incomparable':
      return `** ${event.kind} ${range(event.range)} at ${names.node(event.node)}`;
    case 'arc-stopped':
    case 'arc-resumed':
      return `** ${event.kind} ${range(event.arc)}`;
    case 'node-missed':
    case 'node-reached':
      return `** ${event.kind} ${names.node(event.node)}`;
    case 'proposed':
      return `** proposed ${describeProposal(event.proposal, names)}`;
    case 'proposal-refused':
      return `** refused ${describeProposal(event.proposal, names)}: ${event.reason}`;
    case 'ring-adopted':
      return `** ring ${event.version}`;
    default:
      return `** ${event.kind}`;
  }
}

function describeProposal(proposal: Proposal, names: Names): string {
  const on = `${proposal.kind} ${point(proposal.start)} e${proposal.epoch}`;
  if (proposal.kind === 'keep') return on;
  if (proposal.kind === 'merge')
    return `${on} with ${point(proposal.nextStart)} e${proposal.nextEpoch} seq ${proposal.seq}`;
  if (proposal.kind === 'handover')
    return `${on} at ${point(proposal.at)} to ${names.node(proposal.node)} seq ${proposal.seq}`;
  const nodes = proposal.kind === 'drop' ? proposal.nodes : [proposal.node];
  return `${on} ${nodes.map((node) => names.node(node)).join(' ')}`;
}

export function describeUpdate(update: RingUpdate): string {
  if (update.kind === 'ring') return `ring v${update.ring.version}`;
  return `v${update.change.fromVersion}→v${update.change.version}`;
}

export function describeOperation(operation: Operation): string {
  const key = operation.key.slice(8);
  const { wireName, brings } = rowOf(operation.type);
  const operands = brings.map((name) => `=${operandOf(operation, name)}`);
  return `${wireName.toLowerCase()} ${key}${operands.join('')}${describeExtras(operation.extras)}`;
}

function describeExtras(extras: Extras | undefined): string {
  const condition = extras?.condition;
  switch (condition?.kind) {
    case undefined:
      return '';
    case 'absent':
    case 'present':
      return ` if ${condition.kind}`;
    case 'version':
      return ` if version ${condition.version}`;
    case 'value':
      return ` if =${condition.value}`;
  }
}

export function describeResult(result: OperationResult): string {
  return result.ok ? `ok ${valueText(result.value)}` : result.code;
}

function describeFollowerMessage({ stream, body }: FollowerMessage, names: Names): string {
  const name = `${point(stream.start)} t${stream.term}`;
  if (body.kind === 'acknowledge') {
    return `${name} ack ${body.prepared}/${body.applied}${body.live ? ' live' : ''}`;
  }
  if (body.kind === 'digests') return `${name} digests of ${body.buckets.length} buckets`;
  if (body.kind === 'damaged') return `${name} damaged ${body.ranges.length} ranges`;
  if (body.kind === 'repair') return `${name} repair ${body.committed}: ${body.entries.map(op).join(' ')}`;
  const { follower, range: wanted, lastPrepared, committed, complete, sendsDigests, ring } = body;
  const state = `${committed}/${lastPrepared}${complete ? '' : ' incomplete'}${sendsDigests ? ' compares' : ''}`;
  return `${name} open ${names.node(follower)} ${range(wanted)} ${state} v${ring.version}`;
}

function describePrimaryMessage({ stream, body }: PrimaryMessage): string {
  const name = `${point(stream.start)} t${stream.term} ${body.kind}`;
  switch (body.kind) {
    case 'adopt':
      return `${name} v${body.ring.version}`;
    case 'align':
      return `${name} ${body.committed}/${body.lastPrepared} from ${body.firstSeq}: ${body.ops.map(op).join(' ')}`;
    case 'chunk':
      return `${name} of ${body.ranges.length} ranges ${body.entries.map(op).join(' ')}`;
    case 'damaged':
      return `${name} ${body.ranges.length} ranges as of ${body.committed}`;
    case 'repair':
      return `${name} ${body.committed}: ${body.entries.map(op).join(' ')}`;
    case 'committed-ops':
      return `${name} ${body.entries.map(op).join(' ')}`;
    case 'live':
      return `${name} ${body.committed}: ${body.window.map(op).join(' ')}`;
    case 'prepare':
      return `${name} ${body.firstSeq}: ${body.ops.map(op).join(' ')} committed ${body.committed}`;
    case 'heartbeat':
      return `${name} committed ${body.committed}`;
    default:
      return name;
  }
}

export function describeRecord(record: LogRecord): string {
  switch (record.kind) {
    case 'create':
      return `create ${range(record.range)}${record.complete ? ' complete' : ''}`;
    case 'prepare':
      return `prepare ${point(record.start)} ${record.firstSeq}: ${record.ops.map(op).join(' ')}`;
    case 'commit':
      return `commit ${point(record.start)} ${record.seq}`;
    case 'truncate':
      return `truncate ${point(record.start)} ${record.lastPrepared}`;
    case 'live-term':
      return `live-term ${point(record.start)} t${record.term}`;
    case 'transfer':
      return `transfer ${range(record.range)}`;
    case 'install':
      return `install ${point(record.start)} ${record.entries.map(op).join(' ')}`;
    case 'complete':
      return `complete ${point(record.start)} ${record.committed} t${record.term} window ${record.window.map(op).join(' ')}`;
    case 'split':
      return `split ${point(record.start)} at ${point(record.at)}`;
    case 'merge':
      return `merge ${point(record.start)} with ${point(record.nextStart)}`;
    case 'known-ring':
      return `known ring ${record.known.version}`;
    default:
      return `${record.kind} ${point(record.start)}`;
  }
}
