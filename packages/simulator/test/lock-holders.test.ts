/** Those who judge holders of a lock see two at once, tokens that do not grow, and renewals by holders who have lost it. */

import { LockHolders, type Holder } from '../src/checkers/lock-holders';

const holderOf = (name: string, token: number, atMs: number, isHeld = true): Holder => ({
  name,
  token,
  claimedAtMs: atMs - 1,
  acquiredAtMs: atMs,
  isHeld: () => isHeld,
});

test('two that take a lock for their own at once are found, unless somebody has removed it meanwhile', () => {
  const judge = new LockHolders();
  expect(judge.hold(holderOf('one', 1, 10))).toBeUndefined();
  expect(judge.hold(holderOf('two', 2, 20))?.text).toMatch(/one .* and two .* hold it at once/);

  const removed = new LockHolders();
  removed.hold(holderOf('one', 1, 10));
  removed.removalBegins();
  removed.removalEnds(15);
  expect(removed.hold(holderOf('two', 2, 20))).toBeUndefined();
  expect(removed.hold(holderOf('three', 3, 30))?.text).toMatch(/two .* and three/);
});

test('a removal whose outcome is not known may come at any time', () => {
  const judge = new LockHolders();
  judge.removalBegins();
  judge.hold(holderOf('one', 1, 10));
  expect(judge.hold(holderOf('two', 2, 20))).toBeUndefined();
});

test('a later holder has a greater token', () => {
  const judge = new LockHolders();
  judge.hold(holderOf('one', 5, 10, false));
  expect(judge.hold(holderOf('two', 5, 20))?.text).toMatch(/two has the token 5 after one had 5/);
});

test('who renews a lock that a later holder had before it asked has lost it', () => {
  const judge = new LockHolders();
  const one = holderOf('one', 1, 10, false);
  judge.hold(one);
  judge.hold(holderOf('two', 2, 20));
  expect(judge.renewed(one, 15)).toBeUndefined();
  expect(judge.renewed(one, 25)?.text).toMatch(/one .* renews what two/);
});

test('a resource takes nothing of an earlier holder behind a later one', () => {
  const judge = new LockHolders();
  expect(judge.accept(10, 1)).toBeUndefined();
  expect(judge.accept(12, 3)).toBeUndefined();
  expect(judge.accept(11, 2)).toBeUndefined();
  expect(judge.accept(13, 2)?.checker).toBe('locks');
});
