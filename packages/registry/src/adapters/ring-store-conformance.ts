/**
 * What every ring store must do, as cases without a test framework: run each of them on a store that is
 * made and, to be opened again, made once more on the same place.
 */

import assert from 'node:assert/strict';
import { DEFAULT_PARAMETERS, position, type ArcConfig, type Member } from '@ringkeep/shared';
import { newState, type RegistryState } from '../core';
import type { RingStore } from './ring-store';

export interface StoreCase {
  readonly title: string;
  /** `reopen` closes the store and opens what it left behind. */
  run(store: RingStore, reopen: () => Promise<RingStore>): Promise<void>;
}

export const RING_STORE_CASES: readonly StoreCase[] = [
  {
    title: 'a new store holds nothing',
    run: (store) => Promise.resolve(assert.equal(store.load(), undefined)),
  },
  {
    title: 'an empty ring is found again',
    run: async (store, reopen) => {
      const state = newState('a-cluster', DEFAULT_PARAMETERS, RUN);
      await store.save(state);
      assert.deepEqual((await reopen()).load(), state);
    },
  },
  {
    title: 'members, arcs, returns and claims are found again, positions to the last bit',
    run: async (store, reopen) => {
      const state = sample(1, [1n, 2n ** 63n + 1n, 2n ** 64n - 1n]);
      await store.save(state);
      assert.deepEqual(store.load(), state);
      assert.deepEqual((await reopen()).load(), state);
    },
  },
  {
    title: 'a save replaces what was changed and drops what was removed, across openings',
    run: async (store, reopen) => {
      await store.save(sample(1, [0n, 5n, 9n]));
      const next = await reopen();
      next.load();
      const state = sample(2, [5n, 7n]);
      await next.save(state);
      assert.deepEqual((await reopen()).load(), state);
    },
  },
  {
    title: 'the last of many saves counts',
    run: async (store, reopen) => {
      for (let version = 1; version <= 20; version++)
        await store.save(sample(version, [3n, BigInt(version) + 3n]));
      assert.deepEqual((await reopen()).load(), sample(20, [3n, 23n]));
    },
  },
  {
    title: 'closing twice is closing once',
    run: async (store) => {
      await store.close();
      await store.close();
    },
  },
];

const RUN = 2n ** 64n - 2n;

function sample(version: number, points: readonly bigint[]): RegistryState {
  const ids = points.map(position);
  const members = ids.map((id, index): Member => {
    const state = (['active', 'leaving', 'dead'] as const)[index % 3] as Member['state'];
    return {
      id,
      addr: `http://h:${index + 1}`,
      salt: index,
      incarnation: version,
      process: 2n ** 64n - 1n,
      state,
      coordinates: [0.5, -1],
    };
  });
  const arcs = ids.map((start, index): ArcConfig => {
    const end = ids[(index + 1) % ids.length] as (typeof ids)[number];
    return {
      start,
      end,
      epoch: version,
      term: 1,
      handover: index > 0,
      primary: start,
      inSync: ids,
      withoutCopy: index % 2 === 0 ? [] : [end],
      copiesReached: 1,
      seq: index,
    };
  });
  const parameters = { ...DEFAULT_PARAMETERS, replicationFactor: 1 + (version % 7) };
  return {
    ...newState('a-cluster', DEFAULT_PARAMETERS, RUN),
    ring: {
      clusterId: 'a-cluster',
      version,
      members,
      arcs,
      runs: [{ id: RUN, firstVersion: 1 }],
      parameters,
    },
    returns: ids.slice(0, 1),
    claims: ids.slice(1).map((id) => ({ id, claim: `claim of ${id} at ${version}` })),
  };
}
