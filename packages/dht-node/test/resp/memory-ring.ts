/**
 * A ring in a map, for tests of the door without nodes: operations mean what they mean at a primary, because the same
 * functions evaluate them. A test decides when frames are carried out, and which operations come back first, as those
 * do that are routed again.
 */

import type { Bytes, RingKey } from '@ringkeep/shared';
import { NO_RING } from '@ringkeep/shared';
import {
  evaluate,
  evaluateTransaction,
  OperationType,
  seal,
  transactionOf,
  type KeyTerms,
  type Operation,
  type OperationResult,
} from '@ringkeep/shared/operations';
import { expiryIn, type StoredValue } from '@ringkeep/shared/operations/stored';
import { position } from '@ringkeep/shared/ring/position';
import { ScanPageWriter } from '@ringkeep/shared/scans/scan-page-writer';
import { Frames, type FrameSink } from '../../src/doors/resp/asking/frames';
import { Dispatcher } from '../../src/doors/resp/dispatcher';
import { Keyspace, type KeyspaceSource } from '../../src/doors/resp/keyspace/keyspace';
import { Listening } from '../../src/doors/resp/listening';
import { RingChanges, type ChangeSource } from '../../src/doors/resp/keyspace/ring-changes';
import type { NodeFacts } from '../../src/doors/resp/node-facts';
import { Session } from '../../src/doors/resp/session';

export const TERMS: KeyTerms = { keyBytesMax: 1_024, valueBytesMax: 1 << 20, positionRule: 'tag' };

type Answer = (results: readonly OperationResult[]) => void;

interface Asked {
  readonly operations: readonly Operation[];
  readonly answer: Answer;
}

export class MemoryRing implements FrameSink {
  wallMs = 1_000_000;
  readonly entries = new Map<RingKey, StoredValue>();
  /** Frames that are not carried out yet. */
  asked: Asked[] = [];
  /** Called before a frame is carried out. */
  beforeFrame: (frame: Asked) => void = () => undefined;
  framesAsked = 0;
  private version = 0;

  readonly core = { view: { version: 1, arcOfKey: () => undefined } };

  query(
    operations: readonly Operation[],
    _: unknown,
    answer: (told: { results: readonly OperationResult[]; hops: number; ring: undefined }) => void,
  ): void {
    this.framesAsked++;
    this.asked.push({ operations, answer: (results) => answer({ results, hops: 0, ring: undefined }) });
  }

  /** Carries out all that is asked, and what that leads to. */
  async settle(): Promise<void> {
    for (let idle = 0; idle < 6; idle = this.asked.length > 0 ? 0 : idle + 1) {
      for (const frame of this.asked.splice(0)) this.carryOut(frame);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  carryOut(frame: Asked): void {
    this.beforeFrame(frame);
    frame.answer(frame.operations.map((operation) => this.apply(operation)));
  }

  apply(operation: Operation): OperationResult {
    const circumstances = { wallMs: this.wallMs, limits: TERMS };
    const version = ++this.version;
    switch (operation.type) {
      case OperationType.transact: {
        const transaction = transactionOf(operation);
        const { effects, answer } = evaluateTransaction(
          transaction,
          (key) => this.at(key),
          version,
          circumstances,
        );
        for (const { key, value } of effects) this.store(key, value);
        return answer;
      }
      case OperationType.scan: {
        const stored = this.at(operation.key);
        const page = new ScanPageWriter(true);
        if (stored !== undefined && page.write(operation.key, stored)) page.keep();
        const anywhere = { start: position(0n), end: position(0n) };
        return { ok: true, value: page.finish(undefined, anywhere, 0) };
      }
      default: {
        const { effect, answer } = evaluate(operation, this.at(operation.key), version, circumstances);
        if (effect)
          this.store(
            operation.key,
            effect.value === undefined
              ? undefined
              : seal(operation.key, version, effect.value, effect.expiresAtMs),
          );
        return answer;
      }
    }
  }

  private at(key: RingKey): StoredValue | undefined {
    const stored = this.entries.get(key);
    if (stored === undefined || (expiryIn(stored) ?? Infinity) > this.wallMs) return stored;
    this.entries.delete(key);
    return undefined;
  }

  private store(key: RingKey, value: StoredValue | undefined): void {
    if (value === undefined) this.entries.delete(key);
    else this.entries.set(key, value);
  }
}

const NO_CHANGES = { view: { ring: NO_RING } } as ChangeSource;

/** A client of the door, without a socket. */
export class DirectClient {
  readonly dispatcher: Dispatcher;
  readonly session: Session;
  hasQuit = false;

  constructor(
    readonly ring: MemoryRing,
    { keyspace, isOrdered = true }: { readonly keyspace?: KeyspaceSource; readonly isOrdered?: boolean } = {},
  ) {
    const node: NodeFacts<Session> = {
      nowMs: () => 0,
      wallMs: () => ring.wallMs,
      sessions: () => [this.session],
      info: () => ({ server: [['redis_version', '7.4.0']], clients: [['connected_clients', 1]] }),
      settings: new Map([
        ['appendonly', 'yes'],
        ['notify-keyspace-events', 'AKE'],
      ]),
      version: '7.4.0',
      allowsFlush: false,
    };
    this.session = new Session(7, '127.0.0.1:1', '127.0.0.1:2', node);
    const tools = {
      frames: new Frames(ring),
      keyspace: new Keyspace(keyspace as KeyspaceSource),
      terms: () => TERMS,
      wallMs: () => ring.wallMs,
    };
    const listening = new Listening(this.session, new RingChanges(NO_CHANGES), () => undefined);
    const owner = {
      replied: () => void setImmediate(() => this.dispatcher.begin()),
      quit: () => void (this.hasQuit = true),
      abandon: () => void (this.hasQuit = true),
      operationsAtOnce: 16,
    };
    this.dispatcher = new Dispatcher(this.session, tools, owner, listening, isOrdered);
  }

  /** What has been sent in one turn was one read. */
  send(...args: string[]): void {
    this.dispatcher.receive(args as Bytes[]);
    setImmediate(() => this.dispatcher.begin());
  }

  /** Commands as people type them, at once; their replies as they travel. */
  async all(...lines: string[]): Promise<string[]> {
    for (const line of lines) this.send(...line.split(' '));
    await this.ring.settle();
    return repliesIn(this.dispatcher.replies.take());
  }

  async one(line: string): Promise<string> {
    const [reply] = await this.all(line);
    return reply as string;
  }
}

/** One text for each reply, without line ends at the end. */
export function repliesIn(text: string): string[] {
  const replies: string[] = [];
  for (let at = 0; at < text.length;) {
    const end = endOfReply(text, at);
    replies.push(text.slice(at, end).replaceAll('\r\n', ' ').trim());
    at = end;
  }
  return replies;
}

function endOfReply(text: string, from: number): number {
  const line = text.indexOf('\r\n', from);
  const count = Number(text.slice(from + 1, line));
  const behind = line + 2;
  switch (text[from]) {
    case '$':
    case '=':
      return count < 0 ? behind : behind + count + 2;
    case '*':
    case '~':
    case '>':
    case '%': {
      let at = behind;
      for (let left = text[from] === '%' ? 2 * count : count; left > 0; left--) at = endOfReply(text, at);
      return at;
    }
    default:
      return behind;
  }
}
