/** What a host of a node's core is given: the clock of its process, and where the core's effects go. */

import type { Arc, Member, NodeId } from '@ringkeep/shared';
import type { DiscardedOp, NodeEffect, RegistryCall } from '../core/effects';
import type { NodeInput } from '../core/inputs';
import type { FollowerMessage, PrimaryMessage } from '../core/messages';
import type { NodeObserver } from '../observing/node-observer';

/** The clock of the process: see MonotonicClock. */
export interface HostClock {
  now(): number;
  suspended(): boolean;
}

/** For observers of each step: what goes into it, and what comes out. */
export interface StepObserver {
  before(inputs: readonly NodeInput[]): void;
  after(inputs: readonly NodeInput[], effects: readonly NodeEffect[]): void;
}

/** Where the core's effects go. */
export interface HostPorts {
  readonly registry: { call(call: number, request: RegistryCall, withinMs: number): void };
  readonly peers: {
    forward(effect: Extract<NodeEffect, { kind: 'forward' }>, remainingMs: number): void;
    cancel(to: NodeId, forward: number): void;
    connect(to: Member): void;
    introduce(to: Member, as: 'previous' | 'next'): void;
    dial(to: Member): void;
  };
  /** Streams that this node opens as a follower. */
  readonly primaries: {
    open(connection: number, to: Member, message: FollowerMessage): void;
    send(connection: number, message: FollowerMessage): void;
    close(connection: number): void;
  };
  /** Streams that others opened here. */
  readonly followers: {
    send(connection: number, message: PrimaryMessage): void;
    close(connection: number): void;
  };
  readonly observer: NodeObserver;
  /** The owner of the node, which is told what becomes of it. */
  readonly owner: {
    /** Prepared operations are discarded: they must be kept before the step's batch is written. */
    discarded(range: Arc, ops: readonly DiscardedOp[]): void;
    left(): void;
    leaveRefused(text: string): void;
    /** The node cannot go on: the registry refuses it, its disk fails, or an invariant is broken. */
    failed(error: Error): void;
  };
  readonly steps?: StepObserver;
}
