/** Each checker catches a violation made by hand, and lets its neighbour pass that is none. */

import {
  NO_RING,
  position,
  type ArcConfig,
  type Bytes,
  type Member,
  type NodeId,
  type Ring,
} from '@ringkeep/shared';
import { OperationType, type Operation, type OperationResult, ringKeyOf } from '@ringkeep/shared/operations';
import type { HistoryOperation } from '@ringkeep/checker/core';
import { AdmittedCopies } from '../src/checkers/admitted-copies';
import { checkCopies, checkTables, notYetAtRest, type NodeAtRest } from '../src/checkers/at-rest';
import { CopiesAsked } from '../src/checkers/copies-asked';
import { checkDropped } from '../src/checkers/dropped-too-soon';
import { checkLinearizability } from '../src/checkers/linearizability';
import { checkLostWrites } from '../src/checkers/lost-writes';
import { checkOneServer } from '../src/checkers/one-server';
import { Progress, PROGRESS_MS_MAX } from '../src/checkers/progress';
import { MissedOwners } from '../src/checkers/missed-owners';
import { checkRoom } from '../src/checkers/room-refusals';
import { RingHistory } from '../src/checkers/ring-history';

const A = position(10n);
const B = position(1n << 63n);

function member(id: NodeId): Member {
  return {
    id,
    addr: `http://${id}:1`,
    salt: 0,
    incarnation: 1,
    process: 0n,
    state: 'active',
    coordinates: [],
  };
}

function arc(part: Partial<ArcConfig>): ArcConfig {
  return {
    start: A,
    end: A,
    epoch: 1,
    term: 1,
    handover: false,
    primary: A,
    inSync: [A],
    withoutCopy: [],
    copiesReached: 1,
    seq: 0,
    ...part,
  };
}

function ring(version: number, ...arcs: ArcConfig[]): Ring {
  return { ...NO_RING, clusterId: 'c', version, members: [member(A), member(B)], arcs };
}

const none = (): boolean => false;

function wanting(replicationFactor: number, of: Ring): Ring {
  return { ...of, parameters: { ...of.parameters, replicationFactor } };
}

const base = { client: 1, key: 'k', callMs: 0, returnMs: 1, outcome: 'ok' as const };
const write = (
  value: string,
  callMs: number,
  returnMs: number,
  previous: string | null = null,
): HistoryOperation => {
  return { ...base, op: 'set', value, previous, callMs, returnMs };
};
const read = (value: string | null, callMs: number, returnMs: number): HistoryOperation => {
  return { ...base, op: 'get', value, callMs, returnMs };
};

describe('linearizability', () => {
  test('a read of an older value after a newer one is caught', () => {
    const history = [write('a', 0, 1), write('b', 2, 3, 'a'), read('b', 4, 5), read('a', 6, 7)];
    expect(checkLinearizability(history)).toMatchObject({ checker: 'linearizability' });
    expect(checkLinearizability(history.slice(0, 3))).toBeUndefined();
  });

  test('a write of unknown outcome may have happened, but only once', () => {
    const unknown: HistoryOperation = { ...write('a', 0, 1), outcome: 'unknown', returnMs: null };
    const twice = [unknown, read('a', 2, 3), write('b', 4, 5, 'a'), read('b', 6, 7), read('a', 8, 9)];
    expect(checkLinearizability(twice)).toBeDefined();
    expect(checkLinearizability(twice.slice(0, 4))).toBeUndefined();
  });
});

describe('lost writes', () => {
  test('an acknowledged write that is not there at the end is caught', () => {
    const history = [write('a', 0, 1), write('b', 2, 3, 'a')];
    expect(checkLostWrites(history, new Map([['k', 'a']]))).toMatchObject({ checker: 'lost writes' });
    expect(checkLostWrites(history, new Map([['k', null]]))).toBeDefined();
    expect(checkLostWrites(history, new Map([['k', 'b']]))).toBeUndefined();
  });

  test('a value that nobody wrote is caught', () => {
    expect(checkLostWrites([write('a', 0, 1)], new Map([['k', 'x']]))).toBeDefined();
  });

  test('either of two writes at the same time may be the last', () => {
    const history = [write('a', 0, 5), write('b', 1, 6)];
    for (const value of ['a', 'b']) expect(checkLostWrites(history, new Map([['k', value]]))).toBeUndefined();
  });
});

