/** Converts the ring between messages and data. What comes in is checked, so that a wrong ring never gets further. */

import {
  DEFAULT_PARAMETERS,
  RingError,
  RULE_BEFORE_TAGS,
  checkParameters,
  position,
  ringFault,
  type ArcConfig,
  type ClusterParameters,
  type Member,
  type MemberState,
  type NodeId,
  type Proposal,
  type Ring,
  type RingBeat,
  type RingChange,
  type RingUpdate,
} from '../ring';
import * as wire from './generated/registry';

const stateToWire: Record<MemberState, wire.MemberState> = {
  active: wire.MemberState.ACTIVE,
  leaving: wire.MemberState.LEAVING,
  dead: wire.MemberState.DEAD,
};
const stateFromWire = new Map(
  Object.entries(stateToWire).map(([state, number]) => [number, state as MemberState]),
);

export function memberToWire(member: Member): wire.Member {
  return { ...member, state: stateToWire[member.state], coordinates: [...member.coordinates] };
}

export function memberFromWire(message: wire.Member): Member {
  const state = stateFromWire.get(message.state);
  if (state === undefined) throw new RingError('INVALID_ARGUMENT', `unknown member state ${message.state}`);
  return { ...message, id: position(message.id), state };
}

export function arcToWire(arc: ArcConfig): wire.ArcConfig {
  return { ...arc, inSync: [...arc.inSync], withoutCopy: [...arc.withoutCopy] };
}

export function arcFromWire(message: wire.ArcConfig): ArcConfig {
  return {
    ...message,
    start: position(message.start),
    end: position(message.end),
    primary: position(message.primary),
    inSync: message.inSync.map(position),
    withoutCopy: message.withoutCopy.map(position),
    // Absent where an older version has written it: it has reached what it has.
    copiesReached: message.copiesReached === 0 ? message.inSync.length : message.copiesReached,
  };
}

export function ringToWire(ring: Ring): wire.Ring {
  return {
    ...ring,
    members: ring.members.map(memberToWire),
    arcs: ring.arcs.map(arcToWire),
    runs: [...ring.runs],
  };
}

export function ringFromWire(message: wire.Ring): Ring {
  const ring: Ring = {
    ...message,
    members: message.members.map(memberFromWire),
    arcs: message.arcs.map(arcFromWire),
    parameters: parametersFromWire(message.parameters),
  };
  const fault = ringFault(ring);
  if (fault !== undefined) throw new RingError('INVALID_ARGUMENT', `received an impossible ring: ${fault}`);
  return ring;
}

export function updateToWire(update: RingUpdate): wire.RingUpdate {
  if (update.kind === 'ring') return { update: { $case: 'ring', value: ringToWire(update.ring) } };
  const { change } = update;
  return {
    update: {
      $case: 'change',
      value: {
        ...change,
        members: change.members.map(memberToWire),
        removedMembers: [...change.removedMembers],
        arcs: change.arcs.map(arcToWire),
        removedArcs: [...change.removedArcs],
        runs: [...change.runs],
      },
    },
  };
}

export function updateFromWire(message: wire.RingUpdate | undefined): RingUpdate {
  const update = message?.update;
  if (!update || update.$case === 'beat')
    throw new RingError('INVALID_ARGUMENT', 'received an empty ring update');
  if (update.$case === 'ring') return { kind: 'ring', ring: ringFromWire(update.value) };
  const change: RingChange = {
    ...update.value,
    members: update.value.members.map(memberFromWire),
    removedMembers: update.value.removedMembers.map(position),
    arcs: update.value.arcs.map(arcFromWire),
    removedArcs: update.value.removedArcs.map(position),
    parameters: update.value.parameters && parametersFromWire(update.value.parameters),
  };
  return { kind: 'change', change };
}

/** What a watch with beats is sent besides updates. */
export function beatToWire(beat: RingBeat): wire.RingUpdate {
  return { update: { $case: 'beat', value: { ...beat } } };
}

