/** A client whose news of the ring come from a node that stands still, is cut off or is gone; and nodes that fall silent. */

import { RingView, ringBeat, type Ring } from '@ringkeep/shared';
import { OperationType, positionBytesOf } from '@ringkeep/shared/operations';
import { CONNECTING_MAX, CONNECT_SLOW_MS, DEFAULT_LIMITS, type CallResult, type Effect } from '../src/core';
import { SessionDriver, ringOf, type TestCall } from './session-driver';

const { get: Get, exchange: Set } = OperationType;
const DONE: CallResult = { ok: true, value: undefined };
const UNAVAILABLE: CallResult = { ok: false, code: 'UNAVAILABLE', text: 'not at present' };
const LEASE_MS = 2_000;
const BEAT_MS = ringBeat(LEASE_MS, 0).intervalMs;
const FRESH_MS = 100;

type Watch = Extract<Effect, { kind: 'watch' }>;

function watched(watch: Watch): string {
  return watch.source.address;
}

/** A session whose watch at n0 gave a ring, with a stream to each node. */
class Following extends SessionDriver {
  readonly first: Watch;

  constructor(readonly names: readonly string[]) {
    super({ nodes: [names[0]!], limits: DEFAULT_LIMITS });
    this.open('n0');
    this.first = this.last('watch');
    this.news(ringOf(1, names));
    // A read of each node's key has its stream opened.
    for (const name of names.slice(1)) {
      this.call(Get, this.keyOf(name));
      this.flush();
      this.answer(DONE);
      this.open(name);
    }
  }

  get watches(): Watch[] {
    return this.of('watch');
  }

  keyOf(name: string, ring: Ring = this.session.ring): string {
    const view = new RingView(ring);
    for (let i = 0; ; i++) {
      const arc = view.arcOfKey(positionBytesOf(`key-${i}`))!;
      if (view.member(arc.primary)!.addr === name) return `key-${i}`;
    }
  }

  news(ring: Ring, watch = this.last('watch')): void {
    this.session.watchNews(watch.number, { kind: 'ring', ring }, this.nowMs);
    this.flush();
  }

  beat(registrySilentMs = FRESH_MS, watch = this.last('watch')): void {
    this.session.watchBeat(watch.number, ringBeat(LEASE_MS, registrySilentMs), this.nowMs);
    this.flush();
  }

  /** Time passes while the watch that is on beats, as a node does that hears the registry. */
  passBeating(ms: number, registrySilentMs = FRESH_MS): void {
    for (let passed = 0; passed < ms; passed += BEAT_MS / 2) {
      this.beat(registrySilentMs);
      this.pass(BEAT_MS / 2);
    }
  }

  send(type: OperationType, key: string, deadlineMs = 10_000): TestCall {
    const call = this.call(type, key, { deadlineMs });
    this.flush();
    return call;
  }

  sendsOf(call: TestCall): string[] {
    return this.of('send')
      .filter(({ frame }) => frame.operations.includes(call))
      .map(({ address }) => address);
  }

  /** The ring as it is when one node was declared dead and another one has taken its arcs. */
  without(name: string, heir: string): Ring {
    const { ring } = this.session;
    const dead = ring.members.find(({ addr }) => addr === name)!.id;
    const { id } = ring.members.find(({ addr }) => addr === heir)!;
    const version = ring.version + 1;
    const members = ring.members.map((member) =>
      member.id === dead ? { ...member, state: 'dead' as const } : member,
    );
    const arcs = ring.arcs.map((arc) =>
      arc.primary === dead ? { ...arc, primary: id, inSync: [id], epoch: version, term: version } : arc,
    );
    return { ...ring, version, members, arcs };
  }
}

