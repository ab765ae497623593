/**
 * The cluster's parameters. They belong to the registry and are a part of each version of the ring, so that all nodes
 * of a ring agree, and follow when they change. This file says which of them may change while nodes run.
 */

import { RingError } from './errors';
import { KEY_BYTES_MAX } from './limits';
import { POSITION_RULES, type PositionRule } from './position-rule';

/** How nodes find the owner of a key; the schemes themselves are in @ringkeep/routing. */
export const ROUTINGS = ['one-hop', 'chord', 'pastry', 'neighbours'] as const;
export type Routing = (typeof ROUTINGS)[number];

export interface ClusterParameters {
  /** Copies of each key while there are that many nodes; 1 … 7. */
  readonly replicationFactor: number;
  /** In-sync members that an arc needs to accept writes, once it has had as many; at most the copies. */
  readonly minCopies: number;
  /** How long a follower's lease to its primary lasts. */
  readonly leaseMs: number;
  /** How much earlier a primary stops relying on a lease: covers clocks that run at different rates. */
  readonly leaseMarginMs: number;
  /** How long a member may be silent towards the registry before it is declared dead. */
  readonly membershipLeaseMs: number;
  /** How long a follower may be silent before its primary drops it. */
  readonly failureTimeoutMs: number;
  /** How far apart two nodes' times of the ring may be; a node that is less sure of it ends no key. */
  readonly clockSkewMs: number;
  readonly keyBytesMax: number;
  readonly valueBytesMax: number;
  readonly routing: Routing;
  /** Keys of one tag beyond which no more are taken … */
  readonly positionKeysMax: number;
  /** … and bytes of their keys and values. */
  readonly positionBytesMax: number;
  /** Nodes keep an index of their keys; never changes. */
  readonly keyIndex: boolean;
  /** Of which bytes of a key its position is the hash; never changes. */
  readonly positionRule: PositionRule;
}

export const DEFAULT_PARAMETERS: ClusterParameters = {
  replicationFactor: 3,
  minCopies: 2,
  leaseMs: 2_000,
  leaseMarginMs: 200,
  membershipLeaseMs: 2_500,
  failureTimeoutMs: 2_500,
  clockSkewMs: 1_000,
  keyBytesMax: 1_024,
  valueBytesMax: 1 << 20,
  routing: 'one-hop',
  positionKeysMax: 1_000_000,
  positionBytesMax: 1 << 30,
  keyIndex: false,
  positionRule: 'tag',
};

/**
 * With three copies, a single lost disk never has the only copy of an acknowledged write. With two, requiring both
 * would stop writes whenever one is away.
 */
const THREE_COPIES = 3;

/** The value for a ring that does not say. */
function usualMinCopies(replicationFactor: number): number {
  return replicationFactor >= THREE_COPIES ? DEFAULT_PARAMETERS.minCopies : 1;
}

const BOUNDS: { readonly [K in keyof ClusterParameters]?: readonly [number, number] } = {
  replicationFactor: [1, 7],
  minCopies: [1, 7],
  leaseMs: [50, 60_000],
  leaseMarginMs: [5, 10_000],
  membershipLeaseMs: [50, 60_000],
  failureTimeoutMs: [50, 600_000],
  clockSkewMs: [10, 60_000],
  keyBytesMax: [1, KEY_BYTES_MAX],
  valueBytesMax: [0, 1 << 20],
  positionKeysMax: [1, 1_000_000_000],
  positionBytesMax: [1, 2 ** 50],
};

/** Parameters as a person wrote them. */
export type GivenParameters = Partial<
  Omit<ClusterParameters, 'routing' | 'positionRule'> & {
    readonly routing: string;
    readonly positionRule: string;
  }
>;

