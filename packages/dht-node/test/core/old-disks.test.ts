/** A primary stepped by hand against followers whose logs, or its own, are older or newer than they should be. */

import { type LogExtent, type NodeId, type TermStart } from '@ringkeep/shared';
import { NUMBERS_LEFT_OUT } from '../../src/core/limits';
import { SteppedNode, arc, OTHER, put, ring, SELF, THIRD } from './stepped-node';

const IDS = [SELF, OTHER, THIRD];
const WHOLE = { start: SELF, end: SELF };

const logOf = (committed: number, lastPrepared: number, ...starts: TermStart[]): LogExtent => ({
  range: WHOLE,
  committed,
  lastPrepared,
  history: { from: 1, pieces: [], starts },
});

const opening = (
  log: LogExtent,
): { complete: true; committed: number; lastPrepared: number; logs: LogExtent[] } => {
  const { committed, lastPrepared } = log;
  return { complete: true, committed, lastPrepared, logs: [log] };
};

/** Primary of the whole ring in term 1, with three writes committed. */
function withWrites(): SteppedNode {
  const node = SteppedNode.registered(ring(1, [arc()], IDS));
  node.sync();
  node.query(put('a', '1'), put('b', '2'), put('c', '3'));
  node.sync();
  return node;
}

/** The same in a takeover, in term 5; OTHER is in sync. */
function takingOver(): SteppedNode {
  const node = withWrites();
  node.adopt(ring(5, [arc({ epoch: 5, term: 5, inSync: [SELF, OTHER] })], IDS));
  node.pass(node.parameters.leaseMs);
  node.sync();
  node.forget();
  return node;
}

/** The same, open: OTHER has been dropped. */
function openAlone(): SteppedNode {
  const node = takingOver();
  node.adopt(ring(6, [arc({ epoch: 6, term: 5, inSync: [SELF] })], IDS));
  node.sync();
  node.forget();
  return node;
}

const proposals = (node: SteppedNode): unknown[] =>
  node.of('call-registry').flatMap(({ request }) => (request.kind === 'propose' ? [request.proposal] : []));

