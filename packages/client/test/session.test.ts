import { NO_RING, FRAME_OPERATIONS_MAX, RingView } from '@ringkeep/shared';
import { OperationType, positionBytesOf } from '@ringkeep/shared/operations';
import {
  DEFAULT_LIMITS,
  FRAME_HOLD_MS,
  FRAME_OPERATIONS_LEAST,
  FRAME_OPERATIONS_WORTH,
  QUEUEING_MS_MAX,
  WINDOW_BYTES_LEAST,
  loadOf,
  type CallResult,
} from '../src/core';
import { SessionDriver, TestCall, ringOf } from './session-driver';

const { get: Get, exchange: Set, delete: Delete } = OperationType;
const DONE: CallResult = { ok: true, value: undefined };
const NOT_OWNER: CallResult = { ok: false, code: 'NOT_OWNER', text: '' };
const UNAVAILABLE: CallResult = { ok: false, code: 'UNAVAILABLE', text: 'the arc is offline' };

/** A session that has reached n0 and knows a ring. */
function opened(names = ['n0'], limits = DEFAULT_LIMITS): SessionDriver {
  const driver = new SessionDriver({ nodes: [names[0]!], limits });
  driver.open('n0');
  driver.learn(ringOf(1, names));
  return driver;
}

/** A key that this node owns. */
function keyOf(driver: SessionDriver, name: string): string {
  const view = new RingView(driver.session.ring);
  for (let i = 0; ; i++) {
    const arc = view.arcOfKey(positionBytesOf(`key-${i}`))!;
    if (view.member(arc.primary)!.addr === name) return `key-${i}`;
  }
}

