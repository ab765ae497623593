/** Round-trip times to the members of a real ring. */

import { DEFAULT_PARAMETERS, RingView, type NodeId, type Routing } from '@ringkeep/shared';
import { RoundTrips } from '../../src/links/round-trips';
import type { NodeInput } from '../../src/core/inputs';
import { TestRing } from '../ring/test-ring';

let ring: TestRing;

beforeAll(async () => {
  ring = await TestRing.start({ routing: 'pastry', membershipLeaseMs: 60_000 });
  await ring.addNodes(3);
  await ring.untilSettled();
});
afterAll(() => ring.stop());

/** Measures with hardly a pause, as the first node of the ring. */
function measure(routing: Routing, post: (peer: NodeId, ms: number) => void): RoundTrips {
  const view = new RingView(ring.registry.ring());
  const [first] = view.ring.members;
  const node = { self: first?.id as NodeId, parameters: { ...DEFAULT_PARAMETERS, routing }, view };
  const take = (input: NodeInput): void => {
    if (input.kind === 'round-trip') post(input.peer, input.ms);
  };
  return new RoundTrips(node, undefined, take, 1);
}

test('each other member is measured in turn, and one that is gone does not hold up the rest', async () => {
  const [self, ...others] = ring.registry.ring().members;
  const measured = new Map<NodeId, number>();
  const trips = measure('pastry', (peer, ms) => measured.set(peer, ms));
  await ring.until(() => measured.size === others.length);
  expect(measured.has(self?.id as NodeId)).toBe(false);
  for (const ms of measured.values()) {
    expect(ms).toBeGreaterThan(0);
    expect(ms).toBeLessThan(1_000);
  }
  const [gone, living] = others.map(({ id }) => ring.nodes.find((node) => node.status().id === id));
  await gone?.stop();
  measured.clear();
  await ring.until(() => measured.size === 1);
  expect([...measured.keys()]).toEqual([living?.status().id]);
  await trips.stop();
});

test('where the scheme has no choice between peers nobody is asked', async () => {
  const asked = { chord: 0, pastry: 0 };
  const trips = [measure('chord', () => asked.chord++), measure('pastry', () => asked.pastry++)];
  await ring.until(() => asked.pastry >= 5);
  await Promise.all(trips.map((each) => each.stop()));
  expect(asked.chord).toBe(0);
});