/** The beat in the message; undefined if it is an update. */
export function beatFromWire({ update }: wire.RingUpdate): RingBeat | undefined {
  if (update?.$case !== 'beat') return undefined;
  const { intervalMs, leaseMs } = update.value;
  if (intervalMs > 0 && leaseMs > 0) return update.value;
  throw new RingError('INVALID_ARGUMENT', 'received a beat without its interval or lease');
}

export function parametersFromWire(message: wire.ClusterParameters | undefined): ClusterParameters {
  if (!message) throw new RingError('INVALID_ARGUMENT', 'received a ring without the cluster parameters');
  const positionRule = message.positionRule === '' ? RULE_BEFORE_TAGS : message.positionRule;
  // Absent from an older version.
  const clockSkewMs = message.clockSkewMs || DEFAULT_PARAMETERS.clockSkewMs;
  const positionKeysMax = message.positionKeysMax || DEFAULT_PARAMETERS.positionKeysMax;
  const positionBytesMax = message.positionBytesMax || DEFAULT_PARAMETERS.positionBytesMax;
  return checkParameters({ ...message, positionRule, clockSkewMs, positionKeysMax, positionBytesMax });
}

/** Who proposes, and what. */
export interface ProposalOrigin {
  readonly id: NodeId;
  readonly incarnation: number;
  readonly process: bigint;
  readonly knownVersion: number;
  readonly knownRun: bigint;
  readonly clusterId: string;
}

export function proposalToWire(origin: ProposalOrigin, proposal: Proposal): wire.ProposeChangeRequest {
  const request = wire.ProposeChangeRequest.fromPartial({
    ...origin,
    start: proposal.start,
    epoch: proposal.epoch,
  });
  switch (proposal.kind) {
    case 'admit':
      return {
        ...request,
        kind: wire.ChangeKind.ADMIT,
        node: proposal.node,
        nodeIncarnation: proposal.incarnation,
        nodeProcess: proposal.process ?? 0n,
      };
    case 'drop':
      return { ...request, kind: wire.ChangeKind.DROP, nodes: [...proposal.nodes] };
    case 'keep':
      return { ...request, kind: wire.ChangeKind.KEEP };
    case 'yield':
      return { ...request, kind: wire.ChangeKind.YIELD, node: proposal.node };
    case 'handover':
      return {
        ...request,
        kind: wire.ChangeKind.HANDOVER,
        node: proposal.node,
        nodeIncarnation: proposal.incarnation,
        nodeProcess: proposal.process ?? 0n,
        at: proposal.at,
        seq: proposal.seq,
      };
    case 'merge':
      return {
        ...request,
        kind: wire.ChangeKind.MERGE,
        nextStart: proposal.nextStart,
        nextEpoch: proposal.nextEpoch,
        seq: proposal.seq,
      };
  }
}

export function proposalFromWire(request: wire.ProposeChangeRequest): Proposal {
  const onArc = { start: position(request.start), epoch: request.epoch };
  const node = position(request.node);
  const stream = {
    incarnation: request.nodeIncarnation,
    process: request.nodeProcess === 0n ? undefined : request.nodeProcess,
  };
  switch (request.kind) {
    case wire.ChangeKind.ADMIT:
      return { kind: 'admit', ...onArc, node, ...stream };
    case wire.ChangeKind.DROP:
      return { kind: 'drop', ...onArc, nodes: request.nodes.map(position) };
    case wire.ChangeKind.KEEP:
      return { kind: 'keep', ...onArc };
    case wire.ChangeKind.YIELD:
      return { kind: 'yield', ...onArc, node };
    case wire.ChangeKind.HANDOVER:
      return { kind: 'handover', ...onArc, node, ...stream, at: position(request.at), seq: request.seq };
    case wire.ChangeKind.MERGE:
      return {
        kind: 'merge',
        ...onArc,
        nextStart: position(request.nextStart),
        nextEpoch: request.nextEpoch,
        seq: request.seq,
      };
    default:
      throw new RingError('INVALID_ARGUMENT', `unknown kind of change ${request.kind}`);
  }
}
