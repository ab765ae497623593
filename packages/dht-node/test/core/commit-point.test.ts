/** Up to where may be committed: by what each follower has acknowledged, and who of them counts. */

import type { NodeId, Seq } from '@ringkeep/shared';
import { HOLD_AGAIN_MS, HOLD_MS_MAX } from '../../src/core/limits';
import { CommitPoint } from '../../src/core/primary/commit-point';
import { PROTOCOL_RULES } from '../../src/core/rules';
import { arc, OTHER, SELF, THIRD } from './stepped-node';

interface Stream {
  readonly follower: NodeId;
  acked: Seq | undefined;
}

class Stage {
  now = 1_000;
  readonly rules = PROTOCOL_RULES;
  readonly wakes: number[] = [];
  readonly streams = new Map<NodeId, Stream>();
  readonly point: CommitPoint;

  constructor(...members: NodeId[]) {
    const newest = arc({ inSync: [SELF, ...members] });
    this.point = new CommitPoint(this, { newest, otherMembers: new Set(members) }, this.streams);
  }

  wakeAt(time: number): void {
    this.wakes.push(time);
  }

  stream(follower: NodeId, acked?: Seq): Stream {
    const stream = { follower, acked };
    this.streams.set(follower, stream);
    return stream;
  }
}

test('it is the least of what the disk here and every member have', () => {
  const stage = new Stage(OTHER, THIRD);
  stage.point.preparedHere(10);
  stage.stream(OTHER, 8);
  const third = stage.stream(THIRD, 9);
  expect(stage.point.reached()).toBe(8);
  third.acked = 5;
  expect(stage.point.reached()).toBe(5);
});

test('a member without a stream, or that has not acknowledged on it, has nothing', () => {
  const stage = new Stage(OTHER);
  stage.point.preparedHere(10);
  expect(stage.point.reached()).toBe(-1);
  const other = stage.stream(OTHER);
  expect(stage.point.reached()).toBe(-1);
  other.acked = 3;
  expect(stage.point.aligned()).toBe(3);
});

test('what the disk has it keeps, whenever it says so', () => {
  const stage = new Stage();
  stage.point.preparedHere(10);
  stage.point.preparedHere(4);
  expect(stage.point.reached()).toBe(10);
});

test('it waits a moment for a follower that keeps pace, and then not again for long', () => {
  const stage = new Stage();
  const slow = stage.stream(OTHER, 6);
  stage.point.preparedHere(10);
  stage.point.levelHold.begin(slow);
  expect([stage.point.reached(), stage.wakes]).toEqual([6, [1_000 + HOLD_MS_MAX]]);
  stage.now += HOLD_MS_MAX;
  expect(stage.point.reached()).toBe(10);
  stage.now += HOLD_AGAIN_MS - 1;
  stage.point.levelHold.begin(slow);
  expect(stage.point.reached()).toBe(10);
  stage.now += 1;
  stage.point.levelHold.begin(slow);
  expect(stage.point.reached()).toBe(6);
});

test('it waits for nobody whose stream has broken', () => {
  const stage = new Stage();
  stage.point.preparedHere(10);
  stage.point.levelHold.begin(stage.stream(OTHER, 6));
  stage.stream(OTHER, 2);
  expect(stage.point.reached()).toBe(10);
});

test('a takeover waits for members alone', () => {
  const stage = new Stage(THIRD);
  stage.point.preparedHere(10);
  stage.stream(THIRD, 9);
  stage.point.levelHold.begin(stage.stream(OTHER, 6));
  expect([stage.point.reached(), stage.point.aligned()]).toEqual([6, 9]);
});
