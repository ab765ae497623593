/** The way to a lock and its tenure, stepped by hand: what is asked when, and what is left behind. */

import { RingError } from '@ringkeep/shared';
import { LockClaim, LockHold, LockTenure, type AttemptAnswer } from '../src/core';

const ID = 'mine';
const TTL_MS = 9_000;
const SKEW_MS = 1_000;

const DONE: AttemptAnswer = { done: true, version: 7, value: undefined, ttlMs: undefined };
const TAKEN: AttemptAnswer = { done: false, version: 5, value: 'another’s', ttlMs: 4_000 };
const OWN: AttemptAnswer = { done: false, version: 6, value: ID, ttlMs: 8_000 };

const [UNKNOWN, UNAVAILABLE, CANCELLED, REFUSED] = (
  ['OUTCOME_UNKNOWN', 'UNAVAILABLE', 'CANCELLED', 'RESOURCE_EXHAUSTED'] as const
).map((code) => new RingError(code)) as [RingError, RingError, RingError, RingError];

const claimOf = (waitMs = Infinity): LockClaim =>
  new LockClaim({ id: ID, ttlMs: TTL_MS, waitMs, clockSkewMs: SKEW_MS });
const started = (waitMs?: number): LockClaim => {
  const claim = claimOf(waitMs);
  claim.start(0);
  expect(kindsOf(claim)).toEqual(['attempt']);
  return claim;
};
const kindsOf = (core: { take(): readonly { kind: string }[] }): string[] =>
  core.take().map(({ kind }) => kind);

describe('on the way', () => {
  test('what is free is acquired by the first attempt, and held from before that was sent', () => {
    const claim = claimOf();
    claim.start(100);
    claim.take();
    claim.answered(DONE, 300);
    const [effect] = claim.take();
    expect(effect).toMatchObject({ kind: 'acquired', token: 7 });
    expect((effect as { hold: LockHold }).hold.lostAtMs).toBe(100 + TTL_MS - SKEW_MS);
    expect([claim.isOver, claim.nextTickAtMs()]).toEqual([true, Infinity]);
  });

  test('who finds it taken opens a watch, and tries again when that misses nothing', () => {
    const claim = started();
    claim.answered(TAKEN, 10);
    expect(kindsOf(claim)).toEqual(['watch']);
    claim.tick(20);
    expect(kindsOf(claim)).toEqual([]);
    claim.watching(30);
    expect(kindsOf(claim)).toEqual(['attempt']);
  });

  test('an end that is told while an attempt is under way is followed by another one', () => {
    const claim = started();
    claim.answered(TAKEN, 10);
    claim.watching(20);
    claim.take();
    claim.ended(25);
    expect(kindsOf(claim)).toEqual([]);
    claim.answered(TAKEN, 30);
    expect(kindsOf(claim)).toEqual(['attempt']);
    claim.answered(TAKEN, 40);
    expect(kindsOf(claim)).toEqual([]);
  });

  test('it tries again when the time that the lock had left has passed', () => {
    const claim = started();
    claim.answered(TAKEN, 10);
    claim.watching(20);
    claim.answered(TAKEN, 30);
    claim.take();
    const next = claim.nextTickAtMs();
    expect(next).toBeGreaterThan(4_030);
    claim.tick(next - 1);
    expect(kindsOf(claim)).toEqual([]);
    claim.tick(next);
    expect(kindsOf(claim)).toEqual(['attempt']);
  });

  test('what an attempt of unknown outcome has brought counts from that attempt', () => {
    const claim = started();
    claim.attemptFailed(UNKNOWN, 200);
    claim.tick(claim.nextTickAtMs());
    claim.attemptFailed(UNAVAILABLE, 400);
    claim.tick(claim.nextTickAtMs());
    claim.answered(OWN, 700);
    const acquired = claim.take().find((effect) => effect.kind === 'acquired');
    expect(acquired).toMatchObject({ token: 6 });
    expect((acquired as { hold: LockHold }).hold.lostAtMs).toBe(TTL_MS - SKEW_MS);
  });

  test('the watch ends with the waiting', () => {
    const claim = started();
    claim.answered(TAKEN, 10);
    claim.watching(20);
    claim.take();
    claim.answered(DONE, 30);
    expect(kindsOf(claim)).toEqual(['stop-watching', 'acquired']);
    claim.watchFailed(CANCELLED, 40);
    claim.ended(50);
    expect(kindsOf(claim)).toEqual([]);
  });
});

