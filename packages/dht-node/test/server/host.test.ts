/** When a host takes its steps: what waits for the end of a turn of the event loop, and what does not. */

import { NOTHING_KNOWN, position, type Bytes } from '@ringkeep/shared';
import { OperationType, type Operation, ringKeyOf } from '@ringkeep/shared/operations';
import { MonotonicClock } from '@ringkeep/process/running';
import type { LogRecord, NodeCore, NodeEffect, NodeInput } from '../../src/core';
import { NODE_EVENT_LOOP } from '../../src/storage/event-loop';
import { NodeHost } from '../../src/hosting/host';
import type { QueryAnswer } from '../../src/ask/open-queries';
import type { HostPorts } from '../../src/hosting/ports';
import { MemoryStorage } from '../../src/storage';

const nothing = (): void => undefined;
const read: Operation = { type: OperationType.get, key: ringKeyOf('key' as Bytes) };
const write: Operation = { type: OperationType.set, key: ringKeyOf('key' as Bytes), value: 'value' as Bytes };

/** A host whose core does nothing but remember its steps, and whose disk is the test. */
class Subject {
  readonly steps: string[][] = [];
  private appended = 0;
  readonly answers: QueryAnswer[] = [];
  readonly host: NodeHost;
  durable: (upTo: number) => void = nothing;
  effects: NodeEffect[] = [];
  overloaded = false;

  constructor(clock = new MonotonicClock(), noteData?: () => Promise<void>) {
    const core: Pick<NodeCore, 'step' | 'nextTickAt'> = {
      nextTickAt: Number.MAX_SAFE_INTEGER,
      step: (_, inputs: readonly NodeInput[]) => {
        this.steps.push(inputs.map(({ kind }) => kind));
        const effects = this.effects;
        this.effects = [];
        return effects;
      },
    };
    const storage = Object.assign(new MemoryStorage(), {
      append: () => ++this.appended,
      overloaded: () => this.overloaded,
      onDurable: (listener: (upTo: number) => void) => (this.durable = listener),
    });
    // No timer: it would keep the test waiting.
    jest.spyOn(globalThis, 'setTimeout').mockReturnValue({} as NodeJS.Timeout);
    this.host = new NodeHost(core as NodeCore, storage, clock, NODE_EVENT_LOOP, noteData);
    this.host.start({ observer: {}, owner: { failed: nothing } } as unknown as HostPorts);
  }

  /** With a first batch in the log, so that the disk has something to say. */
  static async withBatch(): Promise<Subject> {
    const subject = new Subject();
    subject.effects = [{ kind: 'append', batch: 1, records: [] }];
    await endOfTurn();
    subject.steps.length = 0;
    return subject;
  }

  ask(operations: readonly Operation[], inFrame = true): void {
    const options = {
      door: 'test',
      hops: 0,
      deadlineMs: 1_000,
      ringVersion: 1,
      direct: true,
      bytes: 1,
      inFrame,
    };
    this.host.query(operations, options, (answer) => this.answers.push(answer));
  }
}

const endOfTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** After the ticks that are due, in the same turn. */
const ticks = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

afterEach(() => jest.restoreAllMocks());

test('frames of reads, large frames and word of the disk are taken within the turn', async () => {
  const subject = await Subject.withBatch();
  for (const take of [
    () => subject.ask([read]),
    () => subject.ask(Array.from({ length: 32 }, () => write)),
    () => subject.durable(1),
  ]) {
    const before = subject.steps.length;
    await endOfTurn();
    let turnIsOver = false;
    setImmediate(() => (turnIsOver = true));
    take();
    await ticks();
    expect([turnIsOver, subject.steps.length]).toEqual([false, before + 1]);
  }
  expect(subject.steps).toEqual([['query'], ['query'], ['persisted']]);
});

