/**
 * Clients that read, write and delete, now and then on a condition, and record every operation with its result.
 *
 * Some use the client library, which talks to owners. The others ask any node with a single call, which is forwarded.
 * Keys are few, and every second operation goes to a handful of hot ones, so that operations meet. Every written value
 * is unique, so a reader knows which write a value came from.
 */

import { setTimeout as pause } from 'node:timers/promises';
import {
  HistoryRecorder,
  type HistoryCondition,
  type HistoryOperation,
  type Observation,
  type Value,
} from '@ringkeep/checker';
import { RingClient, type CallOptions, type WriteOptions, type WriteResult } from '@ringkeep/client';
import { RingError, type ErrorCode, type Random } from '@ringkeep/shared';
import {
  draw,
  drawEnding,
  ENDING_KEYS,
  metBy,
  TTL_MS_MAX,
  type Drawn,
  type Met,
  type RingAction,
} from './drawn-actions';
import { RecordedScans } from './recorded-scans';
import { taggedKeys, TransactionDraw, transactRecorded } from './recorded-transactions';
import { SingleCalls, toldBy, toldOfEnd } from './single-calls';

export interface Load {
  readonly keys: number;
  readonly hotKeys: number;
  /** Clients with the library; half as many ask single nodes. */
  readonly clients: number;
}

type Write = Exclude<RingAction, { op: 'get' | 'expire' | 'persist' }>;
type Asked = (key: string, drawn: Drawn) => Promise<Observation>;

const OPERATION_MS = 4_000;
/** Between two operations of one client; longer after a failure. */
const THINK_MS = { ok: 10, failed: 60 } as const;
const LIBRARY_CLIENTS = 4;
/** How often a key is chosen that may end. */
const ENDING_CHANCE = 0.1;

/** What may come of an operation when things go wrong, and whether a write with it may have happened. */
const UNCERTAIN: Readonly<Partial<Record<ErrorCode, boolean>>> = {
  OUTCOME_UNKNOWN: true,
  NOT_OWNER: false,
  UNAVAILABLE: false,
  RESOURCE_EXHAUSTED: false,
  DEADLINE_EXCEEDED: false,
};

/** Whether a write that ended so may have taken effect; what is not expected may. */
function mayHaveHappened(error: unknown): boolean {
  return !(error instanceof RingError) || UNCERTAIN[error.code] !== false;
}

/** Few, so that transactions meet. */
const TAGGED_KEYS = [taggedKeys('pair', 2), taggedKeys('trio', 3)];

export class RecordedClients {
  private readonly recorder = new HistoryRecorder();
  private readonly keys: readonly string[];
  private readonly hotKeys: readonly string[];
  private readonly libraries: RingClient[] = [];
  private readonly singles: SingleCalls;
  private readonly scans: RecordedScans;
  private readonly failures: string[] = [];
  private running = true;
  private workers: Promise<void>[] = [];
  private clients = 0;

  /** `addresses` tells at which nodes operations may be asked for at present. */
  constructor(
    private readonly load: Load,
    private readonly random: Random,
    addresses: () => readonly string[],
    /** By how much the ring's times may be wrong. */
    private readonly clockSkewMs: number,
  ) {
    this.hotKeys = Array.from({ length: load.hotKeys }, (_, i) => `hot ${i}`);
    this.keys = [...Array.from({ length: load.keys }, (_, i) => `key ${i}`), ...TAGGED_KEYS.flat()];
    this.singles = new SingleCalls(random.fork(), addresses);
    this.scans = new RecordedScans(this.recorder, this.written);
  }

  /** Answers that no fault explains, such as an internal error. */
  get unexpected(): readonly string[] {
    const repeated = this.scans.repeated.map((key) => `a scan told ${key} twice`);
    return [...this.failures, ...repeated];
  }

  /** All keys that they write. */
  get written(): readonly string[] {
    return [...this.hotKeys, ...this.keys, ...ENDING_KEYS];
  }

  history(): readonly HistoryOperation[] {
    return this.recorder.history();
  }

  /** Returns one of the clients, to be watched. */
  start(addresses: readonly string[]): RingClient {
    for (let i = 0; i < LIBRARY_CLIENTS; i++)
      this.libraries.push(new RingClient({ nodes: addresses, seed: this.random.word() }));
    for (let i = 0; i < this.load.clients; i++) {
      const library = this.libraries[i % LIBRARY_CLIENTS] as RingClient;
      this.workers.push(this.work((key, drawn) => askLibrary(library, key, drawn)));
      if (i % 2 === 0)
        this.workers.push(this.work((key, drawn) => this.singles.ask(key, drawn, OPERATION_MS)));
      else this.workers.push(this.transact(library));
    }
    this.scans.start(this.libraries.at(-1) as RingClient);
    return this.libraries[0] as RingClient;
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all([...this.workers, this.scans.stop()]);
    await Promise.all(this.libraries.map((client) => client.close()));
    this.singles.close();
    // What is to end has ended before everything is read.
    await pause(TTL_MS_MAX + 2 * this.clockSkewMs);
  }

  /** Reads every key at one node, as part of the history. Returns what it held. */
  async readAll(address: string, withinMs: number): Promise<[key: string, value: Value][]> {
    const client = ++this.clients;
    const single = new SingleCalls(this.random.fork(), () => [address]);
    const found: [string, Value][] = [];
    try {
      for (const key of this.written) {
        const told = await this.perform(client, key, { action: { op: 'get' } }, (asked, drawn) =>
          single.ask(asked, drawn, withinMs),
        );
        if (told === undefined) throw new Error(`${key} cannot be read at ${address} although all is healed`);
        found.push([key, told.value ?? null]);
      }
      return found;
    } finally {
      single.close();
    }
  }