test('one server: two that would answer for one position are caught', () => {
  const answerers = [true, true, false].map((answers, index) => ({ name: `n${index}`, answers }));
  expect(checkOneServer('p', answerers)).toEqual({
    checker: 'one server',
    text: 'n0 and n1 would both answer at p',
  });
  expect(checkOneServer('p', answerers.slice(1))).toBeUndefined();
});

test('copies asked for: a write acknowledged on fewer than there were is caught, one under growth is none', () => {
  const both = ring(2, arc({ inSync: [A, B] }));
  const rings = [ring(1, arc({})), both, ring(3, arc({}))];
  const asked = new CopiesAsked([A]);
  for (const each of rings) asked.note(each);
  expect(asked.check(A, 3, 3)).toMatchObject({ checker: 'copies' });
  expect(asked.check(A, 2, 3)).toBeUndefined();
  expect(asked.check(A, 1, 1)).toBeUndefined();
  asked.note({ ...ring(4, arc({})), members: [member(A)] });
  expect(asked.check(A, 4, 4)).toBeUndefined();
});

test('missed owners: an arc taken from a primary that most of its members have heard all the while is caught', () => {
  const [C, held] = [position(3n << 62n), { primary: A, term: 4, epoch: 4 }];
  const whole = arc({ ...held, inSync: [A, B, C] });
  const owners = new MissedOwners(100);
  owners.note(ring(1, whole), 0);
  for (const now of [20, 60]) for (const id of [B, C]) owners.heard(id, whole, now);
  owners.heard(B, whole, 120);
  expect(owners.check(whole, C, 140)).toMatchObject({ checker: 'missed owners' });
  owners.heard(C, whole, 150);
  expect(owners.check(whole, C, 250)).toBeUndefined();
  expect(owners.check(whole, A, 250)).toBeDefined();
  expect(owners.check(arc({ ...whole, term: 5 }), C, 250)).toBeDefined();
});

test('whoever is taken into an in-sync set without a whole copy is caught', () => {
  const both = arc({ epoch: 2, inSync: [A, B] });
  const after = (lacking: NodeId, ...rings: Ring[]): ReturnType<AdmittedCopies['check']> => {
    const copies = new AdmittedCopies((node) => node === lacking);
    return rings.map((each) => copies.check(each)).at(-1);
  };
  expect(after(B, ring(1, arc({})), ring(2, both))).toMatchObject({ checker: 'admitted copies' });
  expect(after(A, ring(1, arc({})), ring(2, both))).toBeUndefined();
  const split = ring(2, arc({ end: B, epoch: 2 }), arc({ start: B, epoch: 2, primary: B, inSync: [A, B] }));
  expect(after(B, ring(1, arc({})), split)).toBeDefined();
  expect(after(B, ring(1, both), ring(2, arc({ epoch: 3, primary: B, inSync: [A, B] })))).toBeUndefined();
});

test('a dead member with a copy that a process drops as soon as it has started is caught', () => {
  const both = arc({ inSync: [A, B] });
  const known: Ring = { ...ring(2, both), members: [member(A), { ...member(B), state: 'dead' }] };
  const upMs = known.parameters.failureTimeoutMs / 2;
  const dropped = (of: Ring, within: ArcConfig, forMs: number, hasCopies: boolean): unknown =>
    checkDropped(of, within, [B], forMs, () => hasCopies);
  expect(dropped(known, both, upMs, true)).toMatchObject({ checker: 'dropped too soon' });
  expect(dropped(known, both, 2 * upMs, true)).toBeUndefined();
  expect(dropped(known, both, upMs, false)).toBeUndefined();
  expect(dropped(known, arc({ ...both, withoutCopy: [B] }), upMs, true)).toBeUndefined();
  expect(dropped(ring(2, both), both, upMs, true)).toBeUndefined();
});

