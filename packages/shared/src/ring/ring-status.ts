/**
 * Whether the data of a ring is safe and can be reached: one judgement for everybody who asks.
 *
 * An arc should have as many copies as the parameters say, or as the ring has members if those are fewer. Dead members
 * count among them until the registry forgets them, so that a ring does not become healthy by losing a node; members
 * that leave do not count. A copy counts while its member is in sync and not dead. An arc cannot be used if its owner
 * is dead or no living member has it. An arc with fewer copies than the ring requires for writes can be read but not
 * written.
 */

import type { ArcConfig, Member, Ring } from './ring';
import { RingView } from './ring-view';
import type { NodeId, Position } from './position';

export type RingState = 'healthy' | 'degraded' | 'unavailable';

/** What is known of a ring. */
export interface RingLook {
  readonly ring: Ring;
  /** Starts of the arcs that their owners say they do not serve. */
  readonly closed?: ReadonlySet<Position>;
  /** What is wrong with the registry, in words. */
  readonly registryTrouble?: string | undefined;
}

export interface ArcStatus {
  readonly arc: ArcConfig;
  /** Living members that are in sync. */
  readonly copies: number;
  readonly wanted: number;
  /** In-sync copies that it needs to take writes. */
  readonly needed: number;
  /** Why it cannot be used; undefined when it can. */
  readonly obstacle: 'no copy' | 'owner down' | 'not open' | undefined;
}

export interface RingStatus {
  readonly state: RingState;
  readonly wanted: number;
  readonly arcs: readonly ArcStatus[];
  /** Copies that are missing, all arcs together. */
  readonly missing: number;
  /** Dead members that hold a missing copy. */
  readonly down: readonly Member[];
  /** For each missing copy there is a running node that can take it. */
  readonly isRepairing: boolean;
  readonly registryTrouble: string | undefined;
}

export function ringStatus({ ring, closed, registryTrouble }: RingLook): RingStatus {
  const view = new RingView(ring);
  const living = new Set(ring.members.filter(({ state }) => state !== 'dead').map(({ id }) => id));
  const active = ring.members.filter(({ state }) => state === 'active').map(({ id }) => id);
  const staying = ring.members.filter(({ state }) => state !== 'leaving').length;
  const wanted = Math.min(ring.parameters.replicationFactor, Math.max(1, staying));
  const arcs = ring.arcs.map((arc) => arcStatus(arc, living, wanted, view.copiesToWrite(arc), closed));
  const lacking = arcs.filter(isLacking);
  return {
    state: stateOf(arcs, lacking, registryTrouble),
    wanted,
    arcs,
    missing: lacking.reduce((sum, { copies }) => sum + wanted - copies, 0),
    down: deadOf(ring, arcs),
    isRepairing: lacking.length > 0 && lacking.every((status) => canBeRepaired(status, active)),
    registryTrouble,
  };
}

/** It has fewer copies than it should. */
export function isLacking({ copies, wanted }: ArcStatus): boolean {
  return copies < wanted;
}

/** It can be read but takes no writes. */
export function refusesWrites({ copies, needed, obstacle }: ArcStatus): boolean {
  return obstacle === undefined && copies < needed;
}

/** One line: `healthy`, or what is wrong and what is being done. Names `leftMs` if it is known. */
export function describeStatus(status: RingStatus, leftMs?: number): string {
  const { arcs, wanted, registryTrouble: trouble } = status;
  const of = (some: readonly ArcStatus[]): string => `${some.length} of ${arcs.length} arcs`;
  if (arcs.length === 0) return 'unavailable: the ring has no nodes';
  const unusable = arcs.filter(({ obstacle }) => obstacle !== undefined);
  const refused = `${refusals(arcs)}${trouble === undefined ? '' : `; ${trouble}`}`;
  if (unusable.length > 0)
    return `unavailable: ${of(unusable)} cannot be used${reasons(status, unusable)}${refused}`;
  const lacking = arcs.filter(isLacking);
  if (lacking.length === 0) return trouble === undefined ? 'healthy' : `degraded: ${trouble}`;
  const told = `degraded: ${of(lacking)} have ${copiesOf(lacking)} of ${wanted} copies`;
  if (!status.isRepairing) return `${told}${waitingFor(status.down)}${refused}`;
  return `${told}, being repaired${leftMs === undefined ? '' : `, about ${duration(leftMs)}`}${refused}`;
}

