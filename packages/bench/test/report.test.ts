/** From samples to figures, ratios, verdicts and pictures. */

import { encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import type { Sample } from '../src/load/generator-protocol';
import { newHistogram } from '../src/load/recorder';
import { peerRatio } from '../src/ratios/peer-ratio';
import { ratioTable } from '../src/ratios/ratio';
import { figureOf, figureOfAll, type Figure } from '../src/report/figure';
import { figureTable } from '../src/report/figure-table';
import { judgeMemory } from '../src/report/flat-memory';
import { latencyPlots, perSecondAxis, throughputPlots } from '../src/report/plots';
import { thisMachine } from '../src/report/machine';
import { spreadOf } from '../src/report/spread';
import type { System } from '../src/systems/system';
import { plainWorkload } from '../src/workloads';

const SYSTEM: System = {
  label: 'a store',
  durability: 'none',
  copies: 1,
  nodes: 1,
  pids: [],
  target: () => ({ kind: 'ring-query', node: 'nowhere' }),
  stop: () => Promise.resolve(),
};

function sample(completed: number, latencyUs = 1_000): Sample {
  const latencies = newHistogram();
  latencies.recordValue(latencyUs);
  return {
    ...{ completed, seconds: 2, issued: 0, missing: 0, failures: { LATE: 1 } },
    ...{ clientCpuUs: 10 * completed, serverCpuUs: 4 * completed },
    latencies: encodeIntoCompressedBase64(latencies),
    failureLatencies: encodeIntoCompressedBase64(newHistogram()),
  };
}

function figure(name: string, rounds: readonly number[], family = name, concurrency = 64): Figure {
  const point = { workload: plainWorkload('get'), loop: { kind: 'closed', concurrency } as const };
  return figureOf(
    { name, family, system: SYSTEM },
    point,
    rounds.map((completed) => sample(completed)),
  );
}

test('the median of rounds, and how far they lie apart', () => {
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, least: 1, most: 3 });
  expect(spreadOf([4, 1])).toEqual({ median: 2.5, least: 1, most: 4 });
});

test('a figure has rates, CPU time an operation, percentiles and all faults', () => {
  const one = figure('a store', [100, 300, 200]);
  expect(one.operationsPerSecond).toEqual({ median: 100, least: 50, most: 150 });
  expect(one.clientUs.median).toBe(10);
  expect(one.serverUs?.median).toBe(4);
  expect(one.latencyMs.map(({ median }) => Math.round(median))).toEqual([1, 1, 1, 1]);
  expect(one.failures).toEqual({ LATE: 3 });
  expect(figureOfAll([figure('a', [100]), figure('a', [300]), figure('a', [200])])).toEqual({
    ...one,
    ...{ name: 'a', family: 'a' },
  });
});

test('a table names durability, copies and nodes beside each figure', () => {
  const { head, rows } = figureTable([figure('a store', [100, 300, 200])]);
  expect(rows).toEqual([
    ['GET', 'a store (1 node, R = 1, none)', '100', 'C = 64', '100', '±50 %', '10.0', '4.0'].concat([
      '1.00',
      '1.00',
      '1.00',
      '1.00',
      '1.00',
      'LATE 3',
    ]),
  ]);
  expect(head).toHaveLength(rows[0]?.length as number);
});

describe('a ratio', () => {
  const spec = {
    ...{ work: 'GET', against: 'them', workload: 'GET', concurrency: 64 },
    ...{ ours: 'us', theirs: 'them', atLeast: 2 },
  };
  const others = [figure('them slow', [80, 80], 'them'), figure('them fast', [100, 100], 'them')];

  test('is taken against the better variant, with the spread of the rounds', () => {
    const ratio = peerRatio(spec, [figure('us', [200, 220]), ...others, figure('them', [900], 'them', 256)]);
    expect(ratio).toMatchObject({ measured: '2.10 (2.00–2.20)', met: true });
    expect(ratio.behind).toBe('105/s at 10.0 + 4.0 µs against 50/s at 10.0 + 4.0 µs (them fast)');
  });

  test('below the floor is a miss, and the table says so', () => {
    const ratio = peerRatio(spec, [figure('us', [150]), figure('them', [100])]);
    expect(ratio.met).toBe(false);
    expect(ratioTable([ratio]).rows[0]).toContain('MISSED');
  });

  test('to something that was not measured is none', () => {
    const ratio = peerRatio(spec, [figure('us', [150])]);
    expect(ratio.met).toBeUndefined();
    expect(ratioTable([ratio]).rows[0]).toContain('not measured');
  });
});

describe('memory', () => {
  const minutes = (mebibytes: readonly number[]): ReturnType<typeof judgeMemory> =>
    judgeMemory(
      mebibytes.map((size, minute) => ({ node: 1, seconds: minute * 60 + 5, bytes: size * 2 ** 20 })),
    );

  test('is flat when no minute departs from the third by more than a tenth', () => {
    expect(minutes([50, 120, 100, 95, 109]).text).toMatch(/ flat: at most 9\.0 %/);
  });

  test('is not flat when it grows', () => {
    expect(minutes([50, 80, 100, 105, 111]).text).toMatch(/ NOT flat: at most 11\.0 %/);
  });

  test('of a short run says nothing', () => {
    expect(minutes([50, 80, 100]).departure).toBeUndefined();
  });
});

test('pictures have a line and a legend entry for each contestant', () => {
  const figures = [64, 256].flatMap((concurrency) => [
    figure('one', [100, 120], 'one', concurrency),
    figure('other', [50, 55], 'other', concurrency),
  ]);
  const plots = { ...throughputPlots(figures, 1, thisMachine()), ...latencyPlots(figures, thisMachine()) };
  expect(Object.keys(plots)).toEqual(['get-100b-r1', 'get-at-c-64', 'get-at-c-256']);
  for (const svg of Object.values(plots)) {
    expect(svg).toContain('>one</text>');
    expect(svg).toContain('>other</text>');
    expect(svg).toContain('one, other: 1 node, R = 1, none');
    expect(svg).not.toContain('NaN');
  }
});

test('the axis of rates begins at zero and ends at a round number above the most', () => {
  const { from, to, ticks } = perSecondAxis(43_210);
  expect([from, to]).toEqual([0, 50_000]);
  expect(ticks?.map(([, name]) => name)).toEqual(['0', '10 k', '20 k', '30 k', '40 k', '50 k']);
});
