/** What nodes and the registry say to each other, in the bytes of both directions. */

import { ERROR_CODES, errorCodeOfByte, position, type ErrorCode, type NodeId } from '@ringkeep/shared';
import {
  NODE_PROTOCOL,
  proposalFromWire,
  proposalToWire,
  registry,
  updateToWire,
} from '@ringkeep/shared/wire';
import type { RegistryCall } from '@ringkeep/dht-node/core';
import type { Caller, RegistryAnswer, RegistryInput } from '@ringkeep/registry/core';
import type { IdentityFile } from '@ringkeep/dht-node/storage';

type Unnumbered<T> = T extends unknown ? Omit<T, 'request'> : never;
export type RegistryQuestion = Unnumbered<Extract<RegistryInput, { request: number }>>;

export interface EncodedCall {
  readonly method: string;
  readonly bytes: Uint8Array;
}

/** Who calls. */
export interface Origin {
  readonly addr: string;
  readonly identity: IdentityFile;
  readonly incarnation: number;
  readonly process: bigint;
}

export function encodeCall(
  request: RegistryCall,
  { addr, identity: file, incarnation, process }: Origin,
): EncodedCall {
  const { claim, identity: own } = file;
  const identity = own && { id: own.nodeId, salt: own.salt, clusterId: own.clusterId };
  if (request.kind === 'register') {
    const { held, known } = request;
    const knowing = { knownVersion: known.version, knownRun: known.run };
    const message = {
      addr,
      identity,
      incarnation,
      process,
      ...knowing,
      coordinates: [],
      claim,
      held: [...held],
      nodeProtocol: NODE_PROTOCOL,
    };
    return { method: 'RegisterNode', bytes: registry.ConnectionAddr.encode(message).finish() };
  }
  const id = identity?.id ?? (0n as NodeId);
  const origin = {
    id,
    incarnation,
    process,
    knownVersion: request.known.version,
    knownRun: request.known.run,
    clusterId: identity?.clusterId ?? '',
  };
  switch (request.kind) {
    case 'renew':
      return {
        method: 'RenewLease',
        bytes: registry.RenewLeaseRequest.encode({
          ...origin,
          complaints: [...request.complaints],
        }).finish(),
      };
    case 'leave':
      return { method: 'LeaveRing', bytes: registry.LeaveRingRequest.encode(origin).finish() };
    case 'propose': {
      const message = proposalToWire(origin, request.proposal);
      return { method: 'ProposeChange', bytes: registry.ProposeChangeRequest.encode(message).finish() };
    }
  }
}

export function decodeQuestion(method: string, bytes: Uint8Array): RegistryQuestion {
  switch (method) {
    case 'RegisterNode': {
      const { identity, knownVersion, knownRun, ...more } = registry.ConnectionAddr.decode(bytes);
      const { addr, incarnation, process, coordinates, claim } = more;
      return {
        kind: 'register',
        addr,
        identity: identity && { ...identity, id: position(identity.id) },
        incarnation,
        process,
        known: { version: knownVersion, run: knownRun },
        coordinates,
        claim,
        held: more.held.map(({ start, end, ...copy }) => ({
          start: position(start),
          end: end === undefined ? undefined : position(end),
          ...copy,
        })),
      };
    }
    case 'RenewLease': {
      const message = registry.RenewLeaseRequest.decode(bytes);
      const complaints = message.complaints.map(({ start, term }) => ({ start: position(start), term }));
      return { kind: 'renew', caller: callerOf(message), complaints };
    }
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

function callerOf(message: Omit<registry.RenewLeaseRequest, 'complaints'>): Caller {
  const { id, incarnation, process, knownVersion, knownRun, clusterId } = message;
  const known = { version: knownVersion, run: knownRun };
  return { id: position(id), incarnation, process, known, clusterId };
}

export function encodeAnswer(answer: RegistryAnswer, ringTimeMs: number): Uint8Array {
  switch (answer.kind) {
    case 'registered': {
      const { identity, neighbor, parameters, ring } = answer;
      const message = {
        id: identity.id,
        neighbor,
        identity,
        parameters,
        ring: updateToWire(ring),
        ringTimeMs,
      };
      return registry.RegisterInfo.encode(message).finish();
    }
    case 'member':
      return registry.MemberAnswer.encode({
        ...answer,
        ring: updateToWire(answer.ring),
        ringTimeMs,
      }).finish();
    case 'proposal': {
      const { accepted, reason, ring } = answer;
      return registry.ProposeChangeAnswer.encode({ accepted, reason, ring: updateToWire(ring) }).finish();
    }
    case 'owners':
      return registry.Nodes.encode({ nodes: [...answer.members] }).finish();
  }
}

/** An answer of the registry, or its refusal: a first byte tells which, and why. */
export function sealEnvelope(code: ErrorCode | undefined, bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([code === undefined ? 0 : ERROR_CODES[code].byte]), bytes]);
}

export function openEnvelope(envelope: Uint8Array): [code: ErrorCode | undefined, bytes: Uint8Array] {
  const byte = envelope[0] as number;
  return [byte === 0 ? undefined : errorCodeOfByte(byte), envelope.subarray(1)];
}