describe('routing', () => {
  test('operations of one turn travel together, straight to the owner, reads apart from writes', () => {
    const driver = opened();
    const writes = [driver.call(Set, 'a'), driver.call(Delete, 'c')];
    const reads = [driver.call(Get, 'b'), driver.call(Get, 'd')];
    driver.flush();
    const sent = driver.of('send');
    const operations = sent.map(({ frame }) => frame.operations);
    expect(operations).toHaveLength(2);
    expect(operations).toEqual(expect.arrayContaining([reads, writes]));
    expect(sent.every(({ frame }) => frame.direct)).toBe(true);
    for (const each of sent) driver.answer(DONE, each);
    expect([...reads, ...writes].map((call) => call.code)).toEqual(['OK', 'OK', 'OK', 'OK']);
    expect([...reads, ...writes].map((call) => call.deliveries)).toEqual([1, 1, 1, 1]);
  });

  test('without a ring any node that can be reached is asked to forward', () => {
    const driver = new SessionDriver();
    const call = driver.call(Get, 'a');
    driver.flush();
    expect(driver.of('send')).toHaveLength(0);
    driver.open('n0');
    expect(driver.last('send').frame.direct).toBe(false);
    driver.answer(DONE);
    expect(call.code).toBe('OK');
  });

  test('while the owner cannot be reached a node that was named forwards, and the owner is tried again', () => {
    const driver = opened(['n0', 'n1']);
    const keys = Array.from({ length: 20 }, (_, i) => `key-${i}`);
    for (const key of keys) driver.call(Get, key, { deadlineMs: 60_000 });
    driver.flush();
    expect(driver.of('send').every(({ address }) => address === 'n0')).toBe(true);
    expect(driver.of('connect').map(({ address }) => address)).toEqual(['n0', 'n1']);
    driver.session.connectFailed('n1', 'no such host', driver.nowMs);
    driver.answer(DONE);
    driver.pass(1_000);
    for (const key of keys) driver.call(Get, key);
    driver.flush();
    expect(driver.of('connect').map(({ address }) => address)).toEqual(['n0', 'n1', 'n1']);
    driver.open('n1');
    for (const key of keys) driver.call(Get, key);
    driver.flush();
    expect(
      driver
        .of('send')
        .slice(-2)
        .map(({ address }) => address)
        .sort(),
    ).toEqual(['n0', 'n1']);
  });

  test('a refused key goes at once where the newer ring says', () => {
    const driver = opened(['n0', 'n1']);
    const key = keyOf(driver, 'n1');
    driver.call(Get, key);
    driver.flush();
    driver.answer(DONE);
    driver.open('n1');
    const call = driver.call(Set, key);
    driver.flush();
    expect(driver.last('send').address).toBe('n1');
    driver.session.ringLearned({ kind: 'ring', ring: ringOf(2, ['n0']) }, driver.nowMs);
    driver.answer(NOT_OWNER);
    expect(driver.last('send').address).toBe('n0');
    driver.answer(DONE);
    expect(call.code).toBe('OK');
  });

  test('an operation that keeps being refused for its owner is left to the nodes to forward', () => {
    const driver = opened();
    const call = driver.call(Get, 'a');
    driver.flush();
    driver.answer(NOT_OWNER);
    expect(driver.last('send').frame.direct).toBe(true);
    driver.answer(NOT_OWNER);
    driver.pass(100);
    expect(driver.last('send').frame.direct).toBe(false);
    driver.answer(DONE);
    expect(call.code).toBe('OK');
  });

  test('operations queued for a node go elsewhere when the ring changes', () => {
    const limits = { ...DEFAULT_LIMITS, nodeOperationsMax: 1 };
    const driver = opened(['n0', 'n1'], limits);
    const key = keyOf(driver, 'n1');
    driver.call(Get, key);
    driver.flush();
    driver.answer(DONE);
    driver.open('n1');
    driver.call(Set, key);
    driver.call(Set, key);
    driver.flush();
    driver.learn(ringOf(2, ['n0']));
    expect(driver.of('send').map(({ address }) => address)).toEqual(['n0', 'n1', 'n0']);
  });

  test('of the nodes that were named those in the ring forward first', () => {
    const driver = new SessionDriver({ nodes: ['gone', 'n0'] });
    driver.open('gone');
    driver.open('n0');
    driver.learn(ringOf(1, ['n0', 'n1']));
    for (let i = 0; i < 20; i++) driver.call(Get, `key-${i}`);
    driver.flush();
    expect(driver.of('send').every(({ address }) => address === 'n0')).toBe(true);
  });

  test('a node that left the ring is disconnected once it has answered', () => {
    const driver = opened(['n0', 'n1']);
    driver.call(Get, 'key-0');
    driver.call(Get, 'key-1');
    driver.call(Get, 'key-2');
    driver.flush();
    driver.answer(DONE);
    driver.open('n1');
    const calls = Array.from({ length: 20 }, (_, i) => driver.call(Get, `key-${i}`));
    driver.flush();
    const toOther = driver.of('send').find(({ address }) => address === 'n1')!;
    driver.learn(ringOf(2, ['n0']));
    expect(driver.of('disconnect')).toHaveLength(0);
    driver.answer(DONE, toOther);
    driver.pass(20);
    expect(driver.of('disconnect').map(({ address }) => address)).toEqual(['n1']);
    expect(calls.filter((call) => call.code === 'OK')).toHaveLength(toOther.frame.calls.length);
  });
});

