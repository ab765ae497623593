/** The options of a RingClient, filled in and checked. */

import { RingError } from '@ringkeep/shared';
import { addressUrl, parseAddress, type TlsMaterial } from '@ringkeep/shared/channel';
import type { ConditionOptions } from '@ringkeep/shared/operations/write-options';
import { checkLimits, type SessionLimits, type SessionReport } from './core';

export interface RingClientOptions {
  /** Addresses of nodes, `host:port` or URLs. One is enough: the others are learned from it. */
  readonly nodes?: readonly string[];
  /** The registry's address, instead of nodes or in addition to them. */
  readonly registry?: string;
  /** How long an operation may take unless its call says otherwise. Default 10 s. */
  readonly deadlineMs?: number;
  /** How long an attempt to connect may take. Default 5 s. */
  readonly connectMs?: number;
  readonly limits?: Partial<SessionLimits>;
  readonly tls?: TlsMaterial;
  /** Seeds the jitter of pauses and the choice among equal nodes. */
  readonly seed?: number;
  /** Called when connections are made and lost; for logs. What it throws is an uncaught error of the process. */
  readonly onReport?: (report: SessionReport) => void;
}

export interface CallOptions {
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  /**
   * False hands a refusal (overload, nobody can answer) to the caller instead of trying again. It also refuses an
   * operation here that would wait long for its node.
   */
  readonly retry?: boolean;
}

/** Of a write with a condition, or one that is told its version. */
export type WriteOptions = CallOptions & ConditionOptions;

export interface ConnectOptions {
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  /**
   * How long to keep trying while every address that was given fails, because the nodes may just be starting. The
   * deadline is extended to at least this. By default `connect` does not keep trying; `ready` does until its deadline.
   */
  readonly waitMs?: number;
}

export interface ResolvedOptions {
  readonly nodes: readonly string[];
  readonly registry: string | undefined;
  readonly deadlineMs: number;
  readonly connectMs: number;
  readonly limits: SessionLimits;
  readonly tls: TlsMaterial | undefined;
  readonly seed: number;
  readonly onReport: (report: SessionReport) => void;
}

const DEADLINE_MS = 10_000;
const CONNECT_MS = 5_000;
/** What fits the frame's field of milliseconds and a timer. */
const DURATION_MS_MAX = 2 ** 31 - 1;

/** Throws INVALID_ARGUMENT naming the option. */
export function resolveOptions(options: RingClientOptions): ResolvedOptions {
  const nodes = [...new Set((options.nodes ?? []).map(normalAddress))];
  const registry = options.registry === undefined ? undefined : normalAddress(options.registry);
  if (nodes.length === 0 && registry === undefined) {
    throw new RingError('INVALID_ARGUMENT', 'a client needs the address of a node or of the registry');
  }
  return {
    nodes,
    registry,
    deadlineMs: checkDuration('deadlineMs', options.deadlineMs ?? DEADLINE_MS),
    connectMs: checkDuration('connectMs', options.connectMs ?? CONNECT_MS),
    limits: checkLimits(options.limits ?? {}),
    tls: options.tls,
    seed: options.seed ?? Math.floor(Math.random() * 2 ** 52),
    onReport: options.onReport ?? (() => undefined),
  };
}

/** Throws INVALID_ARGUMENT unless it is a positive number of milliseconds that a timer can hold. */
export function checkDuration(name: string, ms: number): number {
  if (Number.isFinite(ms) && ms > 0 && ms <= DURATION_MS_MAX) return ms;
  throw new RingError('INVALID_ARGUMENT', `${name} must be from 1 to ${DURATION_MS_MAX}, got ${ms}`);
}

/** Throws INVALID_ARGUMENT unless it is a number of milliseconds that a timer can hold; none is one. */
export function checkWait(name: string, ms: number): number {
  return ms === 0 ? 0 : checkDuration(name, ms);
}

function normalAddress(text: string): string {
  return addressUrl(parseAddress(text));
}
