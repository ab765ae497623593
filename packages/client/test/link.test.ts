/** What a link knows of its node: whether it answers, when it is tried again, and when a frame may go. */

import { Random } from '@ringkeep/shared';
import { OperationType } from '@ringkeep/shared/operations';
import { DEFAULT_LIMITS } from '../src/core';
import { Budget } from '../src/core/budget';
import { Link } from '../src/core/link';
import { FRAME_HOLD_MS, RECONNECT_PAUSE_MS, SILENT_TRY_MS } from '../src/core/limits';
import { TestCall } from './session-driver';

const budget = new Budget(DEFAULT_LIMITS);
const call = (): TestCall => new TestCall(OperationType.exchange, 'key', 60_000);

/** Open, with a frame in flight since that time. */
function asked(atMs: number): Link {
  const link = new Link('n0', true);
  link.openUp();
  link.enqueue(call());
  expect(link.nextFrame(1, budget, atMs)).toBeDefined();
  return link;
}

test('a node is unanswered when it owes an answer for that long, and no longer when it has said something', () => {
  const link = asked(1_000);
  expect(link.isUnanswered(500, 1_499)).toBe(false);
  expect(link.isUnanswered(500, 1_500)).toBe(true);
  link.heard();
  expect(link.isUnanswered(500, 5_000)).toBe(false);
});

test('what was this process’s own fault does not count against a node', () => {
  const link = asked(1_000);
  link.excuse(300);
  expect(link.isUnanswered(500, 1_799)).toBe(false);
  expect(link.isUnanswered(500, 1_800)).toBe(true);
  const quiet = new Link('n1', true);
  quiet.excuse(300);
  expect(quiet.isUnanswered(500, 10_000)).toBe(false);
});

test('what nobody waits for any more counts for half of that time', () => {
  const link = asked(1_000);
  for (const { number } of [...link.frames.values()]) link.forget(number);
  expect(link.isUnanswered(500, 1_249)).toBe(false);
  expect(link.isUnanswered(500, 1_250)).toBe(false);
  // It was forgotten with that: nothing counts from before.
  expect(link.isUnanswered(500, 1_600)).toBe(false);
});

test('a silent node stays so until it speaks, and is asked for one operation now and then', () => {
  const link = asked(1_000);
  link.fallSilent(2_000);
  expect(link.isUnanswered(500, 2_001)).toBe(true);
  for (const { number } of [...link.frames.values()]) link.forget(number);
  link.enqueue(call());
  link.enqueue(call());
  expect(link.nextFrame(2, budget, 2_000 + SILENT_TRY_MS - 1)).toBeUndefined();
  expect(link.nextFrame(2, budget, 2_000 + SILENT_TRY_MS)?.operations).toHaveLength(1);
});

test('a link that broke is tried again after its pause, which grows with the failures in a row', () => {
  const link = new Link('n0', true);
  expect(link.mayConnect(0)).toBe(true);
  const pauses: number[] = [];
  for (let round = 0; round < 4; round++) {
    link.break('refused', RECONNECT_PAUSE_MS, 1_000, new Random(1));
    expect(link.failures).toBe(round + 1);
    let nowMs = 1_000;
    while (!link.mayConnect(nowMs)) nowMs++;
    pauses.push(nowMs - 1_000);
  }
  expect(pauses[0]).toBeGreaterThan(0);
  expect(pauses[3]).toBeGreaterThan(pauses[0] as number);
});

test('a call that waits for company says until when, and nothing is held where nothing waits', () => {
  const link = asked(1_000);
  expect(link.heldUntilMs(1_000)).toBeUndefined();
  link.enqueue(call());
  const heldUntilMs = link.heldUntilMs(1_000) as number;
  expect(heldUntilMs).toBeGreaterThan(1_000);
  expect(heldUntilMs).toBeLessThanOrEqual(1_000 + FRAME_HOLD_MS.most);
  expect(link.nextFrame(2, budget, heldUntilMs - 0.5)).toBeUndefined();
  expect(link.nextFrame(2, budget, heldUntilMs)).toBeDefined();
});
