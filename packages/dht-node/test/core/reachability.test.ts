/** Nobody is handed an arc whom this node has not found at its address. */

import { checkParameters } from '@ringkeep/shared';
import { OTHER, SELF, SteppedNode, arc, ring, type Follower } from './stepped-node';

const PARAMETERS = checkParameters({ replicationFactor: 1 });

/** A primary of everything, and a newcomer in the middle of it, which has copied its part. */
function withNewcomer(missed: boolean): { node: SteppedNode; newcomer: Follower } {
  const node = SteppedNode.registered(ring(1, [arc()], [SELF, OTHER]), PARAMETERS);
  node.sync();
  // The registry has just answered: an arc is quiesced only then.
  if (missed) node.missed.add(OTHER);
  const newcomer = node.openedBy(OTHER, SELF, 1, { range: { start: OTHER, end: SELF } });
  for (let step = 0; step < 4; step++) node.step({ kind: 'tick' });
  newcomer.acknowledge(0);
  return { node, newcomer };
}

/** Lets time pass while the registry answers and the newcomer acknowledges. */
function goOn(node: SteppedNode, newcomer: Follower, ms: number): void {
  for (const until = node.now + ms; node.now < until;) {
    node.pass(50);
    for (const { call, request } of node.of('call-registry').slice(-1)) {
      if (request.kind !== 'renew') continue;
      const update = { kind: 'ring' as const, ring: node.core.view.ring };
      node.step({
        kind: 'member-answer',
        call,
        live: true,
        replaced: '',
        undecided: '',
        roomLacking: '',
        update,
      });
    }
    newcomer.acknowledge(0);
  }
}

const handovers = (node: SteppedNode): unknown[] =>
  node
    .of('call-registry')
    .filter(({ request }) => request.kind === 'propose' && request.proposal.kind === 'handover');

test('a newcomer that was found at its address is handed its part, and named by its process', () => {
  const { node, newcomer } = withNewcomer(false);
  goOn(node, newcomer, 200);
  expect(node.of('dial')).toMatchObject([{ to: { id: OTHER } }]);
  expect(handovers(node)).toMatchObject([
    { request: { proposal: { node: OTHER, at: OTHER, incarnation: 1, process: 1n } } },
  ]);
});

test('while its handover is unsettled a newcomer counts as a member: when it comes again it is not started over', () => {
  const { node, newcomer } = withNewcomer(false);
  goOn(node, newcomer, 200);
  expect(handovers(node)).toHaveLength(1);
  const again = node.openedBy(OTHER, SELF, 1, { range: { start: OTHER, end: SELF } });
  expect(again.kinds).toEqual(['wait']);
});

test('a newcomer that nobody finds gets nothing, loses its turn, and is told of', () => {
  const { node, newcomer } = withNewcomer(true);
  goOn(node, newcomer, 3_000);
  expect(handovers(node)).toEqual([]);
  expect(node.of('close-follower').length).toBeGreaterThan(0);
  expect(node.of('event').map(({ event }) => event)).toContainEqual(
    expect.objectContaining({ kind: 'node-missed', node: OTHER, other: false }),
  );
  const again = node.openedBy(OTHER, SELF, 1, { range: { start: OTHER, end: SELF } });
  expect(again.kinds).toEqual(['wait']);
});

test('one that is found later is let in then', () => {
  const { node, newcomer } = withNewcomer(true);
  goOn(node, newcomer, 1_000);
  node.missed.delete(OTHER);
  node.openedBy(OTHER, SELF, 1, { range: { start: OTHER, end: SELF } });
  goOn(node, newcomer, 600);
  const again = node.openedBy(OTHER, SELF, 1, { range: { start: OTHER, end: SELF } });
  for (let step = 0; step < 4; step++) node.step({ kind: 'tick' });
  goOn(node, again, 200);
  expect(handovers(node)).toHaveLength(1);
});
