import { MESSAGE_BYTES_MAX, position, type ArcConfig, type Member, type NodeId } from '@ringkeep/shared';
import { registry as wire, ringToWire } from '@ringkeep/shared/wire';
import { positionOfText } from '@ringkeep/shared/operations';
import {
  DEFAULT_CONFIG,
  MEMBERS_MAX,
  RegistryCore,
  newState,
  type HeldRange,
  type OwnersAnswer,
} from '../../src/core';
import { SteppedRegistry, type Node } from './stepped-registry';

describe('registration', () => {
  test('the first member owns the whole ring, alone and without a predecessor', () => {
    const registry = new SteppedRegistry();
    const answer = registry.register({ addr: 'http://a:1' });
    const { id } = answer.identity;
    expect(answer.neighbor).toBeUndefined();
    expect(answer.identity.clusterId).toBe('the-cluster');
    expect(answer.parameters).toEqual(registry.config.parameters);
    expect(registry.ring.arcs).toEqual([
      {
        start: id,
        end: id,
        epoch: 1,
        term: 1,
        handover: false,
        primary: id,
        inSync: [id],
        withoutCopy: [],
        copiesReached: 1,
        seq: 0,
      },
    ]);
  });

  test('later newcomers are members without an arc and learn who owns their place', () => {
    const registry = new SteppedRegistry();
    const first = registry.join('http://a:1');
    const answer = registry.register({ addr: 'http://b:1' });
    expect(answer.neighbor?.addr).toBe('http://a:1');
    expect(registry.ring.arcs).toHaveLength(1);
    expect(registry.ring.members.map((member) => member.state)).toEqual(['active', 'active']);
    expect(answer.ring).toEqual({ kind: 'ring', ring: registry.ring });
    expect(first.identity.id).not.toBe(answer.identity.id);
  });

  test('a member that owns its place learns of its predecessor', () => {
    const registry = new SteppedRegistry();
    const [a, b] = [registry.join('http://a:1'), registry.join('http://b:1')];
    registry.handOver(a, b);
    expect(registry.restart(b).neighbor?.addr).toBe('http://a:1');
  });

  test('a newcomer with co-ordinates learns of the closest active member that has some', () => {
    const registry = new SteppedRegistry();
    const at = (addr: string, ...coordinates: number[]) => registry.register({ addr, coordinates });
    expect(at('http://a:1', 0.1, 0.1).closest).toBeUndefined();
    at('http://b:1', 0.9, 0.9);
    at('http://c:1');
    at('http://d:1', 0.5);
    expect(at('http://e:1', 0.3, 0.2).closest?.addr).toBe('http://a:1');
    expect(at('http://f:1', 0.8, 0.6).closest?.addr).toBe('http://b:1');
    expect(at('http://g:1').closest).toBeUndefined();
    expect(at('http://h:1', 1, 2, 3).closest).toBeUndefined();
  });

  test('a member that leaves is nobody’s closest', () => {
    const registry = new SteppedRegistry();
    const far = registry.join('http://a:1');
    const near = registry.register({ addr: 'http://b:1', coordinates: [0.5, 0.5] });
    registry.handOver(far, { addr: 'http://b:1', identity: near.identity, incarnation: 1 });
    registry.leave({ addr: 'http://b:1', identity: near.identity, incarnation: 1 });
    expect(registry.register({ addr: 'http://c:1', coordinates: [0.5, 0.5] }).closest).toBeUndefined();
  });

  test('newcomers get no place in the arc of a dead member while another arc has a live owner', () => {
    const registry = new SteppedRegistry();
    const [a, b] = [registry.join('http://a:1'), registry.join('http://b:1')];
    registry.handOver(a, b);
    const [arc] = registry.ring.arcs.filter(({ primary }) => primary === b.identity.id);
    registry.propose(b, {
      kind: 'drop',
      start: b.identity.id,
      epoch: arc?.epoch ?? 0,
      nodes: [a.identity.id],
    });
    registry.die([b], [a]);
    for (let port = 1; port <= 20; port++) {
      const { neighbor } = registry.register({ addr: `http://c:${port}` });
      expect(neighbor?.addr).toBe('http://a:1');
    }
  });

  test('a registration repeated changes nothing and gives the same answer', () => {
    const registry = new SteppedRegistry();
    const node = registry.join('http://a:1');
    const version = registry.ring.version;
    const again = registry.restart(node, 'same process');
    expect(again.identity).toEqual(node.identity);
    expect(registry.ring.version).toBe(version);
  });

  test('a newcomer whose answer was lost gets the same place by its claim, across a registry crash', () => {
    const registry = new SteppedRegistry();
    const first = registry.register({ addr: 'http://a:1', claim: 'random' });
    registry.crash();
    const second = registry.register({ addr: 'http://a:1', claim: 'random' });
    expect(second.identity).toEqual(first.identity);
    const restarted = registry.register({ addr: 'http://a:2', claim: 'random', incarnation: 2 });
    expect(restarted.identity).toEqual(first.identity);
    expect(registry.ring.members).toMatchObject([{ addr: 'http://a:2', incarnation: 2 }]);
  });

  describe('a first registration that arrives once more, late,', () => {
    const first = { addr: 'http://b:1', claim: 'random' };
    let registry: SteppedRegistry;
    let a: Node;
    let node: Node;
    beforeEach(() => {
      registry = new SteppedRegistry({ forgetAfterMs: 10_000 });
      a = registry.join('http://a:1');
      node = { addr: first.addr, identity: registry.register(first).identity, incarnation: 1 };
      registry.renew(node);
    });

    test('is a repeat of the node that has been heard of since', () => {
      const { version } = registry.ring;
      expect(registry.register(first).identity).toEqual(node.identity);
      registry.crash();
      expect(registry.register(first).identity).toEqual(node.identity);
      expect(registry.ring.version).toBe(version + 1);
    });

    test('makes no second member while that node is dead: it finds its address free when it comes back', () => {
      registry.die([node], [a]);
      expect(registry.register(first).identity).toEqual(node.identity);
      expect(registry.ring.members).toHaveLength(2);
      registry.restart(node);
      expect(registry.member(node)).toMatchObject({ addr: first.addr, incarnation: 2, state: 'active' });
    });

    test('is refused when that node has been started again, at whatever address', () => {
      registry.register({ ...node, claim: first.claim, incarnation: 2, addr: 'http://moved:1' });
      expect(() => registry.register(first)).toThrow('incarnation 1 is over');
      expect(registry.ring.members).toHaveLength(2);
    });

    test('makes a ghost of a node that is forgotten, which loses the claim when that node comes back', () => {
      registry.advanceWith([a], 30_000);
      const ghost = registry.register({ ...first, addr: 'http://late:1' }).identity;
      registry.register({ ...node, claim: first.claim, incarnation: 2 });
      expect(registry.state.claims).toEqual([{ id: node.identity.id, claim: first.claim }]);
      registry.advanceWith([a, { ...node, incarnation: 2 }], 30_000);
      expect(registry.member({ ...node, identity: ghost })).toBeUndefined();
      expect(registry.member(node)?.state).toBe('active');
    });

    test('finds the claims of the others when a member was forgotten, and not the claim of that one', () => {
      const other = { addr: 'http://c:1', claim: 'of another' };
      const c: Node = { addr: other.addr, identity: registry.register(other).identity, incarnation: 1 };
      registry.advanceWith([a, c], 30_000);
      expect(registry.member(node)).toBeUndefined();
      expect(registry.state.claims).toEqual([{ id: c.identity.id, claim: other.claim }]);
      expect(registry.register(other).identity).toEqual(c.identity);
      expect(registry.ring.members).toHaveLength(2);
    });

    test('is refused, too, when that node was forgotten and has come back since', () => {
      registry.advanceWith([a], 30_000);
      expect(registry.member(node)).toBeUndefined();
      expect(registry.state.claims).toEqual([]);
      registry.register({ ...node, claim: first.claim, incarnation: 2 });
      registry.crash();
      expect(() => registry.register(first)).toThrow('incarnation 1 is over');
    });
  });

  test('an address of a live member is refused to another one, and free when that member is dead', () => {
    const registry = new SteppedRegistry();
    const [a, b] = [registry.join('http://a:1'), registry.join('http://b:1')];
    expect(() => registry.register({ addr: 'http://b:1' })).toThrow(
      expect.objectContaining({ code: 'ALREADY_EXISTS' }),
    );
    expect(() => registry.register({ ...a, addr: 'http://b:1', incarnation: 2 })).toThrow(
      'http://b:1 belongs',
    );
    registry.die([b], [a]);
    expect(registry.register({ addr: 'http://b:1' }).identity.id).not.toBe(b.identity.id);
  });

  test('a smaller incarnation is refused', () => {
    const registry = new SteppedRegistry();
    const node = registry.join('http://a:1');
    registry.restart(node);
    expect(() => registry.register({ ...node, incarnation: 1 })).toThrow(
      expect.objectContaining({
        code: 'FAILED_PRECONDITION',
        message: expect.stringContaining('incarnation 2'),
      }),
    );
  });

  describe('two processes in one incarnation, a node and a copy of its data folder,', () => {
    let registry: SteppedRegistry;
    let [node, copy, other]: Node[] = [];
    let held: HeldRange[];
    beforeEach(() => {
      registry = new SteppedRegistry();
      const [first, second] = registry.group(2) as [Node, Node];
      [node, other] = [first, second];
      const { start, end, term } = registry.ring.arcs[0] as ArcConfig;
      held = [{ start, end, term, committed: 0, lastPrepared: 0 }];
      registry.register({ ...first, incarnation: 2, process: 1n, held });
      node = { ...first, incarnation: 2, process: 1n };
      copy = { ...node, process: 2n };
    });

    test.each(['http://10.0.0.1:50001', 'http://copy:1'])(
      'the later to register has the place, at %s',
      (addr) => {
        const { version } = registry.ring;
        registry.register({ ...(copy as Node), addr });
        expect(registry.ring.version).toBe(version + 1);
        expect(registry.member(copy as Node)).toMatchObject({
          addr,
          incarnation: 2,
          process: 2n,
          state: 'active',
        });
        expect(registry.facts).toEqual(expect.arrayContaining(['replaced', 'restarted']));
      },
    );

    test('the other is told to stop, whatever it asks, and what it proposes is void', () => {
      registry.register({ ...(copy as Node), addr: 'http://copy:1' });
      const told = {
        live: false,
        replaced: expect.stringMatching(/another process .* at http:\/\/copy:1 .* a copy\?/),
      };
      expect(registry.renew(node as Node)).toMatchObject(told);
      expect(registry.leave(node as Node)).toMatchObject(told);
      const [arc] = registry.ring.arcs;
      const keep = { kind: 'keep' as const, start: (arc as ArcConfig).start, epoch: arc?.epoch ?? 0 };
      expect(registry.propose(node as Node, keep)).toMatchObject({
        accepted: false,
        reason: /another process/,
      });
      expect(registry.renew(copy as Node)).toMatchObject({ live: true, replaced: '' });
    });

    test('what one of them has shown on its stream admits not the other', () => {
      registry.register({ ...(copy as Node), held: [] });
      const [{ start, epoch }] = registry.ring.arcs as [ArcConfig];
      const [primary, target] = [other as Node, copy as Node];
      const drop = { kind: 'drop' as const, start, epoch, nodes: [target.identity.id] };
      expect(registry.propose(primary, drop).reason).toBe('');
      const stream = { node: target.identity.id, incarnation: 2 };
      const admit = { kind: 'admit' as const, start, epoch: epoch + 1, ...stream };
      expect(registry.propose(primary, { ...admit, process: 1n }).reason).toMatch(/another process/);
      expect(registry.propose(primary, { ...admit, process: 2n }).reason).toBe('');
    });

    test('the later one is primary in no term from before its registration', () => {
      const [before] = registry.ring.arcs;
      expect(before?.primary).toBe(other?.identity.id);
      registry.register({ ...(other as Node), incarnation: 1, process: 5n, held });
      expect(registry.ring.arcs[0]?.primary).not.toBe(other?.identity.id);
    });

    test('one that was declared dead and comes back is the same process', () => {
      registry.die([node as Node], [other as Node]);
      registry.register(node as Node);
      expect(registry.facts.at(-1)).not.toBe('replaced');
      expect(registry.member(node as Node)).toMatchObject({ process: 1n, state: 'active' });
    });

    test('a process of an earlier incarnation is told to stop, too', () => {
      registry.register({ ...(node as Node), incarnation: 3, process: 9n });
      expect(registry.renew(node as Node).replaced).toContain('in incarnation 3');
    });

    test('nobody is told to stop who was only declared dead, or forgotten', () => {
      registry.die([node as Node], [other as Node]);
      expect(registry.renew(node as Node)).toMatchObject({ live: false, replaced: '' });
      expect(
        registry.renew({ ...(node as Node), identity: { ...(node as Node).identity, id: 5n as never } }),
      ).toMatchObject({
        live: false,
        replaced: '',
      });
    });
  });

  test.each([0, -1, 1.5, 2 ** 53])('an incarnation of %p is refused with an explanation', (incarnation) => {
    const registry = new SteppedRegistry();
    expect(() => registry.register({ addr: 'http://a:1', incarnation })).toThrow(
      expect.objectContaining({
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining('counts its starts'),
      }),
    );
  });

  test.each([
    { coordinates: [NaN] },
    { coordinates: new Array<number>(17).fill(0) },
    { claim: 'x'.repeat(129) },
  ])('a registration out of bounds is refused (%#)', (given) => {
    const registry = new SteppedRegistry();
    expect(() => registry.register({ addr: 'http://a:1', ...given })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });

  test('a ring that is full takes no newcomer; the largest one there can be fits a message', () => {
    const registry = new SteppedRegistry();
    const members = Array.from({ length: MEMBERS_MAX }, (_, i): Member => {
      const addr = `http://${String(i).padStart(253, 'a')}:65535`;
      const coordinates = new Array<number>(16).fill(Math.PI);
      const id = position(2n ** 50n * BigInt(i + 1));
      return {
        id,
        addr,
        salt: 2 ** 32 - 1,
        incarnation: 2 ** 31,
        process: 2n ** 64n - 1n,
        state: 'active',
        coordinates,
      };
    });
    const arcs = members.map(({ id }, i): ArcConfig => {
      const following = Array.from({ length: 7 }, (_, at) => members[(i + at) % MEMBERS_MAX] as Member);
      const inSync = following.map((member) => member.id);
      const end = inSync[1] as NodeId;
      return {
        start: id,
        end,
        epoch: 2 ** 40,
        term: 2 ** 40,
        handover: true,
        primary: id,
        inSync,
        withoutCopy: [],
        copiesReached: 1,
        seq: 2 ** 50,
      };
    });
    registry.state = { ...registry.state, ring: { ...registry.ring, version: 2 ** 40, members, arcs } };
    registry.crash();
    const full = expect.objectContaining({ code: 'RESOURCE_EXHAUSTED' }) as Error;
    expect(() => registry.join('http://new:1')).toThrow(full);
    expect(wire.Ring.encode(ringToWire(registry.ring)).finish().length).toBeLessThan(MESSAGE_BYTES_MAX);
  });

  test('a node of another cluster is refused with both ids', () => {
    const registry = new SteppedRegistry();
    const identity = { id: position(1n), salt: 0, clusterId: 'another' };
    expect(() => registry.register({ addr: 'http://a:1', identity })).toThrow(
      expect.objectContaining({
        code: 'WRONG_REGISTRY',
        message: expect.stringContaining(
          'the node belongs to the cluster another, this registry keeps the cluster the-cluster',
        ),
      }),
    );
  });

  test('asked who owns the ring it names those that own something, and no others', () => {
    const registry = new SteppedRegistry();
    const owners = (): unknown => registry.ask<OwnersAnswer>({ kind: 'owners' }).members.map(({ id }) => id);
    expect(owners()).toEqual([]);
    const [a, b] = [registry.join('http://a:1'), registry.join('http://b:1')];
    expect(owners()).toEqual([a.identity.id]);
    registry.handOver(a, b);
    expect(new Set(owners() as unknown[])).toEqual(new Set([a.identity.id, b.identity.id]));
  });

  test('a restart brings its new address and coordinates', () => {
    const registry = new SteppedRegistry();
    const node = registry.join('http://a:1');
    registry.register({ ...node, incarnation: 2, addr: 'http://moved:1', coordinates: [1, 2] });
    expect(registry.member(node)).toMatchObject({
      addr: 'http://moved:1',
      incarnation: 2,
      coordinates: [1, 2],
    });
  });

  test('a core does not start on a damaged state', () => {
    const { parameters } = DEFAULT_CONFIG;
    const fresh = newState('c', parameters, 1n);
    const claimed = [{ id: position(1n), claim: 'claim' }];
    for (const broken of [
      { ...fresh, returns: [position(1n)] },
      { ...fresh, claims: claimed },
      { ...fresh, ring: { ...fresh.ring, clusterId: '' } },
    ])
      expect(() => new RegistryCore(DEFAULT_CONFIG, { positionOfText }, broken, 0)).toThrow('damaged');
  });
});
