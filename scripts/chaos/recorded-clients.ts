/**
 * Clients that read, write, compare and delete, and record every operation with its result.
 *
 * Some use the client library, which talks to owners. The others ask any node with a single call, which is forwarded.
 * Keys are few, and every second operation goes to a handful of hot ones, so that operations meet. Every written value
 * is unique, so a reader knows which write a value came from.
 */

import { setTimeout as pause } from 'node:timers/promises';
import { HistoryRecorder, type HistoryOperation, type Observation, type Value } from '@ringkeep/checker';
import { RingClient } from '@ringkeep/client';
import { RingError, type ErrorCode, type Random } from '@ringkeep/shared';
import { SingleCalls, type RingAction } from './single-calls';

export interface Load {
  readonly keys: number;
  readonly hotKeys: number;
  /** Clients with the library; half as many ask single nodes. */
  readonly clients: number;
}

type Asked = (key: string, action: RingAction) => Promise<Value>;

const OPERATION_MS = 4_000;
/** Between two operations of one client; longer after a failure. */
const THINK_MS = { ok: 10, failed: 60 } as const;
const LIBRARY_CLIENTS = 4;

/** What may come of an operation when things go wrong, and whether a write with it may have happened. */
const UNCERTAIN: Readonly<Partial<Record<ErrorCode, boolean>>> = {
  OUTCOME_UNKNOWN: true,
  NOT_OWNER: false,
  UNAVAILABLE: false,
  RESOURCE_EXHAUSTED: false,
  DEADLINE_EXCEEDED: false,
};

export class RecordedClients {
  private readonly recorder = new HistoryRecorder();
  private readonly keys: readonly string[];
  private readonly hotKeys: readonly string[];
  private readonly libraries: RingClient[] = [];
  private readonly singles: SingleCalls;
  private readonly failures: string[] = [];
  private running = true;
  private workers: Promise<void>[] = [];
  private clients = 0;

  /** `addresses` tells at which nodes operations may be asked for at present. */
  constructor(
    private readonly load: Load,
    private readonly random: Random,
    addresses: () => readonly string[],
  ) {
    this.hotKeys = Array.from({ length: load.hotKeys }, (_, i) => `hot ${i}`);
    this.keys = Array.from({ length: load.keys }, (_, i) => `key ${i}`);
    this.singles = new SingleCalls(random.fork(), addresses);
  }

  /** Answers that no fault explains, such as an internal error. */
  get unexpected(): readonly string[] {
    return this.failures;
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
      this.workers.push(this.work((key, action) => askLibrary(library, key, action)));
      if (i % 2 === 0)
        this.workers.push(this.work((key, action) => this.singles.ask(key, action, OPERATION_MS)));
    }
    return this.libraries[0] as RingClient;
  }

  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.workers);
    await Promise.all(this.libraries.map((client) => client.close()));
    this.singles.close();
  }

  /** Reads every key at one node, as part of the history. Returns what it held. */
  async readAll(address: string, withinMs: number): Promise<[key: string, value: Value][]> {
    const client = ++this.clients;
    const single = new SingleCalls(this.random.fork(), () => [address]);
    const found: [string, Value][] = [];
    try {
      for (const key of [...this.hotKeys, ...this.keys]) {
        const value = await this.perform(client, key, { op: 'get' }, (asked, action) =>
          single.ask(asked, action, withinMs),
        );
        if (value === undefined)
          throw new Error(`${key} cannot be read at ${address} although all is healed`);
        found.push([key, value]);
      }
      return found;
    } finally {
      single.close();
    }
  }

  private async work(ask: Asked): Promise<void> {
    const client = ++this.clients;
    const random = this.random.fork();
    const found = new Map<string, Value>();
    for (let turn = 0; this.running; turn++) {
      const key = random.pick(random.chance(0.5) ? this.hotKeys : this.keys);
      const action = draw(random, `${client}.${turn}`, found.get(key) ?? undefined);
      const result = await this.perform(client, key, action, ask);
      if (result !== undefined) found.set(key, action.op === 'set' ? action.value : result);
      await pause(2 * random.fraction() * (result === undefined ? THINK_MS.failed : THINK_MS.ok));
    }
  }

  /** The value that was found, or undefined when the operation did not succeed. */
  private async perform(
    client: number,
    key: string,
    action: RingAction,
    ask: Asked,
  ): Promise<Value | undefined> {
    const { recorder } = this;
    const number = recorder.call(client, key, action, performance.now());
    try {
      const value = await ask(key, action);
      recorder.ok(number, observed(action, value), performance.now());
      return value;
    } catch (error) {
      const mayHaveHappened = error instanceof RingError ? UNCERTAIN[error.code] : undefined;
      if (mayHaveHappened === undefined) this.failures.push(`${action.op} ${key}: ${String(error)}`);
      if (action.op === 'get' || mayHaveHappened === false) recorder.fail(number, performance.now());
      else recorder.unknown(number, performance.now());
      return undefined;
    }
  }
}

/** `expected`: what the client found there last. */
function draw(random: Random, value: string, expected: string | undefined): RingAction {
  const dice = random.fraction();
  if (dice < 0.45) return { op: 'get' };
  if (dice < 0.57) return { op: 'delete' };
  return dice < 0.75 && expected !== undefined ? { op: 'cas', expected, value } : { op: 'set', value };
}

/** `found`: what the key had. */
function observed(action: RingAction, found: Value): Observation {
  switch (action.op) {
    case 'get':
      return { value: found };
    case 'set':
    case 'delete':
      return { previous: found };
    case 'cas':
      return { previous: found, swapped: found === action.expected };
  }
}

async function askLibrary(client: RingClient, key: string, action: RingAction): Promise<Value> {
  const found = await valueFound(client, key, action);
  return found === undefined ? null : Buffer.from(found).toString();
}

async function valueFound(
  client: RingClient,
  key: string,
  action: RingAction,
): Promise<Uint8Array | undefined> {
  const options = { deadlineMs: OPERATION_MS };
  switch (action.op) {
    case 'get':
      return client.get(key, options);
    case 'set':
      return client.exchange(key, action.value, options);
    case 'delete':
      return client.delete(key, options);
    case 'cas':
      return (await client.compareAndSet(key, action.expected, action.value, options)).previous;
  }
}