describe('pace', () => {
  /** Single reads, each in a turn of its own. */
  function trickle(driver: SessionDriver, count: number): TestCall[] {
    return Array.from({ length: count }, (_, i) => {
      const call = driver.call(Get, `key-${i}`);
      driver.flush();
      return call;
    });
  }
  const sizes = (driver: SessionDriver) => driver.of('send').map(({ frame }) => frame.operations.length);

  test('while a frame is unanswered what comes in waits for the answer and then travels together', () => {
    const driver = opened();
    trickle(driver, 10);
    expect(sizes(driver)).toEqual([1]);
    driver.answer(DONE);
    expect(sizes(driver)).toEqual([1, 9]);
  });

  test('it does not wait longer than a moment, and not when a frame is worth its cost', () => {
    const driver = opened();
    trickle(driver, 3);
    driver.pass(FRAME_HOLD_MS.least);
    expect(sizes(driver)).toEqual([1, 2]);
    trickle(driver, FRAME_OPERATIONS_LEAST.reads);
    expect(sizes(driver)).toEqual([1, 2, FRAME_OPERATIONS_LEAST.reads]);
  });

  test('a frame takes half of what is outstanding, so that one half is made while the other is carried out', () => {
    const driver = opened();
    for (let i = 0; i < 200; i++) driver.call(Get, `key-${i}`);
    driver.flush();
    expect(sizes(driver)).toEqual([100, 100]);
    for (let i = 0; i < FRAME_OPERATIONS_WORTH; i++) driver.call(Get, `more-${i}`);
    driver.flush();
    expect(sizes(driver)).toEqual([100, 100, FRAME_OPERATIONS_WORTH]);
  });

  test('what is too little for two frames goes as one', () => {
    const driver = opened();
    const count = 2 * FRAME_OPERATIONS_LEAST.reads - 1;
    for (let i = 0; i < count; i++) driver.call(Get, `key-${i}`);
    driver.flush();
    expect(sizes(driver)).toEqual([count]);
  });

  test('a frame that falls short of the one on its way does not wait for it, down to half of it', () => {
    const driver = opened();
    for (let i = 0; i < 200; i++) driver.call(Get, `key-${i}`);
    driver.flush();
    driver.answer(DONE);
    trickle(driver, 49);
    expect(sizes(driver)).toEqual([100, 100]);
    trickle(driver, 1);
    expect(sizes(driver)).toEqual([100, 100, 50]);
  });

  test('a read does not wait for the answer of a write', () => {
    const driver = opened();
    driver.call(Set, 'a');
    driver.flush();
    const [read] = trickle(driver, 1);
    driver.answer(DONE);
    expect(read?.code).toBe('OK');
    expect(driver.session.counts.operationsInFlight).toBe(1);
  });

  test('a node that forwards gets frames of one owner each when there is much for each', () => {
    const ownersOfFrames = (count: number): number[] => {
      const driver = opened(['n0', 'n1', 'n2']);
      for (let i = 0; i < count; i++) driver.call(Get, `key-${i}`);
      driver.flush();
      const view = new RingView(driver.session.ring);
      return driver.of('send').map(({ address, frame }) => {
        expect(address).toBe('n0');
        const owners = frame.operations.map(({ position }) => view.arcOfKey(position)!.primary);
        return new globalThis.Set(owners).size;
      });
    };
    expect(new globalThis.Set(ownersOfFrames(3 * FRAME_OPERATIONS_WORTH + 100))).toEqual(
      new globalThis.Set([1]),
    );
    expect(ownersOfFrames(FRAME_OPERATIONS_LEAST.reads)).toEqual([3]);
  });
});

