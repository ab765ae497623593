/** A node that knows the ring's time answers no read with an entry whose time is over. */

import type { NodeCore, NodeEffect, NodeInput } from '@ringkeep/dht-node/core';
import { expiryIn, OperationType, valueIn, type Operation } from '@ringkeep/shared/operations';
import type { Failure } from './failure';

/** A step has been taken: of what it answered at once, the entries are still as they were read. */
export function checkAnswered(
  name: string,
  core: NodeCore,
  inputs: readonly NodeInput[],
  effects: readonly NodeEffect[],
): Failure | undefined {
  if (!core.clock.isSure) return undefined;
  for (const effect of effects) {
    if (effect.kind !== 'answer') continue;
    const query = inputs.find((input) => input.kind === 'query' && input.request === effect.request);
    if (query?.kind !== 'query') continue;
    for (const [index, operation] of query.operations.entries()) {
      const result = effect.results[index];
      if (result?.ok !== true || result.value === undefined) continue;
      const overMs = overBy(core, operation, result.value);
      if (overMs === undefined) continue;
      const text = `${name} answers a read with an entry whose time has been over for ${overMs.toFixed(1)} ms`;
      return { checker: 'expiry', text };
    }
  }
  return undefined;
}

function overBy(core: NodeCore, { type, key, extras }: Operation, value: string): number | undefined {
  if (type !== OperationType.get || extras !== undefined) return undefined;
  if (core.view.arcOfKey(key)?.primary !== core.self) return undefined;
  const stored = core.replicas.entries.raw(key);
  const expiresAtMs = stored === undefined ? undefined : expiryIn(stored);
  if (stored === undefined || expiresAtMs === undefined || valueIn(stored) !== value) return undefined;
  return expiresAtMs <= core.clock.wallMs ? core.clock.wallMs - expiresAtMs : undefined;
}