function copiesOf(some: readonly ArcStatus[]): string {
  const counts = some.map(({ copies }) => copies);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? String(least) : `${least} to ${most}`;
}

function refusals(arcs: readonly ArcStatus[]): string {
  const refusing = arcs.filter(refusesWrites);
  if (refusing.length === 0) return '';
  const needed = Math.max(...refusing.map((arc) => arc.needed));
  return `; writes refused on ${refusing.length} arcs: ${copiesOf(refusing)} of ${needed} copies needed are in sync (--min-copies)`;
}

function arcStatus(
  arc: ArcConfig,
  living: ReadonlySet<NodeId>,
  wanted: number,
  needed: number,
  closed: ReadonlySet<Position> | undefined,
): ArcStatus {
  const copies = arc.inSync.filter((id) => living.has(id)).length;
  const obstacle =
    copies === 0
      ? 'no copy'
      : !living.has(arc.primary)
        ? 'owner down'
        : closed?.has(arc.start) === true
          ? 'not open'
          : undefined;
  return { arc, copies, wanted, needed, obstacle };
}

function stateOf(arcs: readonly ArcStatus[], lacking: readonly ArcStatus[], trouble?: string): RingState {
  if (arcs.length === 0 || arcs.some(({ obstacle }) => obstacle !== undefined)) return 'unavailable';
  return lacking.length > 0 || trouble !== undefined ? 'degraded' : 'healthy';
}

/** A running node has a copy to give, and as many others run as copies are missing. */
function canBeRepaired({ arc, copies, wanted }: ArcStatus, active: readonly NodeId[]): boolean {
  const others = active.filter((id) => !arc.inSync.includes(id)).length;
  return copies > 0 && others >= wanted - copies;
}

/** The dead whose return would help: those in sync with an arc that lacks copies, or all if no arc names one. */
function deadOf(ring: Ring, arcs: readonly ArcStatus[]): Member[] {
  const dead = ring.members.filter(({ state }) => state === 'dead');
  const needed = new Set(
    arcs
      .filter((status) => isLacking(status) || status.obstacle !== undefined)
      .flatMap(({ arc }) => arc.inSync),
  );
  const named = dead.filter(({ id }) => needed.has(id));
  return named.length > 0 ? named : dead;
}

const OBSTACLES: Readonly<Record<NonNullable<ArcStatus['obstacle']>, string>> = {
  'no copy': 'no copy runs',
  'owner down': 'the owner is down, and another one is to take over',
  'not open': 'being opened',
};

function reasons(status: RingStatus, unusable: readonly ArcStatus[]): string {
  const counts = Object.entries(OBSTACLES)
    .map(([obstacle, text]) => ({ text, count: unusable.filter((arc) => arc.obstacle === obstacle).length }))
    .filter(({ count }) => count > 0);
  const texts = counts.map(({ text, count }) => (counts.length === 1 ? text : `${count}: ${text}`));
  const isLost = unusable.some(({ obstacle }) => obstacle === 'no copy');
  return `: ${texts.join('; ')}${isLost ? waitingFor(status.down) : ''}`;
}

/** How many addresses are named at most. */
const NAMED_MAX = 3;

function waitingFor(down: readonly Member[]): string {
  if (down.length === 0) return '';
  const named = down.slice(0, NAMED_MAX).map(({ addr }) => addr);
  const rest = down.length - named.length;
  const more = rest === 0 ? '' : ` and ${rest} more`;
  return `; waits for ${named.join(', ')}${more}, which ${down.length === 1 ? 'is' : 'are'} down`;
}

function duration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1_000));
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

/**
 * Estimates how long a repair will go on, from its progress since it was first seen. A new loss, or the end, starts the
 * estimate anew. Nothing is known until something has moved.
 */
export class RepairPace {
  private first: { readonly missing: number; readonly atMs: number } | undefined;
  private last: { readonly missing: number; readonly atMs: number } | undefined;

  /** Returns what is left, ms; undefined when that cannot be told. */
  look({ missing }: Pick<RingStatus, 'missing'>, nowMs: number): number | undefined {
    const grew = this.last === undefined || missing > this.last.missing;
    if (missing === 0) this.first = undefined;
    else if (this.first === undefined || grew) this.first = { missing, atMs: nowMs };
    this.last = { missing, atMs: nowMs };
    const done = this.first === undefined ? 0 : this.first.missing - missing;
    if (this.first === undefined || done <= 0) return undefined;
    return (missing / done) * (nowMs - this.first.atMs);
  }
}