describe('giving up leaves nothing behind', () => {
  test('the attempt under way is answered before anything is deleted: a deletion could arrive before it', () => {
    const claim = started();
    claim.giveUp(CANCELLED, 5);
    expect(kindsOf(claim)).toEqual([]);
    claim.answered(DONE, 10);
    expect(kindsOf(claim)).toEqual(['clear']);
    claim.cleared();
    expect(claim.take()).toEqual([{ kind: 'given-up', error: CANCELLED }]);
    expect(claim.isOver).toBe(true);
  });

  test('where the attempt under way finds another’s lock nothing is deleted', () => {
    const claim = started();
    claim.giveUp(CANCELLED, 5);
    claim.answered(TAKEN, 10);
    expect(kindsOf(claim)).toEqual(['given-up']);
  });

  test.each([UNKNOWN, CANCELLED])(
    'what became of the attempt is not known ($code): it is deleted',
    (error) => {
      const claim = started();
      claim.giveUp(REFUSED, 5);
      claim.attemptFailed(error, 10);
      expect(kindsOf(claim)).toEqual(['clear']);
      claim.cleared();
      expect(claim.take()).toEqual([{ kind: 'given-up', error: REFUSED }]);
    },
  );

  test('an attempt of unknown outcome before the last one counts as well', () => {
    const claim = started(100);
    claim.attemptFailed(UNKNOWN, 10);
    claim.tick(claim.nextTickAtMs());
    claim.answered(TAKEN, 120);
    expect(kindsOf(claim)).toContain('clear');
    claim.cleared();
    expect(claim.take()).toMatchObject([{ kind: 'given-up', error: { code: 'DEADLINE_EXCEEDED' } }]);
  });

  test('who tries once and does not learn what became of it leaves nothing either', () => {
    const claim = started(0);
    claim.attemptFailed(UNKNOWN, 10);
    expect(kindsOf(claim)).toEqual(['clear']);
  });

  test('an answer that does not come keeps the caller for a second, and what it brings later is deleted', () => {
    const claim = started();
    claim.giveUp(CANCELLED, 5);
    claim.tick(1_004);
    expect(kindsOf(claim)).toEqual([]);
    claim.tick(claim.nextTickAtMs());
    expect(kindsOf(claim)).toEqual(['given-up']);
    claim.answered(DONE, 8_000);
    expect(kindsOf(claim)).toEqual(['clear']);
    claim.cleared();
    expect(kindsOf(claim)).toEqual([]);
  });

  test('it is said once, and the watch is closed', () => {
    const claim = started(500);
    claim.answered(TAKEN, 10);
    claim.watching(20);
    claim.answered(TAKEN, 30);
    claim.take();
    claim.tick(500);
    expect(kindsOf(claim)).toEqual(['stop-watching', 'given-up']);
    claim.giveUp(CANCELLED, 510);
    claim.tick(2_000);
    expect(kindsOf(claim)).toEqual([]);
  });

  test('an error that is no doubt ends it', () => {
    const claim = started();
    claim.attemptFailed(REFUSED, 10);
    expect(claim.take()).toEqual([{ kind: 'given-up', error: REFUSED }]);
  });
});

describe('the tenure', () => {
  const held = (): LockTenure => new LockTenure({ id: ID, ttlMs: TTL_MS }, new LockHold(TTL_MS, SKEW_MS, 0));

  test('it is renewed on condition that it is still its own, once at a time', () => {
    const tenure = held();
    tenure.tick(2_999);
    expect(tenure.take()).toEqual([]);
    tenure.tick(3_000);
    expect(tenure.take()).toMatchObject([{ kind: 'renew', ifValue: ID }]);
    tenure.tick(3_500);
    expect(tenure.take()).toEqual([]);
    tenure.renewed(true);
    expect(tenure.isHeld(10_999)).toBe(true);
    expect(tenure.isHeld(11_000)).toBe(false);
  });

  test('a renewal that finds another value says that it is lost', () => {
    const tenure = held();
    tenure.tick(3_000);
    tenure.renewed(false);
    expect(kindsOf(tenure)).toEqual(['renew', 'lost']);
    expect(tenure.isHeld(3_001)).toBe(false);
  });

  test('it is lost in time when nobody answers, and what is answered then changes nothing', () => {
    const tenure = held();
    tenure.tick(3_000);
    tenure.renewalFailed(UNAVAILABLE, 5_000);
    tenure.tick(tenure.nextTickAtMs(5_000) + 250);
    tenure.take();
    tenure.tick(TTL_MS - SKEW_MS);
    expect(kindsOf(tenure)).toContain('lost');
    tenure.renewed(true);
    expect(tenure.isHeld(TTL_MS - SKEW_MS)).toBe(false);
  });

  test('its timers look at the clock often, since they stand still while a machine sleeps', () => {
    expect(held().nextTickAtMs(100)).toBe(350);
  });

  test('it is released once, on condition that it is its own, and no longer renewed', () => {
    const tenure = held();
    tenure.release();
    tenure.release();
    tenure.tick(4_000);
    expect(kindsOf(tenure)).toEqual(['clear']);
    tenure.cleared(undefined);
    expect(tenure.take()).toEqual([{ kind: 'released', error: undefined }]);
  });

  test('what is lost is not released: it may be somebody else’s', () => {
    const tenure = held();
    tenure.tick(20_000);
    tenure.release();
    expect(kindsOf(tenure)).toEqual(['lost', 'released']);
  });
});