test('a client that gets nothing done with a key is caught, one that does now and then is not', () => {
  const progress = new Progress();
  for (const now of [0, 1_000]) progress.tried('c', 'k', now);
  expect(progress.check(PROGRESS_MS_MAX)).toBeUndefined();
  expect(progress.check(PROGRESS_MS_MAX + 1)).toMatchObject({ checker: 'progress' });
  progress.done('c', 'k');
  expect(progress.check(2 * PROGRESS_MS_MAX)).toBeUndefined();
});

describe('room', () => {
  const room = { name: 'n1', arrivedAt: 5_000, runsSince: 0, fullSince: 1_000, anyFullAt: 6_000 };
  const set: Operation = { type: OperationType.exchange, key: ringKeyOf('k' as Bytes), value: 'v' as Bytes };
  const remove: Operation = { type: OperationType.delete, key: set.key };
  const ok: OperationResult = { ok: true, value: undefined };
  const refused: OperationResult = { ok: false, code: 'RESOURCE_EXHAUSTED', text: 'the disk has no room' };

  test('a new entry on a disk that is full for long is caught, a delete is none, nor one that came before', () => {
    expect(checkRoom(set, ok, room, 6_000)).toMatchObject({ checker: 'room' });
    expect(checkRoom(remove, ok, room, 6_000)).toBeUndefined();
    expect(checkRoom(set, ok, { ...room, arrivedAt: 1_500 }, 6_000)).toBeUndefined();
    expect(checkRoom(set, ok, { ...room, runsSince: 4_500 }, 6_000)).toBeUndefined();
    expect(checkRoom(set, ok, { ...room, fullSince: undefined }, 6_000)).toBeUndefined();
  });

  test('a refusal while no disk is full is caught, and one of what makes room', () => {
    expect(checkRoom(set, refused, room, 6_000)).toBeUndefined();
    expect(checkRoom(remove, refused, room, 6_000)).toBeDefined();
    expect(checkRoom(set, refused, { ...room, anyFullAt: -Infinity }, 6_000)).toBeDefined();
  });
});

describe('ring history', () => {
  const after = (...rings: Ring[]): ReturnType<RingHistory['check']> => {
    const history = new RingHistory();
    return rings.map((each) => history.check(each)).at(-1);
  };

  test('an epoch that falls, or stays while the arc changes, is caught', () => {
    const two = ring(2, arc({ epoch: 5, term: 5 }));
    expect(after(two, ring(3, arc({ epoch: 4, term: 4 })))).toMatchObject({ checker: 'ring' });
    expect(after(two, ring(3, arc({ start: B, end: B, epoch: 5, term: 5 })))).toBeDefined();
    expect(after(two, ring(3, arc({ epoch: 6, term: 5 })))).toBeUndefined();
  });

  test('arcs with a gap between them are caught', () => {
    expect(after(ring(1, arc({ end: B })))?.text).toContain('does not end where the next one starts');
    expect(after(ring(1, arc({ end: B }), arc({ start: B, end: A })))).toBeUndefined();
  });

  test('two primaries of an arc in one term are caught', () => {
    const first = ring(1, arc({ epoch: 1 }));
    const second = ring(2, arc({ epoch: 2, primary: B, inSync: [A, B] }));
    expect(after(first, second)?.text).toContain('has the primaries');
  });
});

