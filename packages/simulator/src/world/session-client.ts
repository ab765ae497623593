/**
 * A real client: the session of the client library, hosted on the simulated network and clock. It issues several
 * operations at once, which travel in frames directly to the owners that it knows of. It gives some of them up. And it
 * hears of the ring from a node that may stand still or be cut off.
 */

import { type Bytes, type Random, type RingUpdate } from '@ringkeep/shared';
import { bytesOfBuffer, isWrite, operandOf, rowOf, type KeyOperation } from '@ringkeep/shared/operations';
import {
  beatFromWire,
  decodeOutcomes,
  dht,
  encodeLocated,
  registry,
  updateFromWire,
} from '@ringkeep/shared/wire';
import { Call, DEFAULT_LIMITS, Session, type CallResult, type Effect } from '@ringkeep/client/core';
import { RecordedCall, type HistoryRecorder } from '@ringkeep/checker/core';
import type { Progress } from '../checkers/progress';
import { ClientValues, drawOperation, type ClientHabits } from './client-habits';
import { openBatches, openWatch } from './client-streams';
import { describeOperation } from './descriptions';
import { mayEndFromMs } from './drifting-clock';
import type { Party } from './network';
import type { Stream, StreamEnd } from './stream';
import type { World } from './world';

/** Operations issued together, at most. */
const TOGETHER_MAX = 4;
const ABORT_CHANCE = 0.05;
/** How long an attempt to connect may take. */
const CONNECT_MS = 1_000;

type Of<Kind extends Effect['kind']> = Extract<Effect, { kind: Kind }>;

class SimulatedCall extends Call {
  constructor(
    operation: KeyOperation,
    deadlineAtMs: number,
    private readonly done: (result: CallResult) => void,
  ) {
    const { type, key, extras } = operation;
    const plain = key.slice(8) as Bytes;
    const operands = rowOf(type).brings.map((name) => operandOf(operation, name));
    super(type, key.slice(0, 8) as Bytes, plain, operands, extras, deadlineAtMs, true);
  }

  override deliver(): void {
    if (this.result) this.done(this.result);
  }
}

export class SessionClient {
  private readonly session: Session;
  private readonly values: ClientValues;
  private readonly streams = new Map<string, { stream: Stream | undefined; open: boolean }>();
  private feed: Stream | undefined;
  private stopped = false;
  private flushPlanned = false;
  private timerAt = Infinity;

  constructor(
    private readonly world: World,
    readonly party: Party,
    private readonly random: Random,
    private readonly recorder: HistoryRecorder,
    private readonly habits: ClientHabits,
    private readonly progress: Progress,
  ) {
    this.values = new ClientValues(party);
    const nodes = random.shuffle(world.machines.map(({ addr }) => addr)).slice(0, random.between(1, 3));
    const config = { nodes, registry: undefined, limits: DEFAULT_LIMITS, rules: world.rules.clients };
    this.session = new Session(config, random.fork());
  }

  start(): void {
    this.world.timeline.after(this.random.fraction() * 100, () => this.next());
  }

  /** Begins nothing new. */
  stop(): void {
    this.stopped = true;
  }

  private next(): void {
    if (this.stopped) return;
    let open = this.random.between(1, TOGETHER_MAX);
    const ended = (): void => {
      if (--open > 0) return;
      this.world.timeline.after(this.random.fraction() * this.habits.thinkMs, () => this.next());
    };
    for (let i = open; i > 0; i--) this.issue(this.draw(), ended);
    this.flushSoon();
  }

  private draw(): KeyOperation {
    return drawOperation(this.random, this.habits, this.values);
  }

  private issue(operation: KeyOperation, ended: () => void): void {
    const { world, recorder, random } = this;
    const { timeline, trace } = world;
    const recorded = new RecordedCall(recorder, this.party, operation, timeline.now, (ttlMs) =>
      mayEndFromMs(timeline.now, ttlMs, world.parameters),
    );
    trace.note('client', () => `client ${this.party}: ${describeOperation(operation)}`);
    const plain = operation.key.slice(8);
    this.progress.tried(String(this.party), plain, timeline.now);
    const call = new SimulatedCall(operation, timeline.now + this.habits.patienceMs, (result) => {
      const text = result.ok ? 'done' : `${result.code}: ${result.text}`;
      trace.note('client', () => `client ${this.party}: ${describeOperation(operation)} → ${text}`);
      if (result.ok || result.code === 'FAILED_PRECONDITION') this.progress.done(String(this.party), plain);
      this.record(recorded, operation, result);
      ended();
    });
    this.session.submit(call);
    if (!random.chance(ABORT_CHANCE)) return;
    timeline.after(random.fraction() * 100, () => {
      this.session.abort(call);
      this.flushSoon();
    });
  }