test('single calls, small writes and what nodes say to each other wait for company', async () => {
  const subject = await Subject.withBatch();
  subject.ask([read], false);
  subject.ask([write]);
  subject.host.post({ kind: 'registry-reached' });
  await ticks();
  expect(subject.steps).toEqual([]);
  // What would not wait by itself joins what waits already, in the order in which it came.
  subject.durable(1);
  await ticks();
  expect(subject.steps).toEqual([]);
  await endOfTurn();
  expect(subject.steps).toEqual([['query', 'query', 'registry-reached', 'persisted']]);
});

test('after 64 steps of one turn the rest waits for its end', async () => {
  const subject = await Subject.withBatch();
  let turnIsOver = false;
  setImmediate(() => (turnIsOver = true));
  for (let i = 0; i < 100; i++) {
    subject.ask([read]);
    await ticks();
  }
  expect([turnIsOver, subject.steps.length]).toEqual([false, 64]);
  await endOfTurn();
  expect(subject.steps.slice(64)).toEqual([Array.from({ length: 36 }, () => 'query')]);
});

test('a stop in the turn in which the disk has synced takes no step more, and answers once', async () => {
  const subject = await Subject.withBatch();
  subject.ask([read, write]);
  await endOfTurn();
  subject.steps.length = 0;
  subject.durable(1);
  subject.host.stop();
  subject.host.stop();
  await endOfTurn();
  expect(subject.steps).toEqual([]);
  expect(subject.answers.map(({ results }) => results.map((result) => !result.ok && result.code))).toEqual([
    ['UNAVAILABLE', 'OUTCOME_UNKNOWN'],
  ]);
});

test('a sleep is told before anything that has come meanwhile, once, and whichever clock shows it', async () => {
  const time = { running: 0, uptime: 0, wall: 0 };
  const clock = new MonotonicClock(
    () => time.running,
    () => time.uptime,
    () => time.wall,
  );
  const subject = new Subject(clock);
  await endOfTurn();
  for (const sleep of [
    { running: 0, uptime: 3_000, wall: 3_000 },
    { running: 0, uptime: 0, wall: 3_000 },
    { running: 30, uptime: 3_000, wall: 30 },
  ]) {
    subject.steps.length = 0;
    time.running += sleep.running;
    time.uptime += sleep.uptime;
    time.wall += sleep.wall;
    subject.ask([read]);
    await endOfTurn();
    subject.ask([read]);
    await endOfTurn();
    expect(subject.steps).toEqual([['suspended', 'query'], ['query']]);
  }
});

test('a disk that falls behind is told before what would be written to it, and once; so is that it has caught up', async () => {
  const subject = await Subject.withBatch();
  for (const overloaded of [true, true, false, false]) {
    subject.overloaded = overloaded;
    subject.ask([write]);
    await endOfTurn();
  }
  expect(subject.steps).toEqual([
    ['disk-overloaded', 'query'],
    ['query'],
    ['disk-overloaded', 'query'],
    ['query'],
  ]);
});

test('nothing of a copy counts as durable before it is on the disk that there is something', async () => {
  let noted: (() => void) | undefined;
  const subject = new Subject(new MonotonicClock(), () => new Promise((resolve) => (noted = resolve)));
  const known: LogRecord = { kind: 'known-ring', known: NOTHING_KNOWN };
  subject.effects = [{ kind: 'append', batch: 1, records: [known] }];
  await endOfTurn();
  subject.steps.length = 0;
  subject.durable(1);
  await endOfTurn();
  expect(noted).toBeUndefined();
  expect(subject.steps).toEqual([['persisted']]);
  subject.effects = [
    { kind: 'append', batch: 2, records: [{ kind: 'live-term', start: position(1n), term: 1 }] },
  ];
  subject.host.post({ kind: 'tick' });
  await endOfTurn();
  subject.steps.length = 0;
  subject.durable(2);
  subject.durable(3);
  await endOfTurn();
  expect(subject.steps).toEqual([]);
  noted?.();
  await endOfTurn();
  subject.durable(4);
  await endOfTurn();
  expect(subject.steps).toEqual([['persisted'], ['persisted']]);
});
