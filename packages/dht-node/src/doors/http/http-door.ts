/**
 * The door for HTTP: keys as their bytes, everything else as JSON, for browsers, curl and scripts. It adds nothing to
 * the core: what it asks goes the way of all queries, and its watches are those of the client library.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as SocketServer, type Socket } from 'node:net';
import { Random } from '@ringkeep/shared';
import { hostAndPort, type TlsMaterial } from '@ringkeep/shared/channel';
import { ChangeWatches } from '@ringkeep/client/watching';
import { packageVersion } from '@ringkeep/process/command-line';
import { limited, type Lifecycle, type Logger } from '@ringkeep/process/running';
import { ByteBudget, listenOn } from '@ringkeep/process/server';
import type { NodeHost } from '../../hosting/host';
import { connectionsFor, type Door } from '../door';
import { pagesThrough } from '../own/own-scan';
import { HttpConnection } from './connection';
import { Exchange, type ExchangeTools } from './exchange';
import { HttpFault, malformed } from './http-fault';
import type { HttpDoorOptions } from './http-options';
import {
  CONNECTIONS_MAX,
  CONNECTIONS_SHARE,
  DOOR_BYTES_MAX,
  FAREWELL_MS,
  HEADER_BYTES_MAX,
  LOOK_MS,
  STREAM_WAITING_BYTES_MAX,
  USUAL_TIMES,
  type HttpTimes,
} from './limits';
import { HTTP } from './name';
import { rawProblem } from './raw-problem';
import { hostNameOf } from './request/caller';
import { Router } from './routes/router';
import { routesOf } from './routes/routes';

const PORT_OPTION = '--http-port or NODE_HTTP_PORT';
const NO_ROOM = rawProblem(
  new HttpFault(503, 'the limit of connections is reached; try again', { code: 'RESOURCE_EXHAUSTED' }),
);
/** Whoever listens at one of these has no address of its own there. */
const EVERY_ADDRESS = ['0.0.0.0', '::'];

export interface HttpDoorParts {
  /** The URL of this node, where watches that pass through the ring begin. */
  readonly address: string;
  readonly tls: TlsMaterial | undefined;
}

export class HttpDoor implements Door {
  readonly name = 'http door';
  private readonly server: Server;
  private readonly connections = new Map<Socket, HttpConnection>();
  private readonly budget = new ByteBudget(DOOR_BYTES_MAX);
  private readonly watches: ChangeWatches;
  private readonly tools: ExchangeTools;
  private readonly refusals: Logger;
  private readonly connectionsMax: number;
  private readonly times: HttpTimes;
  private timer: NodeJS.Timeout | undefined;
  private isDraining = false;
  private uses = 0;
  private idle: (() => void) | undefined;