describe('verdicts', () => {
  test('a write on a stream that breaks is of unknown outcome and never sent again', () => {
    const driver = opened();
    const call = driver.call(Set, 'a');
    driver.flush();
    driver.session.streamEnded('n0', 'reset', driver.nowMs);
    driver.pass(100);
    driver.open('n0');
    driver.pass(2_000);
    expect(call.code).toBe('OUTCOME_UNKNOWN');
    expect(driver.of('send')).toHaveLength(1);
  });

  test('a read on a stream that breaks is sent again', () => {
    const driver = opened();
    const call = driver.call(Get, 'a');
    driver.flush();
    driver.session.streamEnded('n0', 'reset', driver.nowMs);
    driver.pass(100);
    driver.open('n0');
    driver.pass(100);
    expect(driver.of('send')).toHaveLength(2);
    driver.answer(DONE);
    expect(call.code).toBe('OK');
  });

  test('a write that never left goes out when a stream opens', () => {
    const driver = new SessionDriver();
    const call = driver.call(Set, 'a');
    driver.flush();
    driver.session.connectFailed('n0', 'refused', driver.nowMs);
    driver.pass(200);
    driver.open('n0');
    driver.answer(DONE);
    expect(call.code).toBe('OK');
  });

  test.each([Get, Set])('what a node refuses is sent again after a pause (type %d)', (type) => {
    const driver = opened();
    const call = driver.call(type, 'a');
    driver.flush();
    driver.answer(UNAVAILABLE);
    expect(driver.of('send')).toHaveLength(1);
    driver.pass(30);
    expect(driver.of('send')).toHaveLength(2);
    driver.answer(DONE);
    expect(call.code).toBe('OK');
  });

  test('at its deadline a refused operation says what it was refused for', () => {
    const driver = opened();
    const call = driver.call(Set, 'a', { deadlineMs: 500 });
    driver.flush();
    for (let i = 0; i < 100 && !call.settled; i++) {
      if (driver.last('send').frame.open > 0) driver.answer(UNAVAILABLE);
      driver.pass(10);
    }
    expect(call.result).toEqual(UNAVAILABLE);
  });

  test('without retries a refusal is the result', () => {
    const driver = opened();
    const call = driver.call(Set, 'a', { retries: false });
    driver.flush();
    driver.answer(UNAVAILABLE);
    expect(call.result).toEqual(UNAVAILABLE);
  });

  test('an unanswered operation ends at its deadline: a read is late, a write of unknown outcome', () => {
    const driver = opened();
    const read = driver.call(Get, 'a', { deadlineMs: 100 });
    const write = driver.call(Set, 'a', { deadlineMs: 100 });
    driver.flush();
    driver.pass(120);
    expect([read.code, write.code]).toEqual(['DEADLINE_EXCEEDED', 'OUTCOME_UNKNOWN']);
    const numbers = driver.of('send').map(({ frame }) => frame.number);
    expect(driver.of('cancel').map(({ frame }) => frame)).toEqual(expect.arrayContaining(numbers));
  });

  test('an operation that could not be sent ends at its deadline and says why', () => {
    const driver = new SessionDriver();
    const call = driver.call(Set, 'a', { deadlineMs: 100 });
    driver.flush();
    driver.session.connectFailed('n0', 'connection refused', driver.nowMs);
    driver.pass(120);
    expect(call.code).toBe('DEADLINE_EXCEEDED');
    expect(call.result).toMatchObject({ text: expect.stringContaining('n0: connection refused') });
  });

  test('reads that a dead node owes are asked of its successor, writes are of unknown outcome and not repeated', () => {
    const driver = opened(['n0']);
    const read = driver.call(Get, 'a');
    const write = driver.call(Set, 'a');
    driver.flush();
    const old = ringOf(1, ['n0']);
    const { id } = old.members[0]!;
    const other = { ...old.members[0]!, addr: 'n1', id: (id + 1n) as typeof id };
    const arcs = [{ ...old.arcs[0]!, primary: other.id, inSync: [other.id], epoch: 2, term: 2 }];
    const members = [{ ...old.members[0]!, state: 'dead' as const }, other];
    driver.learn({ ...old, version: 2, members, arcs });
    driver.pass(50);
    driver.open('n1');
    driver.pass(50);
    expect(driver.last('send').address).toBe('n1');
    driver.answer(DONE);
    expect([read.code, write.code]).toEqual(['OK', 'OUTCOME_UNKNOWN']);
    driver.pass(2_000);
    expect(driver.of('send').filter(({ frame }) => frame.operations.includes(write))).toHaveLength(1);
  });

  test('a node about to stop still answers, gets nothing new, and is let go', () => {
    const driver = opened(['n0', 'n1']);
    const key = keyOf(driver, 'n1');
    driver.call(Get, key);
    driver.flush();
    driver.answer(DONE);
    driver.open('n1');
    const sent = driver.call(Set, key);
    driver.flush();
    const owed = driver.last('send');
    driver.session.closing('n1', driver.nowMs);
    driver.call(Set, key);
    driver.flush();
    expect(driver.last('send').address).toBe('n0');
    expect(driver.of('disconnect')).toHaveLength(0);
    driver.answer(DONE, owed);
    expect(sent.code).toBe('OK');
    expect(driver.of('disconnect').map(({ address }) => address)).toEqual(['n1']);
  });

  test('a reply in several parts answers the operations in their order', () => {
    const driver = opened();
    const calls = ['a', 'b', 'c'].map((key) => driver.call(Get, key));
    driver.flush();
    const { frame } = driver.last('send');
    const value = (text: string): CallResult => ({ ok: true, value: Buffer.from(text) });
    driver.session.reply('n0', frame.number, [value('1')], 0, driver.nowMs);
    driver.flush();
    expect(calls.map((call) => call.result)).toEqual([value('1'), undefined, undefined]);
    driver.session.reply('n0', frame.number, [value('2'), value('3')], 0, driver.nowMs);
    driver.flush();
    expect(calls.map((call) => call.result)).toEqual([value('1'), value('2'), value('3')]);
    expect(driver.session.counts.operationsInFlight).toBe(0);
  });

  test('a reply with more results than operations breaks the stream', () => {
    const driver = opened();
    const call = driver.call(Set, 'a');
    driver.flush();
    driver.session.reply('n0', driver.last('send').frame.number, [DONE, DONE], 0, driver.nowMs);
    driver.flush();
    expect(call.code).toBe('OUTCOME_UNKNOWN');
    expect(driver.of('disconnect')).toHaveLength(1);
  });
});