  private async work(ask: Asked): Promise<void> {
    const client = ++this.clients;
    const random = this.random.fork();
    const met = new Map<string, Met>();
    for (let turn = 0; this.running; turn++) {
      const ends = random.chance(ENDING_CHANCE);
      const key = random.pick(ends ? ENDING_KEYS : random.chance(0.5) ? this.hotKeys : this.keys);
      const writer = { client, turn };
      const drawn = ends
        ? drawEnding(random, key, writer, met.get(key))
        : { action: draw(random, key, writer, met.get(key)) };
      const told = await this.perform(client, key, drawn, ask);
      if (told !== undefined) met.set(key, metBy(drawn.action, told));
      await pause(2 * random.fraction() * (told === undefined ? THINK_MS.failed : THINK_MS.ok));
    }
  }

  private async transact(ring: RingClient): Promise<void> {
    const client = { number: ++this.clients, ring, deadlineMs: OPERATION_MS };
    const random = this.random.fork();
    const draw = new TransactionDraw(client.number, random.fork(), TAGGED_KEYS);
    while (this.running) {
      const options = draw.next();
      const told = await transactRecorded(this.recorder, client, options, mayHaveHappened).catch(
        (error: unknown) => this.noteUnexpected('transact', error),
      );
      if (told !== undefined) draw.told(options, told);
      await pause(2 * random.fraction() * (told === undefined ? THINK_MS.failed : THINK_MS.ok));
    }
  }

  private noteUnexpected(what: string, error: unknown): undefined {
    const isExpected = error instanceof RingError && UNCERTAIN[error.code] !== undefined;
    if (!isExpected) this.failures.push(`${what}: ${String(error)}`);
    return undefined;
  }

  /** What the operation was told; undefined when it did not succeed. */
  private async perform(
    client: number,
    key: string,
    drawn: Drawn,
    ask: Asked,
  ): Promise<Observation | undefined> {
    const { recorder } = this;
    const { action, ttlMs } = drawn;
    const startMs = performance.now();
    const end = ttlMs !== undefined && { mayEndFromMs: startMs + ttlMs - this.clockSkewMs };
    const number = recorder.call(client, key, { ...action, ...end } as RingAction, startMs);
    try {
      const told = await ask(key, drawn);
      recorder.ok(number, told, performance.now());
      return told;
    } catch (error) {
      if (action.op === 'get' || !mayHaveHappened(error)) recorder.fail(number, performance.now());
      else recorder.unknown(number, performance.now());
      return this.noteUnexpected(`${action.op} ${key}`, error);
    }
  }
}

/** With a condition or a time to live, and of reads, the version is told as well. */
async function askLibrary(client: RingClient, key: string, { action, ttlMs }: Drawn): Promise<Observation> {
  const options = { deadlineMs: OPERATION_MS };
  if (action.op === 'get') {
    const found = await client.getVersioned(key, options);
    return found ? { value: textOf(found.value), version: found.version } : { value: null, version: 0 };
  }
  if (action.op === 'expire' || action.op === 'persist') {
    const shown = { ...options, showPresent: true };
    const ending =
      action.op === 'expire' ? client.expire(key, ttlMs ?? 0, shown) : client.persist(key, shown);
    const { version, value } = await ending;
    return toldOfEnd(version, value && textOf(value));
  }
  const { condition, keepsEnd } = action as Write & { readonly keepsEnd?: boolean };
  if (condition === undefined && ttlMs === undefined && keepsEnd !== true)
    return plainWrite(client, key, action, options);
  const ttl = ttlMs !== undefined ? { ttlMs } : keepsEnd === true ? ({ ttl: 'keep' } as const) : {};
  const terms = { ...options, ...(condition && askedBy(condition)), ...ttl, showPresent: true };
  const { done, version, value } = await writeOnTerms(client, key, action, terms as WriteOptions);
  return { ...toldBy(action, textOf(value), done), version };
}

async function plainWrite(
  client: RingClient,
  key: string,
  action: Write,
  options: CallOptions,
): Promise<Observation> {
  switch (action.op) {
    case 'set':
      return { previous: textOf(await client.exchange(key, action.value, options)) };
    case 'delete':
      return { previous: textOf(await client.delete(key, options)) };
    case 'add':
      return { result: String(await client.add(key, BigInt(action.delta), options)) };
    case 'append':
      return { length: await client.append(key, action.value, options) };
  }
}

function writeOnTerms(
  client: RingClient,
  key: string,
  action: Write,
  terms: WriteOptions,
): Promise<WriteResult> {
  switch (action.op) {
    case 'set':
      return client.exchange(key, action.value, terms);
    case 'delete':
      return client.delete(key, terms);
    case 'add':
      return client.add(key, BigInt(action.delta), terms);
    case 'append':
      return client.append(key, action.value, terms);
  }
}

function askedBy(condition: HistoryCondition) {
  switch (condition.is) {
    case 'absent':
      return { ifAbsent: true } as const;
    case 'present':
      return { ifPresent: true } as const;
    case 'version':
      return { ifVersion: condition.version };
    case 'value':
      return { ifValue: condition.value };
  }
}

function textOf(value: Uint8Array | undefined): Value {
  return value === undefined ? null : Buffer.from(value).toString();
}
