/** What a workload draws. */

import { clusterWorkload } from '../src/load/cluster-workload';
import { keyText, Workload, type WorkloadSpec } from '../src/load/workload';
import { plainWorkload } from '../src/workloads';

const MIXED: WorkloadSpec = {
  ...plainWorkload('get', { keys: 100, keyBytes: 10, valueBytes: 20 }),
  mix: { get: 0.7, set: 0.2, delete: 0.1 },
};

test('the same seed draws the same operations, another seed others', () => {
  const draw = (seed: number): string[] => {
    const workload = new Workload(MIXED, seed);
    return Array.from({ length: 200 }, () => Object.values(workload.next()).join(' '));
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
});

test('the kinds come in their shares', () => {
  const workload = new Workload(MIXED, 1);
  const kinds = Array.from({ length: 20_000 }, () => workload.next().kind);
  const share = (kind: string): number => kinds.filter((one) => one === kind).length / kinds.length;
  expect(share('get')).toBeCloseTo(0.7, 1);
  expect(share('set')).toBeCloseTo(0.2, 1);
  expect(share('delete')).toBeCloseTo(0.1, 1);
});

test('keys are distinct and as long as asked; values too, and the same in every run', () => {
  const workload = new Workload(MIXED, 1);
  const keys = workload.initialKeys();
  expect(new Set(keys).size).toBe(100);
  expect(new Set(keys.map((key) => key.length))).toEqual(new Set([10]));
  expect(workload.value(3)).toHaveLength(20);
  expect(workload.value(3)).toEqual(new Workload(MIXED, 2).value(3));
  expect(workload.value(3)).not.toEqual(workload.value(4));
});

test('a key that does not fit is refused', () => {
  expect(keyText(999, 4)).toBe('k999');
  expect(() => keyText(1_000, 4)).toThrow('fits 4 bytes');
});

test('an inserted key is read only once it, and all before it, are acknowledged', () => {
  const workload = new Workload({ ...MIXED, keys: 1, mix: { get: 0.5, insert: 0.5 } }, 1);
  const inserted: number[] = [];
  const readAtMost = (draws: number): number => {
    let most = 0;
    for (let i = 0; i < draws; i++) {
      const { kind, index } = workload.next();
      if (kind === 'insert') inserted.push(index);
      else most = Math.max(most, index);
    }
    return most;
  };
  expect(readAtMost(50)).toBe(0);
  workload.inserted(inserted[1] as number);
  expect(readAtMost(50)).toBe(0);
  workload.inserted(inserted[0] as number);
  expect(readAtMost(500)).toBe(2);
});

describe('a production cluster as a workload', () => {
  const cluster = {
    cluster: 23,
    key_size: 35,
    value_size: 224,
    ops: { set: 0.31, get: 0.36, incr: 0.3, delete: 0.02 },
    zipf_alpha: 0.274,
  };

  test('takes its mix, sizes and exponent; whatever writes is a set', () => {
    const workload = clusterWorkload(cluster, 1_000);
    expect(workload).toMatchObject({
      keys: 1_000,
      keyBytes: 35,
      valueBytes: 224,
      popularity: { kind: 'zipf', alpha: 0.274 },
    });
    expect(workload?.mix.set).toBeCloseTo(0.61);
    expect(new Workload(workload as WorkloadSpec, 1).next().key).toHaveLength(35);
  });

  test('has as many keys as fit the memory that it may take', () => {
    expect(clusterWorkload({ ...cluster, value_size: 2 ** 20 }, 1_000)?.keys).toBe(127);
  });

  test('is uniform without an exponent, and nothing without sizes', () => {
    expect(clusterWorkload({ ...cluster, zipf_alpha: null }, 10)?.popularity).toEqual({
      kind: 'uniform',
    });
    expect(clusterWorkload({ ...cluster, key_size: null }, 10)).toBeUndefined();
  });
});