describe('cancelling and closing', () => {
  test('a frame that nobody waits for is cancelled; one with other callers is not', () => {
    const driver = opened();
    const calls = [driver.call(Delete, 'a'), driver.call(Set, 'b')];
    driver.flush();
    driver.session.abort(calls[0]!);
    driver.flush();
    expect(driver.of('cancel')).toHaveLength(0);
    driver.session.abort(calls[1]!);
    driver.flush();
    expect(driver.of('cancel')).toHaveLength(1);
    expect(calls.map((call) => call.code)).toEqual(['OUTCOME_UNKNOWN', 'OUTCOME_UNKNOWN']);
  });

  test('what was not sent is cancelled without doubt', () => {
    const driver = new SessionDriver();
    const call = driver.call(Set, 'a');
    driver.session.abort(call);
    driver.flush();
    expect(call.code).toBe('CANCELLED');
    driver.open('n0');
    expect(driver.of('send')).toHaveLength(0);
  });

  test('draining answers what is outstanding, refuses what is new, then disconnects', () => {
    const driver = opened();
    const call = driver.call(Set, 'a');
    driver.flush();
    driver.session.drain();
    driver.flush();
    const late = driver.call(Set, 'b');
    driver.flush();
    expect(late.code).toBe('CANCELLED');
    expect(driver.of('closed')).toHaveLength(0);
    driver.answer(DONE);
    expect(call.code).toBe('OK');
    expect(driver.effects.at(-1)).toEqual({ kind: 'closed' });
    expect(driver.of('disconnect').map(({ address }) => address)).toEqual(['n0']);
    expect(driver.session.nextFlushAtMs(driver.nowMs)).toBeUndefined();
  });

  test('stopping gives up what is outstanding', () => {
    const driver = opened();
    const sent = driver.call(Set, 'a');
    driver.flush();
    const queued = driver.call(Set, 'b');
    driver.session.stop();
    driver.flush();
    expect([sent.code, queued.code]).toEqual(['OUTCOME_UNKNOWN', 'CANCELLED']);
    expect(driver.effects.at(-1)).toEqual({ kind: 'closed' });
  });
});

