/** How a node asks the registry to be taken in, and what it does when nobody answers. */

import { checkParameters } from '@ringkeep/shared';
import { MemoryEntryStore } from '../../src/storage';
import { NodeCore } from '../../src/core';
import { arc, ring, SELF, SteppedNode } from './stepped-node';

test('a registration that is not answered is repeated, ever more rarely, every two seconds at last', () => {
  const core = new NodeCore(new MemoryEntryStore(), {
    incarnation: 1,
    newcomer: true,
    process: 1n,
    startedAt: 0,
    leaseBeforeMs: 0,
  });
  const askedAt: number[] = [];
  for (let now = 0; now <= 12_000; now += 10) {
    for (const effect of core.step(now, [])) {
      if (effect.kind !== 'call-registry') continue;
      expect(effect.request).toEqual({ kind: 'register', held: [], known: { version: 0, run: 0n } });
      askedAt.push(now);
      core.step(now, [{ kind: 'registry-failed', call: effect.call, text: 'nobody is there' }]);
    }
  }
  const pauses = askedAt.slice(1).map((at, i) => at - (askedAt[i] as number));
  expect(pauses).toEqual([500, 1_000, 2_000, 2_000, 2_000, 2_000, 2_000]);
});

test('when there is a connection again it registers at once, and begins with short pauses', () => {
  const core = new NodeCore(new MemoryEntryStore(), {
    incarnation: 1,
    newcomer: true,
    process: 1n,
    startedAt: 0,
    leaseBeforeMs: 0,
  });
  const askedAt: number[] = [];
  for (let now = 0; now <= 12_000; now += 10) {
    for (const effect of core.step(now, now === 9_000 ? [{ kind: 'registry-reached' }] : [])) {
      if (effect.kind !== 'call-registry') continue;
      askedAt.push(now);
      core.step(now, [{ kind: 'registry-failed', call: effect.call, text: 'nobody is there' }]);
    }
  }
  expect(askedAt.filter((at) => at > 6_000)).toEqual([7_500, 9_000, 9_500, 10_500]);
});

test('a newcomer that the registry does not know the ring of gives up with its words', () => {
  const core = new NodeCore(new MemoryEntryStore(), {
    incarnation: 2,
    newcomer: true,
    process: 1n,
    startedAt: 0,
    leaseBeforeMs: 0,
  });
  const [asked] = core.step(0, []).filter((effect) => effect.kind === 'call-registry');
  const effects = core.step(10, [
    { kind: 'registry-wrong', call: asked?.call ?? 0, text: 'another cluster' },
  ]);
  expect(effects).toContainEqual({ kind: 'refused', text: 'another cluster' });
});

test('it says once, not each time, that the registry is silent', () => {
  const core = new NodeCore(new MemoryEntryStore(), {
    incarnation: 1,
    newcomer: true,
    process: 1n,
    startedAt: 0,
    leaseBeforeMs: 0,
  });
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

describe('a member', () => {
  const lease = checkParameters({ membershipLeaseMs: 4_000 });
  const alone = ring(1, [arc()], [SELF]);
  let node: SteppedNode;
  let sentAt: number[];
  beforeEach(() => {
    node = SteppedNode.registered(alone, lease);
    node.forget();
    sentAt = [];
  });

  /** Lets time pass; what the registry is asked gets lost, without a word, or with one. */
  function losing(ms: number, failAfterMs?: number): void {
    const until = node.now + ms;
    const failures = new Map<number, number>();
    while (node.now < until) {
      node.now += 10;
      const failed = failures.get(node.now);
      const inputs =
        failed === undefined ? [] : [{ kind: 'registry-failed', call: failed, text: 'lost' } as const];
      for (const effect of node.step(...inputs)) {
        if (effect.kind !== 'call-registry') continue;
        expect(effect).toMatchObject({ request: { kind: 'renew' }, withinMs: 1_000 });
        sentAt.push(node.now - 10_000);
        if (failAfterMs !== undefined) failures.set(node.now + failAfterMs, effect.call);
      }
    }
  }

  test('renews four times in a lease, and is not kept from it by a renewal that was lost', () => {
    losing(4_000);
    expect(sentAt).toEqual([1_000, 2_000, 3_000, 4_000]);
  });

  test('renews again an eighth of the lease after a renewal has failed', () => {
    losing(3_000, 100);
    expect(sentAt).toEqual([1_000, 1_600, 2_200, 2_800]);
  });

  test('renews at once when the registry that was silent can be reached again', () => {
    losing(1_200, 100);
    node.forget();
    node.step({ kind: 'registry-reached' });
    expect(node.of('call-registry')).toHaveLength(1);
  });

  test('does not renew for a connection that is new while the registry answers', () => {
    node.step({ kind: 'registry-reached' });
    expect(node.of('call-registry')).toEqual([]);
  });

  test('says of the registry what is amiss with it, and no longer when that is over', () => {
    const renewed = (undecided: string, roomLacking: string): string | undefined => {
      node.forget();
      node.pass(1_000);
      const { call } = node.last('call-registry');
      const update = { kind: 'ring', ring: alone } as const;
      node.step({ kind: 'member-answer', call, live: true, replaced: '', undecided, roomLacking, update });
      return node.core.inspection.status().registryTrouble;
    };
    expect(renewed('', '')).toBeUndefined();
    expect(renewed('', 'the disk is nearly full')).toBe(
      'the registry takes in nobody new (the disk is nearly full)',
    );
    expect(renewed('the disk is full', 'the disk is full')).toBe(
      'the registry changes nothing (the disk is full): joins, leaves and fail-overs wait',
    );
    expect(renewed('', '')).toBeUndefined();
    losing(2_000, 100);
    expect(node.core.inspection.status().registryTrouble).toMatch(/^the registry does not answer: /);
    expect(renewed('', '')).toBeUndefined();
  });

  test('that finds a wrong registry goes on answering, asks on, and says so once', () => {
    node.step({ kind: 'registry-wrong', call: 0, text: 'before it knew' });
    node.forget();
    const until = node.now + 8_000;
    while (node.now < until) {
      node.now += 10;
      for (const effect of node.step()) {
        if (effect.kind !== 'call-registry') continue;
        expect(effect.request.kind).toBe('renew');
        node.step({ kind: 'registry-wrong', call: effect.call, text: 'another cluster' });
      }
    }
    expect(node.of('event').filter(({ event }) => event.kind === 'registry-wrong')).toEqual([]);
    expect(node.of('refused')).toEqual([]);
    expect(node.of('call-registry').length).toBeGreaterThan(4);
    expect(node.core.inspection.serves(SELF)).toBe(true);
  });
});
