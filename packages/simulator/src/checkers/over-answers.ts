/** A node that knows the ring's time answers no read with an entry whose time is over. */

import type { NodeCore, NodeEffect, NodeInput } from '@ringkeep/dht-node/core';
import { expiryIn, OperationType, valueIn, type Operation } from '@ringkeep/shared/operations';
import type { StoredValue } from '@ringkeep/shared/operations/stored';
import type { RingKey } from '@ringkeep/shared';
import type { Failure } from './failure';

type Answer = Extract<NodeEffect, { kind: 'answer' }>;
type Query = Extract<NodeInput, { kind: 'query' }>;

export class OverAnswers {
  /** What the keys that a step's reads ask for had before it. */
  private readonly before = new Map<RingKey, StoredValue>();

  constructor(
    private readonly name: string,
    private readonly core: NodeCore,
  ) {}

  /** A step is about to be taken. */
  note(inputs: readonly NodeInput[]): void {
    this.before.clear();
    for (const input of inputs) {
      if (input.kind !== 'query') continue;
      for (const operation of input.operations) {
        const stored = isRead(operation) ? this.core.replicas.entries.raw(operation.key) : undefined;
        if (stored !== undefined) this.before.set(operation.key, stored);
      }
    }
  }

  /** It has been taken. An entry that was changed in it is not judged: which of the two was read cannot be seen. */
  check(inputs: readonly NodeInput[], effects: readonly NodeEffect[]): Failure | undefined {
    if (this.before.size === 0 || !this.core.clock.isSure) return undefined;
    for (const effect of effects) {
      if (effect.kind !== 'answer') continue;
      const query = inputs.find(
        (input): input is Query => input.kind === 'query' && input.request === effect.request,
      );
      const overMs = query && this.overBy(query, effect);
      if (overMs === undefined) continue;
      const text = `${this.name} answers a read with an entry whose time has been over for ${overMs.toFixed(1)} ms`;
      return { checker: 'expiry', text };
    }
    return undefined;
  }

  private overBy({ operations }: Query, { results }: Answer): number | undefined {
    const { core } = this;
    for (const [index, operation] of operations.entries()) {
      const result = results[index];
      if (result?.ok !== true || result.value === undefined || !isRead(operation)) continue;
      if (core.view.arcOfKey(operation.key)?.primary !== core.self) continue;
      const stored = core.replicas.entries.raw(operation.key);
      if (stored === undefined || stored !== this.before.get(operation.key)) continue;
      const expiresAtMs = expiryIn(stored);
      if (expiresAtMs === undefined || valueIn(stored) !== result.value) continue;
      if (expiresAtMs <= core.clock.wallMs) return core.clock.wallMs - expiresAtMs;
    }
    return undefined;
  }
}

function isRead({ type, extras }: Operation): boolean {
  return type === OperationType.get && extras === undefined;
}
