import { SendWindow, WINDOW_BYTES_LEAST, type Frame } from '../src/core';

const MIB = 1024 * 1024;

/** A frame that leaves at a moment and meets so much, itself included. */
function frame(sentAtMs: number, load: number, loadMet = load): Frame {
  return { sentAtMs, load, loadMet } as Frame;
}

/** How much a window lets out at once. */
function room(window: SendWindow): number {
  let load = 0;
  while (load < 64 * MIB && !window.exceededBy(load)) load += 16 * 1024;
  return load;
}

test('late answers cut what may be on its way to what would have been in time, and answers in time give it back', () => {
  const window = new SendWindow();
  window.answered(frame(0, MIB), 10);
  expect(room(window)).toBe(64 * MIB);
  window.answered(frame(0, MIB, 8 * MIB), 240);
  expect(room(window)).toBe(2 * MIB);
  window.answered(frame(300, MIB, 2 * MIB), 340);
  expect(room(window)).toBe(3 * MIB);
});

test('what is late with little on its way says nothing of the load', () => {
  const window = new SendWindow();
  window.answered(frame(0, 1_000), 10);
  window.answered(frame(20, 1_000), 2_000);
  expect(room(window)).toBe(64 * MIB);
});

test('frames that are given up count as late, and never as in time', () => {
  const window = new SendWindow();
  window.answered(frame(0, MIB), 10);
  window.givenUp(frame(20, 4 * MIB), 30);
  expect(room(window)).toBe(64 * MIB);
  window.givenUp(frame(20, 8 * MIB), 20 + 480);
  expect(room(window)).toBe(MIB);
});

test('one quick answer counts for minutes, not for ever', () => {
  const window = new SendWindow();
  window.answered(frame(0, 1_000), 1);
  const slow = (atMs: number): void => window.answered(frame(atMs, MIB, 4 * MIB), atMs + 100);
  for (let atMs = 0; atMs < 180_000; atMs += 1_000) slow(atMs);
  expect(room(window)).toBeGreaterThan(16 * MIB);
  window.answered(frame(200_000, 8 * MIB), 260_000);
  expect(room(window)).toBe(WINDOW_BYTES_LEAST);
});
