import { Random } from '@ringkeep/shared';
import { DriftingClock } from '../src/world/drifting-clock';
import { Network, type NetworkProfile } from '../src/world/network';
import { Stream, type StreamEnd } from '../src/world/stream';
import { Timeline } from '../src/world/timeline';

const CALM: NetworkProfile = {
  latencyMs: 5,
  loss: 0,
  duplication: 0,
  lateness: 0,
  proposalsAstray: 0,
  pushesAstray: 0,
  streamLag: 0,
  streamBreak: 0,
};

describe('the timeline', () => {
  test('runs events by time, and those of one time in the order in which they were planned', async () => {
    const timeline = new Timeline();
    const random = new Random(1);
    const expected: { time: number; order: number }[] = [];
    const seen: number[] = [];
    for (let order = 0; order < 500; order++) {
      const time = random.below(50);
      expected.push({ time, order });
      timeline.at(time, () => seen.push(order));
    }
    await timeline.runUntil(100);
    expected.sort((a, b) => a.time - b.time || a.order - b.order);
    expect(seen).toEqual(expected.map(({ order }) => order));
    expect(timeline.now).toBe(100);
  });

  test('knows the latest of the events that come no later than a time', async () => {
    const timeline = new Timeline();
    for (const time of [5, 40, 200]) timeline.at(time, () => undefined);
    expect(timeline.latestUpTo(100)).toBe(40);
    await timeline.runUntil(50);
    expect(timeline.latestUpTo(100)).toBe(50);
  });

  test('stops when it is told to, and leaves the rest for later', async () => {
    const timeline = new Timeline();
    const seen: number[] = [];
    for (const time of [1, 2, 3]) timeline.at(time, () => seen.push(time));
    expect(await timeline.runUntil(10, () => seen.length === 2)).toBe(false);
    expect(seen).toEqual([1, 2]);
    expect(await timeline.runUntil(10)).toBe(true);
    expect(seen).toEqual([1, 2, 3]);
  });
});

describe('clocks', () => {
  test('drift no further apart than the margin covers', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const timeline = new Timeline();
      const random = new Random(seed);
      const holder = DriftingClock.draw(timeline, random, 1_000, 100);
      const granter = DriftingClock.draw(timeline, random, 1_000, 100);
      const grantEnds = granter.now + 1_000;
      const holdEnds = holder.now + 900;
      expect(holder.trueDelayUntil(holdEnds)).toBeLessThan(granter.trueDelayUntil(grantEnds));
    }
  });

  test('do not count a sleep', async () => {
    const timeline = new Timeline();
    const clock = DriftingClock.draw(timeline, new Random(3), 1_000, 100);
    const before = clock.now;
    await timeline.runUntil(5_000);
    clock.sleep(5_000);
    expect(clock.now).toBeCloseTo(before, 3);
  });
});

describe('a stream', () => {
  class Log implements StreamEnd {
    readonly heard: number[] = [];
    over: string | undefined;
    receive(bytes: Uint8Array): void {
      this.heard.push(bytes[0] as number);
    }
    gone(text: string): void {
      this.over = text;
    }
  }

  function connect(profile: NetworkProfile = CALM, seed = 1) {
    const timeline = new Timeline();
    const network = new Network(timeline, new Random(seed), profile);
    const opener = new Log();
    const accepter = new Log();
    const stream = new Stream(network, [1, 2], opener, accepter);
    return { timeline, network, stream, opener, accepter };
  }

  const sendAll = (stream: Stream, count: number): void => {
    for (let i = 0; i < count; i++) stream.send(0, Uint8Array.of(i));
  };
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

  test('keeps the order of its messages, whatever each takes', async () => {
    const { timeline, stream, accepter } = connect();
    sendAll(stream, 100);
    await timeline.runUntil(1_000);
    expect(accepter.heard).toEqual(upTo(100));
  });

  test('stalls while its way is cut, and goes on in order', async () => {
    const { timeline, network, stream, accepter } = connect();
    sendAll(stream, 3);
    const heal = network.cut(1, 2);
    for (let i = 3; i < 6; i++) stream.send(0, Uint8Array.of(i));
    await timeline.runUntil(150);
    expect(accepter.heard).toEqual(upTo(3));
    heal();
    stream.send(0, Uint8Array.of(6));
    await timeline.runUntil(500);
    expect(accepter.heard).toEqual(upTo(7));
  });

  test('breaks when its way stays cut, and both ends learn of it in the end', async () => {
    const { timeline, network, stream, opener, accepter } = connect();
    network.cut(1, 2);
    sendAll(stream, 2);
    await timeline.runUntil(20_000);
    expect(accepter.heard).toEqual([]);
    expect(opener.over).toBe('connection timed out');
    expect(accepter.over).toBe('connection timed out');
  });

  test('that lost a message brings nothing that was sent behind it', async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const { timeline, stream, accepter } = connect({ ...CALM, streamBreak: 0.1 }, seed);
      sendAll(stream, 50);
      await timeline.runUntil(20_000);
      expect(accepter.heard).toEqual(upTo(accepter.heard.length));
    }
  });

  test('that lags holds up what is sent behind, in order, and no other stream', async () => {
    const { timeline, stream, accepter } = connect();
    sendAll(stream, 2);
    stream.lag(0, 1_000);
    sendAll(stream, 1);
    await timeline.runUntil(900);
    expect(accepter.heard).toEqual(upTo(2));
    await timeline.runUntil(1_100);
    expect(accepter.heard).toEqual([...upTo(2), 0]);
  });

  test('that breaks may still bring what was on its way, until the other side learns of it', async () => {
    const brought = new Set<number>();
    for (let seed = 1; seed <= 50; seed++) {
      const { timeline, stream, accepter } = connect(CALM, seed);
      stream.lag(0, 1_000);
      sendAll(stream, 3);
      stream.reset(0);
      await timeline.runUntil(20_000);
      expect(accepter.over).toBe('connection reset');
      brought.add(accepter.heard.length);
    }
    expect([...brought].sort()).toEqual([0, 3]);
  });

  test('that one side closes brings the other what was sent before', async () => {
    const { timeline, stream, opener, accepter } = connect();
    sendAll(stream, 5);
    stream.close(0);
    stream.send(1, Uint8Array.of(9));
    await timeline.runUntil(1_000);
    expect(accepter.heard).toEqual(upTo(5));
    expect(accepter.over).toBe('closed by the other side');
    expect(opener.heard).toEqual([]);
  });
});