  private record(recorded: RecordedCall, operation: KeyOperation, result: CallResult): void {
    const { now } = this.world.timeline;
    if (result.ok) {
      const value = result.value === undefined ? undefined : bytesOfBuffer(result.value);
      this.values.answered(operation, value);
      return recorded.ok(value, now);
    }
    const unknown = result.code === 'OUTCOME_UNKNOWN' || result.code === 'INTERNAL';
    if (unknown && isWrite(operation)) recorded.unknown(now);
    else recorded.fail(now);
  }

  // ---- the host of the session ----

  private flushSoon(): void {
    if (this.flushPlanned) return;
    this.flushPlanned = true;
    this.world.timeline.after(0, () => {
      this.flushPlanned = false;
      this.flush();
    });
  }

  private flush(): void {
    const { timeline } = this.world;
    this.session.flush(timeline.now);
    for (const effect of this.session.take()) this.perform(effect);
    const at = this.session.nextFlushAtMs(timeline.now);
    if (at === undefined || at >= this.timerAt) return;
    this.timerAt = at;
    timeline.at(at, () => {
      if (this.timerAt !== at) return;
      this.timerAt = Infinity;
      this.flush();
    });
  }

  private perform(effect: Effect): void {
    switch (effect.kind) {
      case 'settle':
        return effect.calls.forEach((call) => call.deliver());
      case 'connect':
        return this.connect(effect.address);
      case 'disconnect':
        this.streams.get(effect.address)?.stream?.close(0);
        this.streams.delete(effect.address);
        return;
      case 'send':
        return this.send(effect);
      case 'cancel': {
        const cancel = dht.BatchRequest.fromPartial({ cancel: effect.frame });
        this.streams.get(effect.address)?.stream?.send(0, dht.BatchRequest.encode(cancel).finish());
        return;
      }
      case 'watch':
        return this.watch(effect);
      case 'stop-watching':
        return this.feed?.close(0);
      case 'report':
        return this.world.trace.note(
          'client',
          () => `client ${this.party}: ${JSON.stringify(effect.report)}`,
        );
      case 'ring':
      case 'closed':
        return;
    }
  }

  private connect(address: string): void {
    const { world, session } = this;
    const connection: { stream: Stream | undefined; open: boolean } = { stream: undefined, open: false };
    this.streams.set(address, connection);
    const lost = (reason: string): void => {
      if (this.streams.get(address) !== connection) return;
      this.streams.delete(address);
      if (connection.open) session.streamEnded(address, reason, world.timeline.now);
      else session.connectFailed(address, reason, world.timeline.now);
      this.flushSoon();
    };
    const end: StreamEnd = {
      receive: (bytes) => {
        if (this.streams.get(address) !== connection) return;
        if (connection.open) return this.replied(address, bytes);
        connection.open = true;
        session.opened(address);
        this.flushSoon();
      },
      gone: lost,
    };
    const machine = world.machineAt(address);
    if (machine) connection.stream = openBatches(world, this.party, machine, end, lost);
    world.timeline.after(CONNECT_MS, () => {
      if (connection.open || this.streams.get(address) !== connection) return;
      connection.stream?.close(0);
      lost(`no connection within ${CONNECT_MS} ms`);
    });
  }

  private send({ address, frame, deadlineMs, ringVersion }: Of<'send'>): void {
    const header = { frame: frame.number, deadlineMs, hops: 0, ringVersion, direct: frame.direct };
    const bytes = dht.BatchRequest.encode(encodeLocated(header, frame.operations)).finish();
    this.streams.get(address)?.stream?.send(0, bytes);
  }

  private replied(address: string, bytes: Uint8Array): void {
    const { now } = this.world.timeline;
    const reply = dht.BatchReply.decode(bytes);
    const results = decodeOutcomes(reply, (blob, from, to) => blob.subarray(from, to));
    if (reply.ring) this.session.ringLearned(updateFromWire(reply.ring), now);
    this.session.reply(address, reply.frame, results, reply.hops, now);
    this.flushSoon();
  }

  private watch({ number, source, from }: Of<'watch'>): void {
    const { world, session } = this;
    this.feed?.close(0);
    const end: StreamEnd = {
      receive: (bytes) => {
        const { now } = world.timeline;
        if (bytes.length === 0) session.watchAccepted(number, now);
        else this.told(number, registry.RingUpdate.decode(bytes));
        this.flushSoon();
      },
      gone: (reason) => {
        session.watchEnded(number, reason, world.timeline.now);
        this.flushSoon();
      },
    };
    const machine = world.machineAt(source.address);
    this.feed = machine && openWatch(world, this.party, machine, from.version, end);
    if (this.feed === undefined) world.timeline.after(0, () => end.gone('connection refused'));
  }

  private told(number: number, message: registry.RingUpdate): void {
    const { now } = this.world.timeline;
    const beat = beatFromWire(message);
    if (beat) return this.session.watchBeat(number, beat, now);
    const update: RingUpdate = updateFromWire(message);
    this.session.watchNews(number, update, now);
  }
}