describe('limits', () => {
  test('above the bound of operations or bytes a call is refused at once', () => {
    const limits = { ...DEFAULT_LIMITS, operationsMax: 3 };
    const driver = new SessionDriver({ limits });
    const calls = ['a', 'b', 'c', 'd'].map((key) => driver.call(Set, key));
    driver.flush();
    expect(calls.map((call) => call.code)).toEqual([undefined, undefined, undefined, 'RESOURCE_EXHAUSTED']);
    driver.session.abort(calls[0]!);
    expect(driver.call(Set, 'e').code).toBeUndefined();
    const small = new SessionDriver({ limits: { ...DEFAULT_LIMITS, bytesMax: 10 } });
    small.call(Set, '12345');
    const over = small.call(Set, 'a');
    small.flush();
    expect(over.code).toBe('RESOURCE_EXHAUSTED');
  });

  test('a frame holds 256 operations, and a large value travels alone', () => {
    const driver = opened();
    for (let i = 0; i < 4 * FRAME_OPERATIONS_MAX; i++) driver.call(Get, `key-${i}`);
    driver.flush();
    expect(driver.of('send').map(({ frame }) => frame.operations.length)).toEqual([256, 256, 256, 256]);
    const large = new TestCall(Set, 'large', driver.nowMs + 1_000, true, 'x'.repeat(1 << 20));
    driver.call(Set, 'a');
    driver.session.submit(large);
    driver.call(Set, 'b');
    driver.flush();
    driver.pass(FRAME_HOLD_MS.least);
    const writes = driver.of('send').filter(({ frame }) => frame.operations[0]?.type === Set);
    expect(writes.map(({ frame }) => frame.operations.length)).toEqual([1, 1, 1]);
  });

  test('a node gets no more than its share until it answers', () => {
    const driver = new SessionDriver({ limits: { ...DEFAULT_LIMITS, nodeOperationsMax: 2 } });
    driver.open('n0');
    driver.learn(ringOf(1, ['n0']));
    const calls = Array.from({ length: 5 }, (_, i) => driver.call(Get, `key-${i}`));
    driver.flush();
    expect(driver.session.counts.operationsInFlight).toBe(2);
    driver.answer(DONE);
    driver.answer(DONE);
    driver.answer(DONE);
    expect(calls.every((call) => call.code === 'OK')).toBe(true);
  });

  test('a node that answers late gets less, and more again when it answers in time', () => {
    const driver = opened();
    const ask = (): number => {
      for (let i = 0; i < 4_096; i++) driver.call(Set, `key-${i}`, { deadlineMs: 1e9 });
      driver.pass(FRAME_HOLD_MS.most);
      return driver.session.counts.operationsInFlight;
    };
    const answerAll = (afterMs: number): void => {
      driver.pass(afterMs);
      for (const send of driver.of('send')) if (send.frame.answered === 0) driver.answer(DONE, send);
      if (driver.session.counts.operations > 0) answerAll(0);
    };
    driver.call(Set, 'quick');
    driver.flush();
    driver.answer(DONE);
    expect(ask()).toBe(4_096);
    answerAll(QUEUEING_MS_MAX / 2);
    expect(ask()).toBe(4_096);
    driver.pass(100 * QUEUEING_MS_MAX);
    driver.answer(DONE, driver.of('send').at(-1));
    answerAll(0);
    const least = WINDOW_BYTES_LEAST / loadOf(1, 10);
    const fewer = ask();
    expect(fewer).toBeLessThan(4_096);
    expect(fewer).toBeGreaterThan(least / 2);
    answerAll(1);
    expect(ask()).toBe(4_096);
  });

  test('where answers are late, who would rather be refused is refused at once; who would wait waits', () => {
    const driver = opened();
    const call = (i: number, retries: boolean): TestCall =>
      driver.call(Set, `key-${i}`, { deadlineMs: 1e9, retries });
    call(0, true);
    driver.flush();
    driver.answer(DONE);
    for (let i = 0; i < 16_384; i++) call(i, true);
    driver.flush();
    const before = call(1, false);
    driver.flush();
    expect(before.code).toBeUndefined();
    driver.pass(100 * QUEUEING_MS_MAX);
    driver.answer(DONE);
    const impatient = call(2, false);
    const patient = call(3, true);
    const read = driver.call(Get, 'read', { retries: false });
    driver.flush();
    expect(impatient.code).toBe('RESOURCE_EXHAUSTED');
    expect(driver.last('send').frame.operations).toEqual([read]);
    expect(patient.code).toBeUndefined();
  });

  test('a stream that asks to wait gets no frame until it is writable again', () => {
    const driver = opened();
    driver.session.full('n0');
    driver.call(Get, 'a');
    driver.flush();
    expect(driver.of('send')).toHaveLength(0);
    driver.session.writable('n0');
    driver.flush();
    expect(driver.of('send')).toHaveLength(1);
  });

  test('calls that were given up leave no trace in a queue', () => {
    const driver = new SessionDriver();
    for (let i = 0; i < 20_000; i++) driver.session.abort(driver.call(Get, `key-${i}`, { deadlineMs: 1e9 }));
    driver.flush();
    driver.call(Get, 'last');
    driver.flush();
    driver.open('n0');
    expect(driver.last('send').frame.operations).toHaveLength(1);
    expect(driver.session.counts.operations).toBe(1);
  });
});

describe('waiting', () => {
  test('while all attempts that may be under way hang, the others’ turn does not make it busy', () => {
    const driver = new SessionDriver({ nodes: ['n0', 'n1', 'n2', 'n3', 'n4'] });
    for (const turn of [0, 1]) {
      driver.session.connectFailed(driver.of('connect')[turn]!.address, 'refused', driver.nowMs);
      driver.flush();
    }
    expect(driver.of('connect')).toHaveLength(5);
    driver.pass(5_000);
    // The two that failed are tried again once the others are slow.
    expect(driver.of('connect')).toHaveLength(7);
    driver.session.connectFailed(driver.last('connect').address, 'timeout', driver.nowMs);
    driver.pass(5_000);
    expect(driver.of('connect')).toHaveLength(8);
  });
});