describe('a takeover', () => {
  test('yields to a member whose log is newer, and does not align it', () => {
    const node = takingOver();
    const other = node.openedBy(
      OTHER,
      SELF,
      5,
      opening(logOf(3, 5, { term: 1, first: 1 }, { term: 3, first: 4 })),
    );
    expect(other.kinds).toEqual(['wait']);
    expect(proposals(node)).toMatchObject([{ kind: 'yield', node: OTHER, epoch: 5 }]);
  });

  test('never drops such a member, however long it is silent', () => {
    const node = takingOver();
    node.openedBy(OTHER, SELF, 5, opening(logOf(3, 5, { term: 1, first: 1 }, { term: 3, first: 4 })));
    node.pass(3 * node.parameters.failureTimeoutMs);
    expect(proposals(node)).not.toContainEqual(expect.objectContaining({ kind: 'drop' }));
  });

  test('stops while such a member is down, until it is back or a person has decided', () => {
    const node = takingOver();
    const newer = opening(logOf(3, 5, { term: 1, first: 1 }, { term: 3, first: 4 }));
    node.openedBy(OTHER, SELF, 5, newer);
    const config = { term: 5, inSync: [SELF, OTHER] };
    node.adopt(ring(6, [arc({ ...config, epoch: 6 })], IDS, [OTHER]));
    node.forget();
    node.pass(3 * node.parameters.failureTimeoutMs);
    expect(proposals(node)).toEqual([]);
    expect(node.core.inspection.status().replicas[0]?.stopped).toContain(
      'which is down, has shown a newer copy',
    );
    node.adopt(ring(7, [arc({ ...config, epoch: 6 })], IDS));
    expect(proposals(node)).toMatchObject([{ kind: 'yield', node: OTHER, epoch: 6 }]);
    node.adopt(ring(8, [arc({ ...config, epoch: 7 })], IDS, [OTHER]));
    node.forget();
    node.step({ kind: 'recover', request: 1, start: SELF, from: SELF });
    node.sync();
    expect(node.last('recover-answer').refusal).toBeUndefined();
    node.pass(3 * node.parameters.failureTimeoutMs);
    expect(proposals(node)).toContainEqual(expect.objectContaining({ kind: 'drop', nodes: [OTHER] }));
  });

  test('aligns a member that lacks the end of its log, with the terms of what it brings', () => {
    const node = takingOver();
    node.core.replicas.apply({ kind: 'prepare', start: SELF, firstSeq: 4, ops: [undefined], term: 4 });
    const other = node.openedBy(OTHER, SELF, 5, opening(logOf(3, 3, { term: 1, first: 1 })));
    expect(other.heard[0]).toMatchObject({ kind: 'align', firstSeq: 4, terms: [{ term: 4, first: 4 }] });
  });

  test('replaces what a member has of another term in place of its own', () => {
    const node = takingOver();
    node.core.replicas.apply({ kind: 'prepare', start: SELF, firstSeq: 4, ops: [undefined], term: 4 });
    const log = logOf(3, 5, { term: 1, first: 1 }, { term: 2, first: 4 });
    const other = node.openedBy(OTHER, SELF, 5, opening(log));
    expect(other.heard[0]).toMatchObject({ kind: 'align', firstSeq: 4, lastPrepared: 4, ops: [undefined] });
  });

  test('answers members only', () => {
    const node = takingOver();
    expect(node.openedBy(THIRD, SELF, 5).kinds).toEqual(['wait']);
    expect(openAlone().openedBy(THIRD, SELF, 5).kinds).toContain('start-over');
  });

  test('drops a member whose log parts from its own before the commit point, and names both', () => {
    const node = takingOver();
    const other = node.openedBy(OTHER, SELF, 5, opening(logOf(1, 1, { term: 1, first: 1 })));
    node.pass(20);
    expect(other.kinds).toEqual(['wait']);
    expect(proposals(node)).toMatchObject([{ kind: 'drop', nodes: [OTHER] }]);
    expect(node.of('event').map(({ event }) => event)).toContainEqual(
      expect.objectContaining({ kind: 'old-copy', node: OTHER }),
    );
  });

  test('with a disk older than the ring says opens for nobody until a person has decided', () => {
    const node = withWrites();
    node.adopt(ring(5, [arc({ epoch: 5, term: 5, seq: 9, inSync: [SELF, OTHER] })], IDS));
    node.pass(3 * node.parameters.failureTimeoutMs);
    expect(proposals(node)).toEqual([]);
    expect(node.core.inspection.status().replicas[0]?.stopped).toContain(
      'ends at write 3, though the arc had 9',
    );
    node.step({ kind: 'recover', request: 1, start: SELF, from: SELF });
    node.sync();
    expect(node.last('recover-answer').refusal).toBeUndefined();
    expect(node.core.inspection.status().replicas[0]?.stopped).toBeUndefined();
  });

  test('whose shorter log a person has decided for leaves many numbers out behind those that the arc has seen', () => {
    const node = withWrites();
    node.adopt(ring(5, [arc({ epoch: 5, term: 5, seq: 9, inSync: [SELF] })], IDS));
    node.pass(node.parameters.leaseMs);
    node.step({ kind: 'recover', request: 1, start: SELF, from: SELF });
    node.sync();
    const last = 9 + NUMBERS_LEFT_OUT;
    expect(node.core.replicas.get(SELF)).toMatchObject({ committed: last, lastPrepared: last });
    node.query(put('after', '1'));
    expect(node.last('append').records).toContainEqual(
      expect.objectContaining({ kind: 'prepare', firstSeq: last + 1 }),
    );
    expect(node.core.replicas.get(SELF)?.history.starts).toEqual([
      { term: 1, first: 1 },
      { term: 5, first: 4 },
    ]);
  });
});

