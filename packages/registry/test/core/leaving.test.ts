import { SteppedRegistry } from './stepped-registry';

describe('leaving', () => {
  test('a member that holds nothing is forgotten at once, and asking again is harmless', () => {
    const registry = new SteppedRegistry();
    const [, b] = [registry.join('http://a:1'), registry.join('http://b:1')];
    expect(registry.leave(b).live).toBe(false);
    expect(registry.member(b)).toBeUndefined();
    expect(registry.leave(b).live).toBe(false);
    expect(registry.renew(b).live).toBe(false);
  });

  test('a member that holds arcs stays until it has handed them over', () => {
    const registry = new SteppedRegistry();
    const [a, b] = [registry.join('http://a:1'), registry.join('http://b:1')];
    expect(registry.leave(a).live).toBe(true);
    expect(registry.leave(a).live).toBe(true);
    expect(registry.facts.filter((fact) => fact === 'leaving')).toHaveLength(1);
    expect(registry.member(a)?.state).toBe('leaving');
    const start = a.identity.id;
    const handover = {
      kind: 'handover',
      start,
      epoch: 1,
      node: b.identity.id,
      incarnation: 1,
      at: start,
      seq: 4,
    } as const;
    expect(registry.propose(a, handover).accepted).toBe(true);
    expect(registry.member(a)?.state).toBe('leaving');
    registry.propose(b, { kind: 'drop', start, epoch: 2, nodes: [a.identity.id] });
    expect(registry.member(a)).toBeUndefined();
  });

  test('the last active member is refused: nobody could take its arcs', () => {
    const registry = new SteppedRegistry();
    const [a, b] = [registry.join('http://a:1'), registry.join('http://b:1')];
    registry.leave(a);
    expect(() => registry.leave(b)).toThrow(expect.objectContaining({ code: 'FAILED_PRECONDITION' }));
  });

  test('a leaving member that is started again takes part again, one that repeats itself does not', () => {
    const registry = new SteppedRegistry();
    const [a] = [registry.join('http://a:1'), registry.join('http://b:1')];
    registry.leave(a);
    registry.restart(a, 'same process');
    expect(registry.member(a)?.state).toBe('leaving');
    registry.restart(a);
    expect(registry.member(a)?.state).toBe('active');
  });
});
