/** What nodes and the registry say to each other, in the bytes of both directions. */

import { position, type NodeId } from '@ringkeep/shared';
import { proposalFromWire, proposalToWire, registry, updateToWire } from '@ringkeep/shared/wire';
import type { RegistryCall } from '@ringkeep/dht-node/core';
import type { Caller, RegistryAnswer, RegistryInput } from '@ringkeep/registry/core';
import type { Machine } from './machine';

type Unnumbered<T> = T extends unknown ? Omit<T, 'request'> : never;
export type Question = Unnumbered<Extract<RegistryInput, { request: number }>>;

export interface EncodedCall {
  readonly method: string;
  readonly bytes: Uint8Array;
}

export function encodeCall(
  request: RegistryCall,
  { identity, addr, claim }: Machine,
  incarnation: number,
): EncodedCall {
  if (request.kind === 'register') {
    const message = { addr, identity, incarnation, coordinates: [], claim, held: [...request.held] };
    return { method: 'RegisterNode', bytes: registry.ConnectionAddr.encode(message).finish() };
  }
  const id = identity?.id ?? (0n as NodeId);
  const origin = {
    id,
    incarnation,
    knownVersion: request.knownVersion,
    clusterId: identity?.clusterId ?? '',
  };
  switch (request.kind) {
    case 'renew':
      return { method: 'RenewLease', bytes: registry.RenewLeaseRequest.encode(origin).finish() };
    case 'leave':
      return { method: 'LeaveRing', bytes: registry.LeaveRingRequest.encode(origin).finish() };
    case 'propose': {
      const message = proposalToWire(origin, request.proposal);
      return { method: 'ProposeChange', bytes: registry.ProposeChangeRequest.encode(message).finish() };
    }
  }
}

export function decodeQuestion(method: string, bytes: Uint8Array): Question {
  switch (method) {
    case 'RegisterNode': {
      const { addr, identity, incarnation, coordinates, claim, ...more } =
        registry.ConnectionAddr.decode(bytes);
      const known = identity && { ...identity, id: position(identity.id) };
      const held = more.held.map(({ start, end, ...copy }) => ({
        start: position(start),
        end: end === undefined ? undefined : position(end),
        ...copy,
      }));
      return { kind: 'register', addr, identity: known, incarnation, coordinates, claim, held };
    }
    case 'RenewLease':
      return { kind: 'renew', caller: callerOf(registry.RenewLeaseRequest.decode(bytes)) };
    case 'LeaveRing':
      return { kind: 'leave', caller: callerOf(registry.LeaveRingRequest.decode(bytes)) };
    case 'ProposeChange': {
      const message = registry.ProposeChangeRequest.decode(bytes);
      return { kind: 'propose', caller: callerOf(message), proposal: proposalFromWire(message) };
    }
    default:
      throw new Error(`the registry has no method ${method}`);
  }
}

function callerOf(message: registry.RenewLeaseRequest): Caller {
  const { id, incarnation, knownVersion, clusterId } = message;
  return { id: position(id), incarnation, knownVersion, clusterId };
}

export function encodeAnswer(answer: RegistryAnswer): Uint8Array {
  switch (answer.kind) {
    case 'registered': {
      const { identity, neighbor, parameters, ring } = answer;
      const message = { id: identity.id, neighbor, identity, parameters, ring: updateToWire(ring) };
      return registry.RegisterInfo.encode(message).finish();
    }
    case 'member':
      return registry.MemberAnswer.encode({ live: answer.live, ring: updateToWire(answer.ring) }).finish();
    case 'proposal': {
      const { accepted, reason, ring } = answer;
      return registry.ProposeChangeAnswer.encode({ accepted, reason, ring: updateToWire(ring) }).finish();
    }
    case 'owners':
      return registry.Nodes.encode({ nodes: [...answer.members] }).finish();
  }
}

/** An answer of the registry, or its refusal: a first byte tells which. */
export function sealEnvelope(failed: boolean, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([failed ? 1 : 0]), bytes]);
}

export function openEnvelope(envelope: Uint8Array): [failed: boolean, bytes: Uint8Array] {
  return [envelope[0] === 1, envelope.subarray(1)];
}
