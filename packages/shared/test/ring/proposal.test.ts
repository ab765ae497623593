/** What a change makes of an arc, for the registry that applies it and the primary that must know. */

import {
  configsAfter,
  position,
  proposalFault,
  type ArcConfig,
  type Position,
  type Proposal,
} from '../../src/ring';
import { arcAt } from './arbitraries';

const [a, b, c, d] = [position(100n), position(200n), position(300n), position(400n)];
const arc: ArcConfig = arcAt(a, c, [a, b]);
const on = { start: a, epoch: arc.epoch };

const cases: readonly [string, Proposal, Partial<ArcConfig>[]][] = [
  [
    'admit adds a replica and keeps the term',
    { kind: 'admit', ...on, node: d, incarnation: 1 },
    [{ inSync: [a, b, d], term: 2, epoch: 4 }],
  ],
  [
    'drop removes one and keeps the term',
    { kind: 'drop', ...on, nodes: [b] },
    [{ inSync: [a], term: 2, epoch: 4 }],
  ],
  [
    'keep raises nothing but the epoch',
    { kind: 'keep', ...on },
    [{ inSync: [a, b], term: 2, epoch: 4, withoutCopy: [], seq: 0 }],
  ],
  [
    'a handover at the start makes the other node primary, the old one staying in sync',
    { kind: 'handover', ...on, node: d, incarnation: 1, at: a, seq: 9 },
    [{ primary: d, inSync: [a, b, d], term: 4, epoch: 4, handover: true, withoutCopy: [], seq: 9 }],
  ],
  [
    'a handover within splits the arc; both halves start a new term',
    { kind: 'handover', ...on, node: d, incarnation: 1, at: b, seq: 9 },
    [
      {
        start: a,
        end: b,
        primary: a,
        inSync: [a, b],
        term: 4,
        epoch: 4,
        handover: true,
        withoutCopy: [],
        seq: 9,
      },
      {
        start: b,
        end: c,
        primary: d,
        inSync: [a, b, d],
        term: 4,
        epoch: 4,
        handover: true,
        withoutCopy: [],
        seq: 9,
      },
    ],
  ],
];

test.each(cases)('%s', (_, proposal, expected) => {
  expect(proposalFault(arc, proposal)).toBeUndefined();
  const after = configsAfter(arc, proposal);
  expect(after).toHaveLength(expected.length);
  for (const [index, part] of expected.entries()) expect(after[index]).toMatchObject(part);
});

test('a merge takes the greater epoch of both and one more', () => {
  const next: ArcConfig = { ...arcAt(c, d, [a, b]), epoch: 8, term: 8 };
  const merge: Proposal = { kind: 'merge', ...on, nextStart: c, nextEpoch: 8, seq: 5 };
  expect(proposalFault(arc, merge, next)).toBeUndefined();
  expect(configsAfter(arc, merge, next)).toEqual([
    { ...arc, end: d, epoch: 9, term: 9, handover: true, seq: 5 },
  ]);
});

const refused: readonly [string, Proposal, ArcConfig | undefined, string][] = [
  ['admit of a member', { kind: 'admit', ...on, node: b, incarnation: 1 }, undefined, 'already in sync'],
  ['drop of a stranger', { kind: 'drop', ...on, nodes: [d] }, undefined, 'not in sync'],
  ['drop of itself', { kind: 'drop', ...on, nodes: [a] }, undefined, 'a primary cannot drop itself'],
  [
    'handover to itself',
    { kind: 'handover', ...on, node: a, incarnation: 1, at: a, seq: 0 },
    undefined,
    'already the primary',
  ],
  [
    'handover outside the arc',
    { kind: 'handover', ...on, node: d, incarnation: 1, at: c, seq: 0 },
    undefined,
    'the boundary lies outside the arc',
  ],
  ['merge with nothing', merge(c, 3), undefined, 'the second arc is not there'],
  ['merge of two primaries', merge(c, 3), arcAt(c, a, [b, a]), 'the arcs have two primaries'],
  ['merge at another epoch', merge(c, 2), arcAt(c, a, [a, b]), 'the second arc has another epoch'],
  ['merge of other replicas', merge(c, 3), arcAt(c, a, [a, d]), 'the arcs have other replicas in sync'],
];

function merge(nextStart: Position, nextEpoch: number): Proposal {
  return { kind: 'merge', ...on, nextStart, nextEpoch, seq: 0 };
}

test.each(refused)('%s does not apply', (_, proposal, next, fault) => {
  expect(proposalFault(arc, proposal, next)).toBe(fault);
});
