/** How a node asks the registry to be taken in, and what it does when nobody answers. */

import { MemoryEntryStore } from '../../src/storage';
import { NodeCore } from '../../src/core';

test('a registration that is not answered is repeated, ever more rarely, every two seconds at last', () => {
  const core = new NodeCore(new MemoryEntryStore(), { incarnation: 1, startedAt: 0, leaseBeforeMs: 0 });
  const askedAt: number[] = [];
  for (let now = 0; now <= 12_000; now += 10) {
    for (const effect of core.step(now, [])) {
      if (effect.kind !== 'call-registry') continue;
      expect(effect.request).toEqual({ kind: 'register' });
      askedAt.push(now);
      core.step(now, [{ kind: 'registry-failed', call: effect.call, text: 'nobody is there' }]);
    }
  }
  const pauses = askedAt.slice(1).map((at, i) => at - (askedAt[i] as number));
  expect(pauses).toEqual([500, 1_000, 2_000, 2_000, 2_000, 2_000, 2_000]);
});

test('it says once, not each time, that the registry is silent', () => {
  const core = new NodeCore(new MemoryEntryStore(), { incarnation: 1, startedAt: 0, leaseBeforeMs: 0 });
  const said: string[] = [];
  for (let now = 0; now <= 5_000; now += 10) {
    for (const effect of core.step(now, [])) {
      if (effect.kind !== 'call-registry') continue;
      const answered = core.step(now, [
        { kind: 'registry-failed', call: effect.call, text: 'nobody is there' },
      ]);
      for (const after of answered) if (after.kind === 'event') said.push(after.event.kind);
    }
  }
  expect(said).toEqual(['registry-silent']);
});
