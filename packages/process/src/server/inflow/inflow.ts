/**
 * What a server accepts from all its callers together: connections, calls on each and on all of them, and bytes. It
 * stands between HTTP/2 and gRPC, which limits only the size of a message.
 *
 * A refused caller is told why, with RESOURCE_EXHAUSTED, and nothing of what it asked was done.
 */

import type { Http2Server, Http2Session, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { totalmem } from 'node:os';
import { NODE_USER_AGENT } from '@ringkeep/shared/channel/channels';
import { QUOTED_BYTES_MAX } from '@ringkeep/shared/ring/excerpt';
import { ByteBudget } from './byte-budget';
import { Connections } from './connections';
import { GuardedStream, type CallBytes } from './guarded-stream';
import { KeptReads } from './kept-reads';
import { refuse, type Refusal } from './refusal';

export interface InflowLimits {
  readonly connections: number;
  readonly callsOfConnection: number;
  readonly calls: number;
  /** Of requests that are not answered and answers that are not read. */
  readonly bytes: number;
  /** How long a message may take from its first byte to its last. */
  readonly messageMs: number;
}

const MIB = 1024 * 1024;

export const DEFAULT_INFLOW: InflowLimits = {
  connections: 4_096,
  callsOfConnection: 4_096,
  calls: 16_384,
  bytes: Math.min(256 * MIB, Math.max(32 * MIB, Math.floor(memoryBytes() / 8))),
  messageMs: 20_000,
};

/** Headers that gRPC quotes in its errors. */
const ECHOED_HEADERS = [':path', 'grpc-timeout', 'grpc-encoding'] as const;

/** How often to look at what callers have read meanwhile. */
const LOOK_MS = 100;

export interface InflowTools {
  readonly now: () => number;
  /** Calls of a method have one request. */
  readonly hasOneRequest: (path: string) => boolean;
  /** A caller was refused or ended. */
  readonly refused: (text: string) => void;
}

type Serve = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number) => void;

export class Inflow {
  /** The call whose handler is being called right now. */
  current: CallBytes | undefined;
  private readonly budget: ByteBudget;
  private readonly connections: Connections;
  private readonly calls = new Set<GuardedStream>();
  private readonly watched = new WeakSet<Http2Server>();
  private readonly keptReads = new WeakMap<Http2Session, KeptReads>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    readonly limits: InflowLimits,
    private readonly tools: InflowTools,
  ) {
    this.budget = new ByteBudget(limits.bytes);
    this.connections = new Connections(limits.connections, tools.now, tools.refused);
  }

  /** How much is held, for people and tests. */
  get held(): { readonly connections: number; readonly calls: number; readonly bytes: number } {
    return { connections: this.connections.count, calls: this.calls.size, bytes: this.budget.bytes };
  }

  watch(server: Http2Server): void {
    if (this.watched.has(server)) return;
    this.watched.add(server);
    this.connections.watch(server);
    const serve = server.listeners('stream') as Serve[];
    server.removeAllListeners('stream');
    server.on('stream', (stream, headers, flags) => {
      if (!this.takes(stream, headers)) return;
      try {
        for (const listener of serve) listener.call(server, stream, headers, flags);
      } finally {
        this.current = undefined;
      }
    });
    this.timer ??= setInterval(() => this.look(), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private takes(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean {
    const { session } = stream;
    if (!session) return false;
    const longHeader = ECHOED_HEADERS.find((name) => String(headers[name] ?? '').length > QUOTED_BYTES_MAX);
    const text = this.connections.called(session, headers) ?? this.obstacleFor(stream, headers);
    stream.once('close', () => this.connections.callEnded(session));
    if (longHeader !== undefined) {
      const long = `the header ${longHeader} is longer than ${QUOTED_BYTES_MAX} bytes`;
      refuse(stream, { code: 'INVALID_ARGUMENT', text: long });
      return false;
    }
    if (text !== undefined) {
      this.tools.refused(text);
      refuse(stream, { code: 'RESOURCE_EXHAUSTED', text });
      return false;
    }
    const refused = (refusal: Refusal): void => this.tools.refused(refusal.text);
    const oneRequest = this.tools.hasOneRequest(headers[':path'] ?? '');
    const call: GuardedStream = new GuardedStream(
      stream,
      oneRequest,
      this.budget,
      this.keptReadsOf(session),
      this.tools.now,
      refused,
      () => this.calls.delete(call),
    );
    this.calls.add(call);
    this.current = call;
    return true;
  }

  private keptReadsOf(session: Http2Session): KeptReads {
    const known = this.keptReads.get(session);
    if (known) return known;
    const made = new KeptReads(session, this.budget, this.tools.now, () =>
      this.tools.refused('a connection sends messages by halves, a little of each at a time'),
    );
    this.keptReads.set(session, made);
    return made;
  }

  private obstacleFor({ session }: ServerHttp2Stream, headers: IncomingHttpHeaders): string | undefined {
    const { limits } = this;
    if (session && this.connections.callsOn(session) > limits.callsOfConnection)
      return `the limit of ${limits.callsOfConnection} calls on a connection is reached`;
    if (this.calls.size >= limits.calls) return `the limit of ${limits.calls} calls is reached`;
    const isNode = headers['user-agent']?.startsWith(NODE_USER_AGENT) === true;
    return this.budget.isFull && !isNode ? 'too many bytes of requests and answers are under way' : undefined;
  }

  private look(): void {
    const nowMs = this.tools.now();
    const { messageMs } = this.limits;
    for (const call of this.calls) {
      call.look();
      if (call.isEnded || call.incompleteMs(nowMs) <= messageMs) continue;
      const text = `a message was begun but not completed within ${messageMs} ms`;
      this.tools.refused(text);
      call.end({ code: 'DEADLINE_EXCEEDED', text });
    }
    this.budget.relieve(nowMs);
  }
}

/** What this process may use: a container's limit, or the machine's memory. */
function memoryBytes(): number {
  // Undefined where the system does not tell, whatever the types say.
  const constrained = (process.constrainedMemory() as number | undefined) ?? 0;
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
