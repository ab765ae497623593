/**
 * A gRPC server: binds, answers malformed messages clearly, and stops within a deadline.
 *
 * grpc-js answers a message that cannot be decoded with INTERNAL, which blames the server and reads as "outcome
 * unknown". Here the decoder passes the failure on as a value, and the code in front of the handlers turns it into
 * INVALID_ARGUMENT.
 */

import type { Http2Server, Http2Session, ServerHttp2Stream } from 'node:http2';
import {
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  logVerbosity,
  setLogVerbosity,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  type ServiceError,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { FLOW_CONTROL_WINDOW_BYTES, RingError, type RingUpdate } from '@ringkeep/shared';
import {
  hostAndPort,
  MESSAGE_OPTIONS,
  toServiceError,
  NO_TLS,
  type TlsMaterial,
} from '@ringkeep/shared/channel';
import {
  DEFAULT_INFLOW,
  Inflow,
  connectionsThatFit,
  openFilesMax,
  type CallBytes,
  type InflowLimits,
} from './inflow';
import { limited } from '../running/limited-log';
import { silentLogger, type Logger } from '../running/logging';
import { bindFault, type Endpoint } from './endpoint';

// grpc-js prints to the console what it also reports as an error, such as a port in use.
setLogVerbosity(logVerbosity.NONE);

/** With fewer connections a server is of no use. */
const CONNECTIONS_MIN = 4;
/** With fewer than these a warning is logged. */
const CONNECTIONS_COMFORTABLE = 128;
/** How long cutting connections may take before the stop ends anyway. */
const CUT_MS_MAX = 1_000;

class Malformed {
  constructor(private readonly why: string) {}

  get error(): ServiceError {
    const text = `the request is not a valid protobuf message: ${this.why}`;
    return toServiceError(new RingError('INVALID_ARGUMENT', text));
  }
}

/** Messages of a stream pass an interceptor; a call with one request is spared its cost, see `guarded`. */
const ofStreams: ServerInterceptor = (method, call) => {
  if (!method.requestStream) return call as ServerInterceptingCall;
  widenWindow(call);
  return new ServerInterceptingCall(call, {
    start: (next) =>
      next({
        onReceiveMessage: (message: unknown, pass) =>
          message instanceof Malformed ? call.sendStatus(message.error) : pass(message),
      }),
  });
};

const widened = new WeakSet<Http2Session>();

/**
 * Lets the peer send more ahead than HTTP/2's 64 KiB, which are less than two frames of 256 writes. grpc-js has an
 * option for that in its clients but none in its servers, and the session can be reached only through a field of the
 * call.
 */
function widenWindow(call: ServerInterceptingCallInterface): void {
  const session = (call as { readonly stream?: ServerHttp2Stream }).stream?.session;
  if (session === undefined || session.destroyed || widened.has(session)) return;
  widened.add(session);
  session.settings({ initialWindowSize: FLOW_CONTROL_WINDOW_BYTES });
  session.setLocalWindowSize(FLOW_CONTROL_WINDOW_BYTES);
}

export class GrpcServer {
  /** For services that add themselves: reflection, health. */
  readonly grpc: Server;
  /** host:port of what is bound. */
  private readonly bound: string[] = [];
  /** Paths of methods whose calls bring many requests. */
  private readonly manyRequests = new Set<string>();
  private readonly inflow: Inflow;
  private stopped: Promise<void> | undefined;
  private refusalListener: () => void = () => undefined;

  constructor(
    private readonly tls: TlsMaterial = NO_TLS,
    private readonly log: Logger = silentLogger,
    limits: Partial<InflowLimits> = {},
  ) {
    this.grpc = new Server({ ...MESSAGE_OPTIONS, interceptors: [ofStreams] });
    const refusals = limited(log);
    this.inflow = new Inflow(
      {
        ...DEFAULT_INFLOW,
        connections: Math.min(DEFAULT_INFLOW.connections, connectionsThatFit()),
        ...limits,
      },
      {
        now: () => performance.now(),
        hasOneRequest: (path) => !this.manyRequests.has(path),
        refused: (text) => {
          refusals.warn(`a caller was refused: ${text}`);
          this.refusalListener();
        },
      },
    );
  }

  /** For a handler that has just been called: how it reports the bytes that its call holds. */
  get callBytes(): CallBytes | undefined {
    return this.inflow.current;
  }

  /** A caller or a call is refused before anything of it is read. */
  onRefusal(listener: () => void): void {
    this.refusalListener = listener;
  }

  /** What all callers hold at present. */
  get held(): Inflow['held'] {
    return this.inflow.held;
  }

  addService<Handlers extends UntypedServiceImplementation>(
    definition: ServiceDefinition<Handlers>,
    handlers: Handlers,
  ): void {
    for (const { path, requestStream } of Object.values<ServiceDefinition[string]>(
      definition as ServiceDefinition,
    )) {
      if (requestStream) this.manyRequests.add(path);
    }
    this.grpc.addService(tolerant(definition), guarded(definition, handlers));
  }

  /** Binds and serves. Returns the real port. Throws FAILED_PRECONDITION when it cannot bind. */
  async listen(endpoint: Endpoint): Promise<number> {
    this.checkConnections();
    const { identity } = this.tls;
    const credentials = identity
      ? ServerCredentials.createSsl(null, [{ private_key: identity.key, cert_chain: identity.cert }])
      : ServerCredentials.createInsecure();
    return new Promise((resolve, reject) => {
      this.grpc.bindAsync(hostAndPort(endpoint), credentials, (error, port) => {
        if (error) void bindFault(endpoint, error).then(reject);
        else {
          this.bound.push(hostAndPort({ host: endpoint.host, port }));
          for (const server of this.http2Servers) this.inflow.watch(server);
          resolve(port);
        }
      });
    });
  }

  /** Reports a limit of open files that leaves no room for connections before anybody connects. */
  private checkConnections(): void {
    const { connections } = this.inflow.limits;
    const why = `at most ${openFilesMax()} files may be open, which leaves room for ${connections} connections`;
    if (connections < CONNECTIONS_MIN)
      throw new RingError('FAILED_PRECONDITION', `${why}; raise the limit, for example with ulimit -n 1024`);
    if (connections < CONNECTIONS_COMFORTABLE) this.log.warn(`${why}; ulimit -n raises the limit`);
  }

  /** Those beneath gRPC, which has no other way to them. */
  private get http2Servers(): Iterable<Http2Server> {
    return (this.grpc as unknown as { readonly http2Servers: Map<Http2Server, unknown> }).http2Servers.keys();
  }

  /**
   * Takes no new calls, lets the present ones finish for at most `deadlineMs`, then cuts them. Idempotent; the first
   * deadline counts.
   *
   * `drain` comes first: it remembers the connections and cuts them, which forceShutdown does not do without channelz.
   * Its timer does not keep the process alive, hence the second one.
   */
  stop(deadlineMs: number): Promise<void> {
    this.stopped ??= new Promise((resolve) => {
      const done = (): void => {
        this.inflow.stop();
        clearTimeout(last);
        resolve();
      };
      const last = setTimeout(done, deadlineMs + CUT_MS_MAX);
      for (const address of this.bound) this.grpc.drain(address, deadlineMs);
      this.grpc.tryShutdown(done);
    });
    return this.stopped;
  }
}

/** A handler that returns its answer; a RingError it throws becomes its status, with `ring` where it helps. */
export function unary<Request, Answer>(
  handle: (request: Request, call: ServerUnaryCall<Request, Answer>) => Answer | Promise<Answer>,
  ring?: () => RingUpdate | undefined,
): handleUnaryCall<Request, Answer> {
  return (call, answer) => {
    const fail = (error: unknown): void => {
      const stale = error instanceof RingError && error.code === 'NOT_OWNER';
      answer(toServiceError(error, stale ? ring?.() : undefined));
    };
    try {
      const result = handle(call.request, call);
      if (result instanceof Promise) result.then((value) => answer(null, value), fail);
      else answer(null, result);
    } catch (error) {
      fail(error);
    }
  };
}

function tolerant<Handlers>(definition: ServiceDefinition<Handlers>): ServiceDefinition<Handlers> {
  const methods = Object.entries<ServiceDefinition[string]>(definition as ServiceDefinition);
  const wrapped = methods.map(([name, method]) => {
    const requestDeserialize = (bytes: Buffer): unknown => {
      try {
        return method.requestDeserialize(bytes);
      } catch (error) {
        return new Malformed(error instanceof Error ? error.message : String(error));
      }
    };
    return [name, { ...method, requestDeserialize }];
  });
  return Object.fromEntries(wrapped) as ServiceDefinition<Handlers>;
}

/** Handlers of calls with one request, which they get only when it could be decoded. */
function guarded<Handlers extends UntypedServiceImplementation>(
  definition: ServiceDefinition<Handlers>,
  handlers: Handlers,
): UntypedServiceImplementation {
  const methods = Object.entries<ServiceDefinition[string]>(definition as ServiceDefinition);
  const wrapped = methods.map(([name, { requestStream, responseStream }]) => {
    const handle = handlers[name] as UntypedHandleCall;
    if (requestStream) return [name, handle];
    if (responseStream) {
      const stream = handle as handleServerStreamingCall<unknown, unknown>;
      return [
        name,
        (call: ServerWritableStream<unknown, unknown>) => {
          if (call.request instanceof Malformed) call.emit('error', call.request.error);
          else stream(call);
        },
      ];
    }
    const once = handle as handleUnaryCall<unknown, unknown>;
    return [
      name,
      (call: ServerUnaryCall<unknown, unknown>, answer: sendUnaryData<unknown>) => {
        if (call.request instanceof Malformed) answer(call.request.error);
        else once(call, answer);
      },
    ];
  });
  return Object.fromEntries(wrapped) as UntypedServiceImplementation;
}