describe('why no node can be reached', () => {
  const told = (driver: SessionDriver): string[] =>
    /^no node can be reached \((.*)\)$/
      .exec(driver.session.obstacle ?? '')?.[1]
      ?.split('; ')
      .sort() ?? [];

  test('is told of at most three, those that were not tried left out, and not while one can be', () => {
    const driver = new SessionDriver({ nodes: ['n0', 'n1', 'n2', 'n3', 'n4'] });
    const tried = driver.of('connect').map(({ address }) => address);
    expect(told(driver)).toEqual(tried.map((address) => `${address}: no answer yet`).sort());
    driver.session.connectFailed(tried[0]!, 'refused', driver.nowMs);
    driver.flush();
    expect(told(driver)).toHaveLength(4);
    expect(driver.session.obstacle).toContain(`${tried[0]}: refused`);
    expect(driver.session.obstacle).toMatch(/; …\)$/);
    driver.open(tried[1]!);
    expect(driver.session.obstacle).toBeUndefined();
  });

  test('names a node that is taken for dead as that', () => {
    const driver = opened();
    const ring = ringOf(2, ['n0']);
    const members = ring.members.map((member) => ({ ...member, state: 'dead' as const }));
    driver.learn({ ...ring, members });
    expect(driver.session.obstacle).toBe('no node can be reached (n0: taken for dead)');
  });

  test('is told to who hears of it with each failure', () => {
    const driver = new SessionDriver();
    driver.session.connectFailed('n0', 'refused', driver.nowMs);
    driver.session.connectFailed('nobody', 'refused', driver.nowMs);
    driver.flush();
    expect(driver.of('report').map(({ report }) => report)).toEqual([
      { kind: 'unreachable', address: 'n0', reason: 'refused' },
    ]);
  });
});

describe('watching the ring', () => {
  test('a node is watched from the version that is known, and after a pause again when the watch ends', () => {
    const driver = opened();
    const first = driver.last('watch');
    expect(first).toMatchObject({ source: { kind: 'node', address: 'n0' }, from: { version: 0 } });
    driver.session.watchNews(first.number, { kind: 'ring', ring: ringOf(7, ['n0']) }, driver.nowMs);
    driver.session.watchEnded(first.number, 'reset', driver.nowMs);
    driver.flush();
    expect(driver.of('watch')).toHaveLength(1);
    driver.pass(100);
    expect(driver.last('watch')).toMatchObject({ from: { version: 7 }, clusterId: 'test' });
  });

  test('the registry comes first when no node is known, and helps when a node cannot tell', () => {
    const driver = new SessionDriver({ nodes: [], registry: 'r' });
    const watch = driver.last('watch');
    expect(watch.source).toEqual({ kind: 'registry', address: 'r' });
    driver.session.watchNews(watch.number, { kind: 'ring', ring: ringOf(1, ['n0']) }, driver.nowMs);
    driver.flush();
    expect(driver.last('connect').address).toBe('n0');
    driver.open('n0');
    driver.session.watchEnded(watch.number, 'gone', driver.nowMs);
    driver.pass(200);
    expect(driver.last('watch').source.kind).toBe('registry');
  });

  test('news that do not continue the ring lead to the whole ring', () => {
    const driver = opened();
    const watch = driver.last('watch');
    const change = {
      clusterId: 'test',
      fromVersion: 5,
      fromRun: 0n,
      version: 6,
      members: [],
      removedMembers: [],
      arcs: [],
      removedArcs: [],
      runs: [],
      parameters: undefined,
    };
    driver.session.watchNews(watch.number, { kind: 'change', change }, driver.nowMs);
    driver.pass(200);
    expect(driver.last('watch')).toMatchObject({ number: watch.number + 1, from: { version: 0 } });
  });

  test('an empty ring is named as what operations wait for', () => {
    const driver = new SessionDriver({ nodes: [], registry: 'r' });
    driver.learn({ ...NO_RING, clusterId: 'test', version: 1 });
    const call = driver.call(Get, 'a', { deadlineMs: 100 });
    driver.flush();
    driver.pass(200);
    expect(call.result).toMatchObject({ text: expect.stringContaining('the ring has no nodes yet') });
  });
});
