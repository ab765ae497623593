/** registry.Registry over gRPC: turns messages into questions to the host, and its answers into messages. */

import { RingError, position, type Member } from '@ringkeep/shared';
import { unary } from '@ringkeep/process/server';
import { addressUrl, isWildcard, parseAddress } from '@ringkeep/shared/channel';
import { type registry, nodeProtocolFault, proposalFromWire, updateToWire } from '@ringkeep/shared/wire';
import type { Caller, HeldRange, MemberAnswer } from '../core';
import type { RegistryHost } from '../host';
import { checkNodeAt, type NodeCheck } from './node-check';
import { serveWatch } from './watch-stream';

export const REGISTRY_SERVICE = 'registry.Registry';
type CallerMessage = Pick<
  registry.RenewLeaseRequest,
  'id' | 'incarnation' | 'process' | 'knownVersion' | 'knownRun' | 'clusterId'
>;

/** What the service is given once. */
export interface ServiceSettings {
  readonly leaseMs: () => number;
  readonly nodeCheck: NodeCheck;
  /** The ring's time, ms since 1970. */
  readonly ringTimeMs: () => number;
}

export function registryHandlers(
  host: RegistryHost,
  { leaseMs, nodeCheck, ringTimeMs }: ServiceSettings,
): registry.RegistryServer {
  return {
    registerNode: unary(async (request) => {
      const { identity, incarnation, process, coordinates, claim, knownVersion, knownRun } = request;
      const addr = addressOf(request.addr);
      checkNodeProtocol(request.nodeProtocol);
      await checkNodeAt(addr, process, nodeCheck);
      const answer = await host.ask({
        kind: 'register',
        addr,
        identity: identity && { ...identity, id: position(identity.id) },
        incarnation,
        process,
        known: { version: knownVersion, run: knownRun },
        coordinates,
        claim,
        held: request.held.map(heldRange),
      });
      return {
        id: answer.identity.id,
        neighbor: answer.neighbor && nodeOf(answer.neighbor),
        identity: answer.identity,
        parameters: answer.parameters,
        ring: updateToWire(answer.ring),
        closest: answer.closest && nodeOf(answer.closest),
        ringTimeMs: ringTimeMs(),
      };
    }),

    getConnectedNodes: unary(async () => {
      const { members } = await host.ask({ kind: 'owners' });
      return { nodes: members.map(nodeOf) };
    }),

    renewLease: unary(async (request) => {
      const complaints = request.complaints.map(({ start, term }) => ({ start: position(start), term }));
      const answer = await host.ask({ kind: 'renew', caller: callerOf(request), complaints });
      return memberMessage(answer, ringTimeMs());
    }),

    leaveRing: unary(async (request) => {
      const answer = await host.ask({ kind: 'leave', caller: callerOf(request) });
      return memberMessage(answer, ringTimeMs());
    }),

    proposeChange: unary(async (request) => {
      const proposal = proposalFromWire(request);
      const answer = await host.ask({ kind: 'propose', caller: callerOf(request), proposal });
      return { accepted: answer.accepted, reason: answer.reason, ring: updateToWire(answer.ring) };
    }),

    watchRing: (call) => serveWatch(host, call, leaseMs()),
  };
}

function checkNodeProtocol(named: number): void {
  const fault = nodeProtocolFault(named);
  if (fault !== undefined) throw new RingError('FAILED_PRECONDITION', fault);
}

function addressOf(text: string): string {
  const address = parseAddress(text);
  if (!isWildcard(address)) return addressUrl(address);
  throw new RingError(
    'INVALID_ARGUMENT',
    `${text} stands for every address of a machine, so nobody can connect to it; a node must advertise one of them`,
  );
}

function heldRange(message: registry.HeldRange): HeldRange {
  const { start, end } = message;
  return { ...message, start: position(start), end: end === undefined ? undefined : position(end) };
}

function callerOf({ knownVersion, knownRun, ...caller }: CallerMessage): Caller {
  const { id, incarnation, process, clusterId } = caller;
  const known = { version: knownVersion, run: knownRun };
  return { id: position(id), incarnation, process, known, clusterId };
}

function nodeOf(member: Member): registry.Node {
  return { id: member.id, addr: member.addr };
}

function memberMessage(answer: MemberAnswer, ringTimeMs: number): registry.MemberAnswer {
  const { live, replaced, undecided, roomLacking, ring } = answer;
  return { live, replaced, undecided, roomLacking, ring: updateToWire(ring), ringTimeMs };
}
