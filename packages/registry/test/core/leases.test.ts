import { SteppedRegistry, type Node } from './stepped-registry';

describe('leases', () => {
  test('a member that renews stays, one that does not is declared dead and learns it', () => {
    const registry = new SteppedRegistry();
    const [a, b] = [registry.join('http://a:1'), registry.join('http://b:1')];
    registry.die([b], [a]);
    expect(registry.facts.filter((fact) => fact === 'died')).toHaveLength(1);
    expect(registry.member(a)?.state).toBe('active');
    expect(registry.renew(a).live).toBe(true);
    expect(registry.renew(b).live).toBe(false);
  });

  test('a living member that was declared dead comes back with the same incarnation', () => {
    const registry = new SteppedRegistry();
    const [a, b] = [registry.join('http://a:1'), registry.join('http://b:1')];
    registry.die([b], [a]);
    registry.restart(b, 'same process');
    expect(registry.member(b)?.state).toBe('active');
    expect(registry.renew(b).live).toBe(true);
  });

  test('an older or unknown incarnation does not renew', () => {
    const registry = new SteppedRegistry();
    const node = registry.join('http://a:1');
    expect(registry.renew({ ...node, incarnation: 2 }).live).toBe(false);
    registry.restart(node);
    expect(registry.renew({ ...node, incarnation: 1 }).live).toBe(false);
  });

  test('nobody pays for a crash of the registry', () => {
    const registry = new SteppedRegistry();
    const node = registry.join('http://a:1');
    registry.now += 60_000;
    registry.crash();
    registry.advance(registry.config.parameters.membershipLeaseMs - 1);
    expect(registry.member(node)?.state).toBe('active');
    registry.advance(1);
    expect(registry.member(node)?.state).toBe('dead');
  });

  test('nobody pays for a registry that was stopped for a while', () => {
    const registry = new SteppedRegistry();
    const node = registry.join('http://a:1');
    registry.now += 60_000;
    registry.step({ kind: 'tick' });
    expect(registry.member(node)?.state).toBe('active');
    expect(registry.facts).toContain('away');
  });

  test('renewing saves nothing', () => {
    const registry = new SteppedRegistry();
    const node = registry.join('http://a:1');
    const { saves } = registry;
    registry.advanceWith([node], 10_000);
    expect(registry.saves).toBe(saves);
  });

  test('a dead member that no arc names is forgotten in time, one that an arc names is kept', () => {
    const registry = new SteppedRegistry({ forgetAfterMs: 10_000 });
    const [a, b] = [registry.join('http://a:1'), registry.join('http://b:1')];
    registry.die([a, b], []);
    registry.advance(30_000);
    expect(registry.member(a)?.state).toBe('dead');
    expect(registry.member(b)).toBeUndefined();
  });

  test('a dead member that an arc names for long is forgotten once none does', () => {
    const registry = new SteppedRegistry({ forgetAfterMs: 10_000 });
    const [a, b] = registry.group(2) as [Node, Node];
    registry.die([a, b], []);
    registry.advance(25_000);
    registry.restart(b);
    registry.advanceWith([b], 2_000);
    expect(registry.member(a)?.state).toBe('dead');
    const { start, epoch } = registry.arc(a.identity.id);
    registry.propose(b, { kind: 'drop', start, epoch, nodes: [a.identity.id] });
    registry.advanceWith([b], 10_000);
    expect(registry.member(a)).toBeUndefined();
  });

  test('a member that was dead and came back is not forgotten', () => {
    const registry = new SteppedRegistry({ forgetAfterMs: 10_000 });
    const [a, b] = [registry.join('http://a:1'), registry.join('http://b:1')];
    registry.die([b], [a]);
    registry.restart(b);
    registry.advanceWith([a, b], 30_000);
    expect(registry.member(b)?.state).toBe('active');
  });

  test('a forgotten node is taken back at its old place', () => {
    const registry = new SteppedRegistry({ forgetAfterMs: 10_000 });
    const [a, b] = [registry.join('http://a:1'), registry.join('http://b:1')];
    registry.advanceWith([a], 30_000);
    expect(registry.member(b)).toBeUndefined();
    registry.restart(b);
    expect(registry.member(b)).toMatchObject({ state: 'active', salt: b.identity.salt, incarnation: 2 });
  });
});