  constructor(
    private readonly host: NodeHost,
    private readonly options: HttpDoorOptions,
    private readonly nowMs: () => number,
    log: Logger,
    { address, tls }: HttpDoorParts,
  ) {
    this.refusals = limited(log);
    this.times = { ...USUAL_TIMES, ...options.times };
    this.connectionsMax = options.connectionsMax ?? connectionsFor(CONNECTIONS_MAX, CONNECTIONS_SHARE);
    const pages = pagesThrough(host, HTTP).page;
    this.watches = new ChangeWatches([address], tls, new Random(Date.now()), pages, STREAM_WAITING_BYTES_MAX);
    const routes = routesOf(
      (asked) => this.watches.open(asked, host.core.view.ring),
      packageVersion(__dirname),
    );
    this.tools = {
      host,
      router: new Router(routes),
      rules: { hosts: namesOf(options), origins: new Set(options.origins) },
      isFull: () => this.budget.isFull,
      unreadMs: this.times.unreadMs,
      failed: (error) =>
        this.refusals.error('a request failed', { reason: String((error as Error).stack ?? error) }),
    };
    this.server = createServer({
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: this.times.headersMs,
      requestTimeout: this.times.requestMs,
      keepAliveTimeout: this.times.idleMs,
      connectionsCheckingInterval: LOOK_MS,
      // A request without Host gets a problem document, too.
      requireHostHeader: false,
    });
    // Their bytes are limited; headers beyond a number would be dropped unseen.
    this.server.maxHeadersCount = 0;
    // Otherwise a caller that has sent all it wants to, and ends its side, would never hear the answer.
    (this.server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
    this.receive();
  }

  /** Throws FAILED_PRECONDITION when it cannot listen. */
  async listen(lifecycle: Lifecycle): Promise<string> {
    const { host, port } = this.options;
    const endpoint = { host, port, portOption: PORT_OPTION };
    const bound = await listenOn(this.server, endpoint, (text) => this.refusals.warn(text));
    this.timer = setInterval(() => this.budget.relieve(this.nowMs()), LOOK_MS).unref();
    await lifecycle.start(() => this);
    return hostAndPort({ host, port: bound });
  }

  setServing(): void {
    // A key that cannot be answered for is refused by itself.
  }

  setRoom(): void {
    // A write that finds no room is told so.
  }

  ringChanged(): void {
    this.watches.ringLearned(this.host.core.view.ring);
  }

  /** Takes no new connection and ends the streams; the present requests are answered, then their connections end. */
  drain(): Promise<void> {
    this.isDraining = true;
    // That of HTTP would also cut connections whose answer is written but not read yet, and what waits behind it.
    SocketServer.prototype.close.call(this.server);
    this.watches.close();
    for (const connection of this.connections.values()) connection.drain();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.times.drainMs);
      this.idle = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.connections.size === 0) this.idle();
    });
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    const last = setTimeout(() => this.server.closeAllConnections(), FAREWELL_MS);
    await new Promise<void>((resolve) => {
      this.idle = resolve;
      if (this.connections.size === 0) resolve();
    });
    clearTimeout(last);
    // Nobody is left to cut: it only looks for late requests no more.
    this.server.close();
  }

  private receive(): void {
    const { server } = this;
    const take =
      (expects?: 'continue' | 'something else') =>
      (request: IncomingMessage, response: ServerResponse): void => {
        const connection = this.connections.get(request.socket);
        if (connection === undefined) return;
        connection.usedAt = ++this.uses;
        connection.take(new Exchange(request, response, connection, this.tools, expects));
      };
    server.on('request', take());
    server.on('checkContinue', take('continue'));
    server.on('checkExpectation', take('something else'));
    server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
      const connection = this.connections.get(socket);
      if (connection === undefined || error.code === 'ECONNRESET') socket.destroy();
      else connection.refuse(faultOf(error, this.times));
    });
    const [accept] = server.listeners('connection') as ((socket: Socket) => void)[];
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => {
      if (this.accepts(socket)) accept?.call(server, socket);
    });
  }

  private accepts(socket: Socket): boolean {
    if (this.connections.size >= this.connectionsMax) this.endOneThatIsIdle();
    if (this.connections.size >= this.connectionsMax) {
      this.refusals.warn(`a caller was refused: the limit of ${this.connectionsMax} connections is reached`);
      this.host.observer.callerRefused?.({ door: HTTP });
      socket.on('error', () => undefined);
      socket.end(NO_ROOM, () => socket.destroy());
      return false;
    }
    const holding = this.budget.open(() => socket.destroy());
    const connection = new HttpConnection(socket, holding, this.nowMs);
    connection.usedAt = ++this.uses;
    this.connections.set(socket, connection);
    socket.once('close', () => {
      this.connections.delete(socket);
      if (this.connections.size === 0) this.idle?.();
    });
    if (this.isDraining) connection.drain();
    return true;
  }

  /** The one that was used longest ago, so that connections which only wait keep nobody out. */
  private endOneThatIsIdle(): void {
    let found: HttpConnection | undefined;
    for (const connection of this.connections.values())
      if (connection.isIdle && connection.usedAt < (found?.usedAt ?? Infinity)) found = connection;
    if (found === undefined) return;
    this.connections.delete(found.socket);
    found.socket.destroy();
  }
}

/** What the header Host may say besides loopback: what the door was given, and the address that it listens at. */
function namesOf({ host, names = [] }: HttpDoorOptions): ReadonlySet<string> {
  const own = EVERY_ADDRESS.includes(host) ? undefined : hostNameOf(host.includes(':') ? `[${host}]` : host);
  return new Set(own === undefined ? names : [...names, own]);
}

/** What a request that is no HTTP, or does not end, is told. */
function faultOf({ code, message }: NodeJS.ErrnoException, times: HttpTimes): HttpFault {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return new HttpFault(431, `the request line and headers have more than ${HEADER_BYTES_MAX} bytes`);
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new HttpFault(
        408,
        `a request must be sent within ${times.requestMs} ms, its headers within ${times.headersMs} ms`,
      );
    default:
      return malformed(`this is no request of HTTP/1.1: ${message}`);
  }
}