describe('at rest', () => {
  const settled = ring(
    1,
    arc({ end: B, inSync: [A, B] }),
    arc({ start: B, end: A, primary: B, inSync: [B, A] }),
  );
  const copies = [
    { range: { start: A, end: B }, content: 'x:1' },
    { range: { start: B, end: A }, content: '' },
  ];
  const node = (part: Partial<NodeAtRest>): NodeAtRest => {
    const calm = { settled: true, allCommitted: true, strayContent: '', indexFault: '', tableSizes: {} };
    const ranges = (part.copies ?? copies).map(({ range }) => range);
    return { id: A, name: 'n1', copies, ranges, ...calm, ...part };
  };
  const nodes = [node({}), node({ id: B, name: 'n2' })];

  test('a ring is at rest when every arc is in sync just where it should be', () => {
    expect(notYetAtRest(wanting(2, settled), nodes, none)).toBeUndefined();
    expect(notYetAtRest(wanting(1, settled), nodes, none)).toContain('not just at its 1 desired');
    expect(notYetAtRest(wanting(2, settled), [node({}), node({ id: B, settled: false })], none)).toContain(
      'not settled',
    );
    expect(
      notYetAtRest(wanting(2, settled), [node({}), node({ id: B, allCommitted: false })], none),
    ).toContain('committed');
    expect(notYetAtRest(wanting(2, settled), nodes.slice(0, 1), none)).toContain('does not run');
    const stranger = { id: position(99n), name: 'n3' };
    expect(notYetAtRest(wanting(2, settled), [...nodes, node(stranger)], none)).toContain('n3 still holds');
    expect(notYetAtRest(wanting(2, settled), [...nodes, node({ ...stranger, copies: [] })], none)).toContain(
      'no member',
    );
    const empty = nodes.map((each) => ({ ...each, ranges: [] }));
    expect(notYetAtRest(wanting(2, ring(1, arc({ inSync: [A, B] }))), empty, none)).toBeUndefined();
    expect(notYetAtRest(wanting(2, ring(1, arc({ primary: B, inSync: [A, B] }))), nodes, none)).toContain(
      'not with its owner',
    );
  });

  test('a ring that everybody is leaving is at rest; one whose members are all dead is yet to come back', () => {
    const gone = (state: 'leaving' | 'dead'): typeof settled => ({
      ...settled,
      members: settled.members.map((member) => ({ ...member, state })),
    });
    expect(notYetAtRest(wanting(2, gone('leaving')), [], none)).toBeUndefined();
    expect(notYetAtRest(wanting(2, gone('dead')), [], none)).toContain('not with its owner');
    const alone = { ...settled, arcs: [arc({ inSync: [A] })] };
    const [first, second] = gone('leaving').members.map((each) => ({ ...each }));
    const withDead = {
      ...alone,
      members: [first as Member, { ...(second as Member), state: 'dead' as const }],
    };
    expect(notYetAtRest(wanting(2, withDead), [], none)).toContain('not with its owner');
    expect(notYetAtRest(wanting(2, withDead), [], () => true)).toBeUndefined();
    expect(notYetAtRest(wanting(2, { ...withDead, arcs: settled.arcs }), [], () => true)).toBeDefined();
  });

  test('replicas that differ, are missing, or are where they should not be are caught', () => {
    expect(checkCopies(settled, [node({}), node({ id: B, strayContent: 'y:1' })])?.text).toContain('no copy');
    const other = [{ range: { start: A, end: B }, content: 'x:2' }, ...copies.slice(1)];
    expect(checkCopies(settled, nodes)).toBeUndefined();
    expect(checkCopies(settled, [node({}), node({ id: B, copies: other })])?.text).toContain('differs');
    expect(checkCopies(settled, [node({}), node({ id: B, copies: copies.slice(1) })])?.text).toContain(
      'lacks',
    );
  });

  test('tables that have grown are caught', () => {
    expect(checkTables(nodes)).toBeUndefined();
    expect(checkTables([node({ tableSizes: { forwards: 1_000 } })])?.text).toContain('1000 forwards');
    expect(checkTables([node({ tableSizes: { inbound: 3, sessions: 2 } })])?.text).toContain('inbound');
  });
});