describe('the source of news', () => {
  test('a source that misses two beats is left for another node, from the version that is known', () => {
    const driver = new Following(['n0', 'n1', 'n2']);
    driver.passBeating(10_000);
    expect(driver.watches).toHaveLength(1);
    driver.beat();
    driver.pass(2 * BEAT_MS);
    expect(driver.watches).toHaveLength(1);
    driver.pass(BEAT_MS);
    expect(driver.watches).toHaveLength(2);
    expect(driver.last('watch')).toMatchObject({ from: { version: 1 }, clusterId: 'test' });
    expect(watched(driver.last('watch'))).not.toBe('n0');
    expect(driver.last('report').report).toMatchObject({ kind: 'watch-ended', source: { address: 'n0' } });
  });

  test('one that does not even take the watch is left sooner; one of before, without beats, is not', () => {
    const driver = new Following(['n0', 'n1']);
    driver.session.watchEnded(driver.first.number, 'reset', driver.nowMs);
    driver.pass(50);
    const second = driver.last('watch');
    driver.pass(LEASE_MS / 4);
    const third = driver.last('watch');
    expect(third.number).toBe(second.number + 1);
    driver.session.watchAccepted(third.number, driver.nowMs);
    driver.pass(600_000);
    expect(driver.last('watch')).toBe(third);
  });

  test('one that has not heard the registry for a lease is left for one that has', () => {
    const driver = new Following(['n0', 'n1']);
    driver.beat(LEASE_MS - 1);
    expect(driver.watches).toHaveLength(1);
    driver.beat(LEASE_MS);
    expect(driver.watches.map(watched)).toEqual(['n0', 'n1']);
  });

  test('when nobody hears the registry, they are asked round once, and then less and less often', () => {
    const names = ['n0', 'n1', 'n2', 'n3', 'n4'];
    const driver = new Following(names);
    driver.passBeating(LEASE_MS, 10 * LEASE_MS);
    expect(new globalThis.Set(driver.watches.map(watched))).toEqual(new globalThis.Set(names));
    const before = driver.watches.length;
    driver.passBeating(3_600_000, 10 * LEASE_MS);
    expect(driver.watches.length - before).toBeLessThan(3_600_000 / (2 * LEASE_MS));
    driver.passBeating(100 * LEASE_MS);
    const quiet = driver.watches.length;
    driver.passBeating(100 * LEASE_MS);
    expect(driver.watches).toHaveLength(quiet);
  });

  test('when all stand still for a while, the first to go on is followed', () => {
    const driver = new Following(['n0', 'n1', 'n2']);
    driver.beat();
    driver.pass(20_000);
    const on = driver.last('watch');
    driver.news(ringOf(5, ['n0', 'n1', 'n2']), on);
    expect(driver.session.ring.version).toBe(5);
    driver.passBeating(20_000);
    expect(driver.last('watch').number - on.number).toBeLessThanOrEqual(1);
  });

  test('a node that goes on with an older ring does not lead back, nor by a watch that was left', () => {
    const driver = new Following(['n0', 'n1']);
    driver.beat();
    driver.pass(3 * BEAT_MS);
    driver.news(driver.without('n0', 'n1'));
    expect(driver.session.ring.version).toBe(2);
    driver.news(ringOf(9, ['n0']), driver.first);
    driver.beat(FRESH_MS, driver.first);
    driver.news(ringOf(1, ['n0', 'n1']));
    driver.session.ringLearned({ kind: 'ring', ring: ringOf(1, ['n0', 'n1']) }, driver.nowMs);
    driver.flush();
    expect(driver.session.ring.version).toBe(2);
  });

  test('a source that leaves the ring, or is taken for dead, is left', () => {
    const driver = new Following(['n0', 'n1', 'n2']);
    driver.beat();
    driver.news(driver.without('n0', 'n1'));
    expect(driver.watches).toHaveLength(2);
    expect(watched(driver.last('watch'))).not.toBe('n0');
  });

  test('without another node at hand those that are known are tried, and the old source is kept till then', () => {
    const driver = new SessionDriver({ nodes: ['n0'] });
    driver.open('n0');
    const { number } = driver.last('watch');
    driver.session.watchNews(number, { kind: 'ring', ring: ringOf(1, ['n0', 'n1']) }, driver.nowMs);
    driver.session.watchBeat(number, ringBeat(LEASE_MS, FRESH_MS), driver.nowMs);
    driver.pass(3 * BEAT_MS);
    expect(driver.of('connect').map(({ address }) => address)).toEqual(['n0', 'n1']);
    expect(driver.of('watch')).toHaveLength(1);
    driver.open('n1');
    expect(driver.of('watch').map(watched)).toEqual(['n0', 'n1']);
  });

  test('the registry is a source as well: it is asked where no node is any good, and left when it stands still', () => {
    const driver = new SessionDriver({ nodes: ['n0'], registry: 'r' });
    const beat = (registrySilentMs: number): void => {
      driver.session.watchBeat(
        driver.last('watch').number,
        ringBeat(LEASE_MS, registrySilentMs),
        driver.nowMs,
      );
      driver.pass(BEAT_MS);
    };
    driver.open('n0');
    driver.learn(ringOf(1, ['n0', 'n1']));
    expect(watched(driver.last('watch'))).toBe('r');
    beat(0);
    driver.pass(2 * BEAT_MS);
    expect(watched(driver.last('watch'))).toBe('n0');
    for (let i = 0; i < 100; i++) beat(watched(driver.last('watch')) === 'r' ? 0 : 10 * LEASE_MS);
    expect(watched(driver.last('watch'))).toBe('r');
  });

  test('a watch that ends again and again is asked for at the registry and at a node in turn', () => {
    const driver = new SessionDriver({ nodes: ['n0'], registry: 'r' });
    driver.open('n0');
    driver.learn(ringOf(1, ['n0']));
    const asked: string[] = [];
    for (let round = 0; round < 6; round++) {
      const watch = driver.last('watch');
      asked.push(watched(watch));
      driver.session.watchEnded(watch.number, 'gone', driver.nowMs);
      while (driver.last('watch') === watch) driver.pass(10);
    }
    expect(asked).toEqual(['r', 'r', 'n0', 'r', 'n0', 'r']);
  });

  test('what is refused is a reason to ask another node, unless the source has just heard the registry', () => {
    const driver = new Following(['n0', 'n1', 'n2']);
    const refused = (): void => {
      driver.send(Set, driver.keyOf('n1'), 50);
      driver.answer(UNAVAILABLE);
      driver.pass(60);
    };
    driver.beat();
    refused();
    expect(driver.watches).toHaveLength(1);
    driver.beat(LEASE_MS / 2);
    refused();
    expect(driver.watches).toHaveLength(2);
    driver.beat(LEASE_MS / 2);
    refused();
    expect(driver.watches).toHaveLength(2);
  });

  test('a source that says nothing is left even for one that hears nothing', () => {
    const driver = new Following(['n0', 'n1']);
    driver.passBeating(60 * LEASE_MS, 10 * LEASE_MS);
    const deaf = watched(driver.last('watch'));
    driver.pass(3 * BEAT_MS);
    expect(watched(driver.last('watch'))).not.toBe(deaf);
  });

  test('when it is the client that stood still, nobody else is taken for silent', () => {
    const driver = new Following(['n0', 'n1']);
    const read = driver.send(Get, driver.keyOf('n1'), 60_000);
    driver.beat();
    driver.session.nextFlushAtMs(driver.nowMs);
    driver.nowMs += 10 * LEASE_MS;
    driver.flush();
    expect(driver.watches).toHaveLength(1);
    expect(driver.sendsOf(read)).toEqual(['n1']);
    driver.pass(3 * BEAT_MS);
    expect(driver.watches).toHaveLength(2);
  });

  test('an address that hangs keeps no other from being tried', () => {
    const nodes = Array.from({ length: 3 * CONNECTING_MAX }, (_, i) => `n${i}`);
    const driver = new SessionDriver({ nodes });
    expect(driver.of('connect')).toHaveLength(CONNECTING_MAX);
    driver.pass(2 * CONNECT_SLOW_MS);
    expect(driver.of('connect')).toHaveLength(nodes.length);
    driver.pass(60_000);
    expect(driver.of('connect')).toHaveLength(nodes.length);
  });
});