describe('an open primary', () => {
  /** OTHER comes with two writes of term 3 that it knows as committed. */
  const better = logOf(5, 5, { term: 1, first: 1 }, { term: 3, first: 4 });

  test('stops the arc when a log has committed what it has not, and answers nobody', () => {
    const node = openAlone();
    const before = node.query(put('before', '1'));
    node.sync();
    expect(node.answer(before)).toMatchObject([{ ok: true }]);
    const other = node.openedBy(OTHER, SELF, 5, opening(better));
    expect(other.kinds).toEqual(['wait']);
    const after = node.query(put('after', '1'));
    expect(node.answer(after)).toMatchObject([{ ok: false, code: 'UNAVAILABLE' }]);
    expect(node.openedBy(THIRD, SELF, 5).kinds).toEqual(['wait']);
    expect(node.of('event').map(({ event }) => event.kind)).toContain('arc-stopped');
  });

  test('though it has as many writes and as high a commit point: by the terms that gave out the numbers', () => {
    const node = openAlone();
    node.query(put('d', '4'), put('e', '5'), put('f', '6'));
    node.sync();
    expect(node.openedBy(OTHER, SELF, 5, opening(better)).kinds).toEqual(['wait']);
    expect(node.core.inspection.status().replicas[0]?.stopped).toBeDefined();
  });

  test('does not release a copy either that is better than its own', () => {
    const node = openAlone();
    node.adopt(ring(7, [arc({ epoch: 7, term: 5, inSync: [SELF] })], IDS), { replicationFactor: 1 });
    const fitting = logOf(2, 2, { term: 1, first: 1 });
    expect(node.openedBy(OTHER, SELF, 5, opening(fitting)).kinds).toEqual(['release']);
    expect(node.openedBy(OTHER, SELF, 5, opening(better)).kinds).toEqual(['wait']);
  });

  test('stays stopped after a restart, whoever comes', () => {
    const node = openAlone();
    node.openedBy(OTHER, SELF, 5, opening(better));
    const restarted = new SteppedNode();
    restarted.core.restore(node.core.replicas.snapshot());
    restarted.step();
    const rings = ring(8, [arc({ epoch: 8, term: 8, inSync: [SELF] })], IDS);
    const call = restarted.last('call-registry').call;
    restarted.step({ kind: 'registered', call, id: SELF, ring: rings });
    restarted.syncRing();
    restarted.pass(restarted.parameters.leaseMs);
    expect(restarted.answer(restarted.query(put('x', '1')))).toMatchObject([{ ok: false }]);
    expect(restarted.openedBy(THIRD, SELF, 8).kinds).toEqual(['wait']);
  });

  const decided = (node: SteppedNode, from: NodeId): string | undefined => {
    node.step({ kind: 'recover', request: 1, start: SELF, from });
    node.sync();
    return node.last('recover-answer').refusal;
  };

  test('goes on when its own copy is decided for, and starts the other one over', () => {
    const node = openAlone();
    node.openedBy(OTHER, SELF, 5, opening(better));
    expect(decided(node, SELF)).toBeUndefined();
    expect(node.answer(node.query(put('after', '1')))).toBeUndefined();
    expect(node.openedBy(OTHER, SELF, 5, opening(better)).kinds).toContain('start-over');
  });

  test('leaves many numbers out then, also behind what was under way when it was stopped', () => {
    const node = openAlone();
    node.query(put('under way', '1'));
    node.openedBy(OTHER, SELF, 5, opening(better));
    expect(decided(node, SELF)).toBeUndefined();
    expect(node.core.replicas.get(SELF)).toMatchObject({ committed: 4 + NUMBERS_LEFT_OUT });
    const after = node.query(put('after', '1'));
    node.sync();
    expect(node.answer(after)).toMatchObject([{ ok: true }]);
    expect(node.core.replicas.get(SELF)).toMatchObject({ committed: 5 + NUMBERS_LEFT_OUT });
  });

  test('hands the arc over when the other copy is decided for', () => {
    const node = openAlone();
    node.openedBy(OTHER, SELF, 5, opening(better));
    expect(decided(node, OTHER)).toBeUndefined();
    expect(proposals(node)).toMatchObject([{ kind: 'handover', node: OTHER, at: SELF }]);
  });

  test('hands it to nobody who has not shown a whole copy of it', () => {
    const node = openAlone();
    const part = { ...better, range: { start: SELF, end: OTHER } };
    node.openedBy(OTHER, SELF, 5, { ...opening(better), complete: false, logs: [part] });
    expect(node.core.inspection.status().replicas[0]?.stopped).toBeDefined();
    expect(decided(node, OTHER)).toContain('has not shown a whole copy');
    expect(decided(node, THIRD)).toContain('has not shown a whole copy');
    node.openedBy(OTHER, SELF, 5, opening(better));
    expect(decided(node, OTHER)).toBeUndefined();
  });

  test('hands it to a node that has missed a merge, and has the whole of it in two pieces', () => {
    const node = openAlone();
    const pieces = [
      { ...better, range: { start: SELF, end: OTHER } },
      { ...better, range: { start: OTHER, end: SELF } },
    ];
    node.openedBy(OTHER, SELF, 5, { ...opening(better), complete: false, logs: pieces });
    expect(decided(node, OTHER)).toBeUndefined();
  });

  test('hands it to a node that is no member any more, though the arc was stopped in a takeover', () => {
    const node = takingOver();
    const worse = logOf(3, 4, { term: 1, first: 1 }, { term: 4, first: 4 });
    node.openedBy(OTHER, SELF, 5, { ...opening(worse), conflict: { node: THIRD, log: better } });
    expect(node.core.inspection.status().replicas[0]?.stopped).toBeDefined();
    expect(node.openedBy(THIRD, SELF, 5, opening(better)).kinds).toEqual(['wait']);
    expect(decided(node, THIRD)).toBeUndefined();
    expect(proposals(node)).toMatchObject([{ kind: 'handover', node: THIRD, at: SELF }]);
  });

  test('is not told what to do with an arc that is not stopped', () => {
    expect(decided(openAlone(), SELF)).toContain('is not stopped');
  });
});
