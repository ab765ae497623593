import { Doubts } from '../src/core/doubts';
import { DOUBT_LEASES } from '../src/core/limits';

const LEASE_MS = 1_000;

test('a doubt holds for some leases, each in a row twice as long, up to the longest', () => {
  const doubts = new Doubts();
  for (let round = 0; round < 8; round++) {
    const forMs = Math.min(DOUBT_LEASES.longest, DOUBT_LEASES.first * 2 ** round) * LEASE_MS;
    doubts.raise('n0', 0, LEASE_MS);
    expect([doubts.holds('n0', forMs - 1), doubts.holds('n0', forMs)]).toEqual([true, false]);
    expect(doubts.nextEndMs(forMs - 1)).toBe(forMs);
  }
});

test('a doubt that is dispelled holds no longer, and the next one is the first again', () => {
  const doubts = new Doubts();
  doubts.raise('n0', 0, LEASE_MS);
  doubts.raise('n0', 0, LEASE_MS);
  doubts.dispel('n0');
  expect([doubts.holds('n0', 0), doubts.nextEndMs(0)]).toEqual([false, Infinity]);
  doubts.raise('n0', 0, LEASE_MS);
  expect(doubts.nextEndMs(0)).toBe(DOUBT_LEASES.first * LEASE_MS);
});

test('doubts of addresses that are not known any more are forgotten', () => {
  const doubts = new Doubts();
  for (const address of ['n0', 'n1']) doubts.raise(address, 0, LEASE_MS);
  doubts.retain((address) => address === 'n1');
  expect([doubts.holds('n0', 1), doubts.holds('n1', 1)]).toEqual([false, true]);
});