describe('a node that has fallen silent', () => {
  const HALF_MS = LEASE_MS / 2;

  test('keeps what it owes until the ring has moved on: then a write is of unknown outcome at once, and never repeated', () => {
    const driver = new Following(['n0', 'n1']);
    const write = driver.send(Set, driver.keyOf('n1'));
    driver.passBeating(2 * LEASE_MS);
    expect(write.code).toBeUndefined();
    driver.news(driver.without('n1', 'n0'));
    expect(write.code).toBe('OUTCOME_UNKNOWN');
    driver.pass(10_000);
    expect(driver.sendsOf(write)).toEqual(['n1']);
  });

  test('a dead owner that nobody has replaced keeps its writes: it may answer yet', () => {
    const driver = new Following(['n0', 'n1']);
    const write = driver.send(Set, driver.keyOf('n1'));
    const sent = driver.last('send');
    const { ring } = driver.session;
    const members = ring.members.map((member) =>
      member.addr === 'n1' ? { ...member, state: 'dead' as const } : member,
    );
    driver.news({ ...ring, version: 2, members });
    expect(write.code).toBeUndefined();
    driver.answer(DONE, sent);
    expect(write.code).toBe('OK');
  });

  test('gets next to nothing more; what waits has not left, and goes to the new owner', () => {
    const driver = new Following(['n0', 'n1']);
    const key = driver.keyOf('n1');
    const lost = driver.send(Set, key);
    driver.passBeating(HALF_MS + BEAT_MS);
    const kept = Array.from({ length: 20 }, () => driver.send(Set, key));
    driver.passBeating(HALF_MS);
    for (const call of kept) expect(driver.sendsOf(call)).toEqual([]);
    driver.news(driver.without('n1', 'n0'));
    expect(lost.code).toBe('OUTCOME_UNKNOWN');
    for (const send of driver.of('send')) if (send.address === 'n0') driver.answer(DONE, send);
    driver.pass(100);
    for (const send of driver.of('send')) if (send.frame.open > 0) driver.answer(DONE, send);
    expect(new globalThis.Set(kept.map(({ code }) => code))).toEqual(new globalThis.Set(['OK']));
    for (const call of kept) expect(driver.sendsOf(call)).toEqual(['n0']);
  });

  test('is found out even when nobody waits for an answer that long', () => {
    const driver = new Following(['n0', 'n1']);
    const key = driver.keyOf('n1');
    const calls: TestCall[] = [];
    for (let i = 0; i < 60; i++) {
      calls.push(driver.send(Set, key, 90));
      driver.beat();
      driver.pass(50);
    }
    const certain = calls.slice(30).filter(({ code }) => code === 'DEADLINE_EXCEEDED');
    expect(certain.length).toBeGreaterThan(10);
  });

  test('is not one that nobody has asked for a while', () => {
    const driver = new Following(['n0', 'n1']);
    const key = driver.keyOf('n1');
    driver.session.abort(driver.send(Set, key));
    driver.passBeating(10 * LEASE_MS);
    const calls = Array.from({ length: 3 }, () => driver.send(Set, key));
    driver.pass(100);
    expect(calls.flatMap((call) => driver.sendsOf(call))).toEqual(['n1', 'n1', 'n1']);
  });

  test('has its reads asked of another node, which may reach it or know its successor', () => {
    const driver = new Following(['n0', 'n1']);
    const key = driver.keyOf('n1');
    const read = driver.send(Get, key);
    driver.passBeating(HALF_MS + 100);
    expect(driver.sendsOf(read)).toEqual(['n1', 'n0']);
    expect(driver.last('send').frame.direct).toBe(false);
    const later = driver.send(Get, key);
    driver.pass(20);
    expect(driver.sendsOf(later)).toEqual(['n0']);
    driver.answer(DONE);
    for (const send of driver.of('send'))
      if (send.address === 'n0' && send.frame.open > 0) driver.answer(DONE, send);
    expect([read.code, later.code]).toEqual(['OK', 'OK']);
  });

  test('that was only slow gets what has waited, and everything is as before', () => {
    const driver = new Following(['n0', 'n1']);
    const key = driver.keyOf('n1');
    const slow = driver.send(Set, key);
    const sent = driver.last('send');
    driver.passBeating(3 * LEASE_MS);
    const waiting = [driver.send(Set, key), driver.send(Set, key)];
    driver.answer(DONE, sent);
    driver.pass(20);
    for (const send of driver.of('send')) if (send.frame.open > 0) driver.answer(DONE, send);
    expect([slow, ...waiting].map(({ code }) => code)).toEqual(['OK', 'OK', 'OK']);
    const read = driver.send(Get, key);
    expect(driver.sendsOf(read)).toEqual(['n1']);
  });

  test('that has handed its arcs over and does not answer has been replaced as well', () => {
    const driver = new Following(['n0', 'n1']);
    const write = driver.send(Set, driver.keyOf('n1'));
    const { ring } = driver.session;
    const arcs = ring.arcs.map((arc) => ({
      ...arc,
      primary: ring.members[0]!.id,
      inSync: [ring.members[0]!.id],
    }));
    driver.news({ ...ring, version: 2, arcs });
    expect(write.code).toBeUndefined();
    driver.passBeating(HALF_MS + 50);
    expect(write.code).toBe('OUTCOME_UNKNOWN');
    expect(driver.sendsOf(write)).toEqual(['n1']);
  });

  test('and was to forward is not asked to forward any more; what waits for it goes elsewhere', () => {
    const driver = new Following(['n0', 'n1', 'n2', 'n3']);
    driver.session.streamEnded('n3', 'reset', driver.nowMs);
    driver.session.streamEnded('n2', 'reset', driver.nowMs);
    driver.flush();
    const key = driver.keyOf('n3');
    const first = driver.send(Set, key);
    expect(driver.sendsOf(first)).toEqual(['n0']);
    driver.passBeating(HALF_MS + 50);
    const second = driver.send(Set, key);
    driver.pass(20);
    expect(driver.sendsOf(second)).toEqual(['n1']);
    expect(driver.sendsOf(first)).toEqual(['n0']);
  });

  test('while no other node is at hand, everything waits for it, and goes on when it speaks', () => {
    const driver = new Following(['n0']);
    const key = driver.keyOf('n0');
    const read = driver.send(Get, key, 60_000);
    const sent = driver.last('send');
    driver.pass(5_000);
    expect(driver.sendsOf(read)).toEqual(['n0']);
    const write = driver.send(Set, key, 60_000);
    driver.answer(DONE, sent);
    driver.pass(20);
    driver.answer(DONE);
    expect([read.code, write.code]).toEqual(['OK', 'OK']);
  });
});
