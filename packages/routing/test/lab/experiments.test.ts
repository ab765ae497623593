/**
 * Every experiment on a small ring: its figures say what they must, the same seed says the same, the
 * pictures are SVG.
 */

import { Random } from '@ringkeep/shared';
import { readOptions } from '../../src/lab/config';
import { balance } from '../../src/lab/experiments/balance';
import { decisions } from '../../src/lab/experiments/decisions';
import { ePastry } from '../../src/lab/experiments/e-pastry';
import { failures } from '../../src/lab/experiments/failures';
import { growth } from '../../src/lab/experiments/growth';
import { oneRing } from '../../src/lab/experiments/one-ring';
import { formatCell, formatTable, type ExperimentOutcome, type Setting } from '../../src/lab/outcome';
import { schemePicture } from '../../src/lab/pictures/scheme-picture';
import { Sample } from '../../src/lab/sample';

const setting: Setting = {
  seed: 1,
  lookups: 2_000,
  task: () => ({ update: () => undefined, finish: () => undefined }),
};

function expectPictures(outcome: ExperimentOutcome, ...names: string[]): void {
  expect(Object.keys(outcome.pictures)).toEqual(names);
  for (const svg of Object.values(outcome.pictures)) {
    expect(svg).toMatch(/^<svg [^]*<\/svg>\n$/);
    expect(svg).not.toContain('NaN');
  }
}

function rowsOf(outcome: ExperimentOutcome, table: number): readonly (readonly (string | number)[])[] {
  return outcome.tables[table]?.rows ?? [];
}

test('one ring: a row for each scheme, one hop is one, neighbours are a quarter of the ring', () => {
  const outcome = oneRing({
    ...setting,
    nodes: 400,
    schemes: ['one-hop', 'neighbours', 'chord', 'pastry'],
    placement: 'hash',
    deadShare: 0.3,
  });
  const hops = new Map(rowsOf(outcome, 0).map((row) => [row[0], Number(row[4])]));
  expect(hops.get('one-hop')).toBeCloseTo(1, 1);
  expect(hops.get('neighbours')).toBeGreaterThan(85);
  expect(hops.get('neighbours')).toBeLessThan(115);
  expect(rowsOf(outcome, 1)).toHaveLength(3);
  expect(rowsOf(outcome, 2)).toHaveLength(6);
  expectPictures(outcome, 'routing-hops-one-hop', 'routing-hops-chord', 'routing-hops-pastry');
});

test('growth: Chord’s bare fingers come within 5 % of ½·log2 N, whatever the size', () => {
  const outcome = growth({ ...setting, lookups: 10_000, nodes: 512, placement: 'hash' });
  const chord = rowsOf(outcome, 0).filter((row) => row[1] === 'chord, fingers only');
  expect(chord.map((row) => Number(row[0]))).toEqual([128, 256, 512]);
  for (const row of chord) expect(Math.abs(Number(row[5]))).toBeLessThan(5);
  expectPictures(outcome, 'routing-hops', 'routing-hops-close');
});

test('failures: what repair reaches is no less than what was reached at once', () => {
  const outcome = failures({ ...setting, lookups: 500, nodes: 300, placement: 'balanced' });
  const rows = rowsOf(outcome, 0);
  expect(rows).toHaveLength(2 * 7 * 3);
  for (let i = 0; i < rows.length; i += 3) {
    const [atOnce, once] = [0, 1].map((round) => parseFloat(String(rows[i + round]?.[3])));
    expect(once).toBeGreaterThanOrEqual(atOnce as number);
  }
  expectPictures(outcome, 'routing-failures');
});

test('balance: each placement at each size', () => {
  const outcome = balance({ ...setting, nodes: 100 });
  expect(rowsOf(outcome, 0)).toHaveLength(6);
  expectPictures(outcome, 'routing-balance');
});

test('E-Pastry’s experiment loses no look-up, neither after insertion nor, by Chord and Pastry, after departures', () => {
  const outcome = ePastry({ ...setting, nodes: 60, keys: 300, deadShare: 0.2, crowd: 6 });
  for (const [scheme, step, , failed] of rowsOf(outcome, 0)) {
    if (scheme === 'neighbours' && step !== 'after insertion') continue;
    expect([scheme, step, failed]).toEqual([scheme, step, 0]);
  }
});

test('decisions: a time for each scheme at each size', () => {
  const rows = rowsOf(decisions({ ...setting, nodes: 50 }), 0);
  expect(rows).toHaveLength(4);
  for (const row of rows) expect(Number(row[2])).toBeGreaterThan(0);
});

test('the same seed gives the same tables and the same picture', () => {
  const once = (): string =>
    ePastry({ ...setting, nodes: 30, keys: 50, deadShare: 0.2, crowd: 3 })
      .tables.map(formatTable)
      .join('\n');
  expect(once()).toBe(once());
  expect(schemePicture(new Random(1))).toBe(schemePicture(new Random(1)));
});

test('the command line names a wrong option and what it may be', () => {
  expect(readOptions(['--nodes', '50', '--scheme', 'chord'], {})).toMatchObject({
    nodes: 50,
    scheme: 'chord',
  });
  expect(() => readOptions(['--scheme', 'ring'], {})).toThrow(
    'one of one-hop, neighbours, chord, pastry, all',
  );
  expect(() => readOptions(['--dead', '1'], {})).toThrow('--dead must be a number from 0 up to 1');
  expect(() => readOptions(['--nodes', '0'], {})).toThrow('--nodes must be an integer from 1');
});

test('a sample knows its mean, its percentiles and its histogram', () => {
  const sample = new Sample();
  for (const value of [3, 1, 1, 5]) sample.add(value);
  expect([sample.size, sample.mean, sample.max]).toEqual([4, 2.5, 5]);
  expect([sample.percentile(0.5), sample.percentile(0.75), sample.percentile(1)]).toEqual([1, 3, 5]);
  expect(sample.histogram()).toEqual([0, 2, 0, 1, 0, 1]);
  expect(new Sample().mean).toBe(0);
});

test('a table lines its columns up, numbers to the right', () => {
  const text = formatTable({
    title: 'T',
    columns: ['name', 'n'],
    rows: [
      ['a', 1_000],
      ['bcdef', 2.5],
    ],
  });
  expect(text.split('\n')).toEqual(['T', 'name       n', '─────  ─────', 'a      1,000', 'bcdef  2.500']);
  expect(formatCell(0.00001)).toBe('1.00e-5');
});