/** Fills in what is missing and checks the rest. Throws INVALID_ARGUMENT naming the parameter and its range. */
export function checkParameters(given: GivenParameters): ClusterParameters {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(DEFAULT_PARAMETERS, name)) {
      const known = Object.keys(DEFAULT_PARAMETERS).join(', ');
      throw new RingError('INVALID_ARGUMENT', `unknown parameter ${name}; there are ${known}`);
    }
  }
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const minCopies = usualMinCopies(given.replicationFactor ?? DEFAULT_PARAMETERS.replicationFactor);
  const parameters = { ...DEFAULT_PARAMETERS, minCopies, ...defined };
  for (const [name, bounds] of Object.entries(BOUNDS)) {
    const value = parameters[name as keyof ClusterParameters];
    const [least, most] = bounds;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
      throw new RingError(
        'INVALID_ARGUMENT',
        `parameter ${name} must be an integer from ${least} to ${most}, got ${String(value)}`,
      );
    }
  }
  if (parameters.minCopies > parameters.replicationFactor) {
    throw new RingError(
      'INVALID_ARGUMENT',
      `parameter minCopies must be at most replicationFactor, ${parameters.replicationFactor}, got ${parameters.minCopies}`,
    );
  }
  if (parameters.leaseMarginMs * 2 > parameters.leaseMs) {
    throw new RingError('INVALID_ARGUMENT', 'parameter leaseMarginMs must be at most half of leaseMs');
  }
  const routing = oneOf('routing', ROUTINGS, parameters.routing);
  const positionRule = oneOf('positionRule', POSITION_RULES, parameters.positionRule);
  return { ...parameters, routing, positionRule };
}

function oneOf<Known extends string>(name: string, known: readonly Known[], given: string): Known {
  const found = known.find((each) => each === given);
  if (found !== undefined) return found;
  throw new RingError(
    'INVALID_ARGUMENT',
    `parameter ${name} must be one of ${known.join(', ')}, got ${given}`,
  );
}

export function sameParameters(a: ClusterParameters, b: ClusterParameters): boolean {
  return (Object.keys(DEFAULT_PARAMETERS) as (keyof ClusterParameters)[]).every(
    (name) => a[name] === b[name],
  );
}

/** Why a ring may not go from one position rule to another, whether it has nodes or not; undefined if it may. */
export function positionRuleFault(from: PositionRule, to: PositionRule): string | undefined {
  if (from === to) return undefined;
  return (
    `the ring has begun with the position rule ${from}, by which its keys have their places; it cannot become ${to}. ` +
    'Leave the option out, or begin a new ring'
  );
}

/** Why a ring may not begin or cease to have an index of its keys; undefined if that stays as it is. */
export function keyIndexFault(from: boolean, to: boolean): string | undefined {
  if (from === to) return undefined;
  return `the ring has begun ${from ? 'with' : 'without'} an index of its keys (--key-index); it stays so`;
}

/**
 * Why a ring with nodes may not go from one set of parameters to another, or undefined.
 *
 * Copies, timeouts and routing may change while nodes run: safety does not depend on all nodes having the same, and
 * each node follows with the next version of the ring. Leases may not change, because a primary relies on a lease for
 * as long as it believes that its followers granted it. A shorter membership lease would run out before the nodes have
 * heard of it. Limits only grow, because what is stored stays.
 */
export function parametersFault(from: ClusterParameters, to: ClusterParameters): string | undefined {
  if (from.leaseMs !== to.leaseMs || from.leaseMarginMs !== to.leaseMarginMs) {
    return (
      `the cluster's nodes hold leases of ${from.leaseMs} ms (margin ${from.leaseMarginMs} ms), not ${to.leaseMs} ms ` +
      `(margin ${to.leaseMarginMs} ms): nodes with different leases would not be safe. ` +
      'Keep the old times, or stop every node and start the registry with --new-lease'
    );
  }
  if (to.membershipLeaseMs < from.membershipLeaseMs) {
    return (
      `the cluster's nodes renew within membership leases of ${from.membershipLeaseMs} ms: with ` +
      `${to.membershipLeaseMs} ms they would be declared dead before they hear of it. ` +
      'Keep it or make it longer, or stop every node and start the registry with --new-lease'
    );
  }
  const smaller = (['keyBytesMax', 'valueBytesMax'] as const).find((name) => to[name] < from[name]);
  if (smaller === undefined) return undefined;
  return (
    `the cluster may hold entries up to its ${smaller} of ${from[smaller]} bytes, which cannot be made smaller ` +
    `(${to[smaller]}): limits only grow`
  );
}
