import { SteppedRegistry, Refusal, type Node } from './stepped-registry';

const FULL = { kind: 'room', room: { allows: 'no change', lacking: 'it is full' } } as const;
const SHORT = { kind: 'room', room: { allows: 'no growth', lacking: 'it is nearly full' } } as const;
const ROOMY = { kind: 'room', room: { allows: 'everything' } } as const;

let registry: SteppedRegistry;
let nodes: Node[];
beforeEach(() => {
  registry = new SteppedRegistry();
  nodes = registry.group(3);
});

const refusal = (deed: () => unknown): unknown => {
  try {
    return deed();
  } catch (error) {
    return error instanceof Refusal ? error.code : error;
  }
};

describe('a registry whose disk is full', () => {
  test('changes nothing, and renews', () => {
    const [first, second] = nodes as [Node, Node];
    registry.step(FULL);
    const { ring, saves } = registry;
    expect(refusal(() => registry.join('http://10.0.0.9:1'))).toBe('RESOURCE_EXHAUSTED');
    expect(refusal(() => registry.restart({ ...second }))).toBe('RESOURCE_EXHAUSTED');
    expect(refusal(() => registry.leave(second))).toBe('RESOURCE_EXHAUSTED');
    const { start, epoch } = registry.arc(first.identity.id);
    const drop = { kind: 'drop', start, epoch, nodes: [second.identity.id] } as const;
    expect(refusal(() => registry.propose(first, drop))).toBe('RESOURCE_EXHAUSTED');
    expect(registry.renew(first)).toMatchObject({
      live: true,
      undecided: 'it is full',
      roomLacking: 'it is full',
    });
    expect(registry.restart(second, 'same process')).toMatchObject({ identity: second.identity });
    registry.advance(100_000);
    expect([registry.ring, registry.saves]).toEqual([ring, saves]);
    expect(registry.core.nextTickAt).toBe(Infinity);
  });

  test('declares those dead that have not spoken since, once it has room, and goes on', () => {
    const [first, second, third] = nodes as [Node, Node, Node];
    registry.step(FULL);
    registry.advanceWith([second, third], 20_000);
    registry.step(ROOMY);
    expect(registry.ring.members.map(({ state }) => state).sort()).toEqual(['active', 'active', 'dead']);
    expect(registry.member(first)?.state).toBe('dead');
    expect(registry.arc(first.identity.id).primary).not.toBe(first.identity.id);
    expect(registry.facts).not.toContain('away');
    registry.join('http://10.0.0.9:1');
    expect(registry.renew(second)).toMatchObject({ live: true, undecided: '', roomLacking: '' });
  });
});

test('a registry whose disk is nearly full takes in nobody new, and does all else', () => {
  const [first, second, third] = nodes as [Node, Node, Node];
  registry.step(SHORT);
  expect(refusal(() => registry.join('http://10.0.0.9:1'))).toBe('RESOURCE_EXHAUSTED');
  registry.restart(third);
  registry.die([first], [second, third]);
  expect(registry.arc(first.identity.id).primary).not.toBe(first.identity.id);
  expect(registry.renew(second)).toMatchObject({ undecided: '', roomLacking: 'it is nearly full' });
  registry.step(ROOMY);
  registry.join('http://10.0.0.9:1');
});
