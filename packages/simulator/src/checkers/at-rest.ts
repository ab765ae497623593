/**
 * What holds when faults have stopped and time has passed: every arc has its desired replicas in sync, they hold the
 * same, nobody else holds anything, and no table of a node has grown.
 */

import {
  RingView,
  arcsEqual,
  formatArc,
  formatPosition,
  type Arc,
  type Member,
  type NodeId,
  type Ring,
} from '@ringkeep/shared';
import type { Failure } from './failure';

export interface Copy {
  readonly range: Arc;
  /** Its entries as one text. */
  readonly content: string;
}

export interface NodeAtRest {
  readonly id: NodeId;
  readonly name: string;
  readonly settled: boolean;
  /** It has prepared nothing that it does not know to be committed. */
  readonly allCommitted: boolean;
  /** Of its copies. */
  readonly ranges: readonly Arc[];
  readonly copies: readonly Copy[];
  /** Its entries that lie in no copy, as one text. */
  readonly strayContent: string;
  /** How the index of its keys differs from them; empty if it does not. */
  readonly indexFault: string;
  readonly tableSizes: Readonly<Record<string, number>>;
}

/**
 * Everybody is leaving: there is nobody to take anything over, and the last one stays. The dead are to come back, but for
 * those that are gone for good and that no arc names.
 */
function areAllLeaving({ members, arcs }: Ring, isGone: (node: NodeId) => boolean): boolean {
  const named = new Set(arcs.flatMap(({ inSync }) => inSync));
  const isMissed = ({ id, state }: Member): boolean => state !== 'dead' || named.has(id) || !isGone(id);
  const missed = members.filter(isMissed);
  return missed.length > 0 && missed.every(({ state }) => state === 'leaving');
}

/** Why the arcs are not yet with their owners, and in sync just where they should be, or undefined. */
export function notYetInSync(ring: Ring, isGone: (node: NodeId) => boolean): string | undefined {
  if (areAllLeaving(ring, isGone)) return undefined;
  const view = new RingView(ring);
  for (const arc of ring.arcs) {
    const desired = view.desiredReplicas(arc, ring.parameters.replicationFactor);
    const name = formatArc(arc);
    if (arc.primary !== desired[0]) return `${name} is not with its owner`;
    if (desired.length !== arc.inSync.length || !desired.every((id) => arc.inSync.includes(id))) {
      return `${name} is in sync at ${arc.inSync.length} nodes, not just at its ${desired.length} desired ones`;
    }
  }
  return undefined;
}

/** Why the ring is not yet as it should be, or undefined. */
export function notYetAtRest(
  ring: Ring,
  nodes: readonly NodeAtRest[],
  isGone: (node: NodeId) => boolean,
): string | undefined {
  if (areAllLeaving(ring, isGone)) return undefined;
  const view = new RingView(ring);
  const lacking = notYetInSync(ring, isGone);
  if (lacking !== undefined) return lacking;
  for (const member of ring.members) {
    if (member.state !== 'active') continue;
    const node = nodes.find(({ id }) => id === member.id);
    if (!node) return `${formatPosition(member.id)} does not run`;
    if (!node.settled) return `${node.name} says that it is not settled`;
    if (!node.allCommitted) return `${node.name} has not heard that all of its copies is committed`;
  }
  for (const { id, name, ranges } of nodes) {
    const stray = ranges.find((range) => !isMemberFor(ring, id, range));
    if (stray) return `${name} still holds ${formatArc(stray)}`;
  }
  const stranger = nodes.find(({ id }) => !view.member(id));
  if (stranger) return `${stranger.name} is no member yet`;
  return undefined;
}

function isMemberFor(ring: Ring, id: NodeId, range: Arc): boolean {
  return ring.arcs.some((arc) => arcsEqual(arc, range) && arc.inSync.includes(id));
}

/** Every desired replica holds what the primary does, and no node holds an entry that is in none of its copies. */
export function checkCopies(ring: Ring, nodes: readonly NodeAtRest[]): Failure | undefined {
  for (const arc of ring.arcs) {
    const primary = contentOf(nodes, arc.primary, arc);
    for (const id of arc.inSync) {
      const content = contentOf(nodes, id, arc);
      if (content === undefined)
        return { checker: 'replicas', text: `${formatPosition(id)} lacks ${formatArc(arc)}` };
      if (content !== primary) {
        const text = `${formatArc(arc)} differs:\n${formatPosition(arc.primary)}: ${primary}\n${formatPosition(id)}: ${content}`;
        return { checker: 'replicas', text };
      }
    }
  }
  for (const node of nodes) {
    if (node.strayContent !== '')
      return { checker: 'replicas', text: `${node.name} has entries of no copy: ${node.strayContent}` };
  }
  return undefined;
}

function contentOf(nodes: readonly NodeAtRest[], id: NodeId, arc: Arc): string | undefined {
  return nodes.find((node) => node.id === id)?.copies.find(({ range }) => arcsEqual(range, arc))?.content;
}

/** The index of a node's keys has them all, and no others. */
export function checkIndexes(nodes: readonly NodeAtRest[]): Failure | undefined {
  const wrong = nodes.find(({ indexFault }) => indexFault !== '');
  return wrong && { checker: 'key index', text: `${wrong.name} has ${wrong.indexFault}` };
}

/** More in one table of one node than that is a leak: runs have at most a dozen nodes and arcs. */
const TABLE_MAX = 64;

export function checkTables(nodes: readonly NodeAtRest[]): Failure | undefined {
  for (const node of nodes) {
    const { inbound = 0, sessions = 0, ...others } = node.tableSizes;
    if (inbound > sessions) {
      return {
        checker: 'tables',
        text: `${node.name} keeps ${inbound} inbound streams for ${sessions} sessions`,
      };
    }
    const grown = Object.entries(others).find(([, size]) => size > TABLE_MAX);
    if (grown) return { checker: 'tables', text: `${node.name} keeps ${grown[1]} ${grown[0]}` };
  }
  return undefined;
}
