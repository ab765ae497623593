/**
 * What can be observed of a node: the core's own events, and what only its edge knows. The core reports facts, and the
 * edge counts them. Each fact is reported once, at one place, so that nothing is counted twice.
 *
 * An observer has a method for each kind of fact that it wants. A fact that nobody wants is not even put together.
 * Facts of operations come one frame at a time. Their arrays belong to the node: read them during the call and do not
 * keep them.
 */

import type { ErrorCode, NodeId } from '@ringkeep/shared';
import type { Operation, OperationResult } from '@ringkeep/shared/operations';
import type { FactKinds } from '@ringkeep/process/meter';
import type { NodeEvent } from '../core/effects';
import type { LogWrite } from '../storage/node-storage';

/** Operations that came together and have been answered. Operations that came from another node have hops. */
export interface AnsweredOperations {
  readonly door: string;
  readonly operations: readonly Operation[];
  readonly results: readonly OperationResult[];
  /** Forwards before it came here. */
  readonly hops: number;
  /** Of their keys and values as they came. */
  readonly requestBytes: number;
  readonly durationMs: number;
  /** Why none of them was started, if none was. */
  readonly refusal: Refusal | undefined;
}

export type Refusal = 'too much under way' | 'stopping';

/** A frame that was sent to another node. */
export interface EndedForward {
  readonly to: NodeId;
  readonly operations: number;
  /** Of keys and values; of what came back, of the answer's values. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  readonly durationMs: number;
  readonly outcome: 'answered' | 'broken' | 'cancelled';
}

export interface NodeObserver {
  event?(event: NodeEvent): void;
  answered?(answered: AnsweredOperations): void;
  /** The caller of operations under way no longer waits. */
  abandoned?(abandoned: { readonly door: string; readonly operations: number }): void;
  /** Invalid operations, which were answered with an error before they were asked. */
  malformed?(malformed: {
    readonly door: string;
    readonly operations: number;
    readonly code: ErrorCode;
  }): void;
  forwarded?(forward: EndedForward): void;
  /** A caller does not read its answers, so its frames are not read until it does. */
  slowReader?(reader: { readonly door: string }): void;
  /** A caller or a call was refused before anything was read of it. */
  callerRefused?(caller: { readonly door: string }): void;
  logWritten?(write: LogWrite): void;
  /** `kept` is false if it was given up for want of room. */
  checkpointed?(checkpoint: { readonly durationMs: number; readonly kept: boolean }): void;
  /** To a follower. */
  replicaSent?(message: { readonly bytes: number }): void;
  /** From a primary. */
  replicaReceived?(message: { readonly bytes: number }): void;
  /** Among those messages, one that makes the copy here like its primary's. */
  chunkReceived?(chunk: { readonly entries: number }): void;
}

export const NODE_FACTS: FactKinds<NodeObserver> = {
  event: true,
  answered: true,
  abandoned: true,
  malformed: true,
  forwarded: true,
  slowReader: true,
  callerRefused: true,
  logWritten: true,
  checkpointed: true,
  replicaSent: true,
  replicaReceived: true,
  chunkReceived: true,
};
