/**
 * The door for every language's Redis client: RESP2 and RESP3 on a port of its own. Any node answers for any key, so a
 * ring looks like one Redis with one database. It adds nothing to the core: what it asks goes the way of all queries.
 */

import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { keyTermsOf } from '@ringkeep/shared/operations';
import { hostAndPort } from '@ringkeep/shared/channel';
import { ByteBudget, listenOn } from '@ringkeep/process/server';
import { limited, type Lifecycle, type Logger } from '@ringkeep/process/running';
import type { NodeHost } from '../../hosting/host';
import type { Durability } from '../../storage';
import { connectionsFor, type Door } from '../door';
import { Frames } from './asking/frames';
import { Connection, ReplyExpectation, type ConnectionTools } from './connection';
import { Keyspace } from './keyspace/keyspace';
import { changesOf, keyspaceOf, type ClientOf } from './keyspace/node-keyspace';
import { RingChanges } from './keyspace/ring-changes';
import { CONNECTIONS_MAX, CONNECTIONS_SHARE, DOOR_BYTES_MAX, DRAIN_MS, FAREWELL_MS, LOOK_MS } from './limits';
import { RESP } from './name';
import { factsOf } from './node-info';
import type { RespDoorOptions } from './resp-options';
import { error } from './protocol/replies';
import type { NodeFacts } from './node-facts';
import { Session } from './session';

const NO_ROOM = error('ERR max number of clients reached');
const PORT_OPTION = '--redis-port or NODE_REDIS_PORT';

export class RespDoor implements Door {
  readonly name = 'redis door';
  private readonly server: Server;
  private readonly connections = new Set<Connection>();
  private readonly budget = new ByteBudget(DOOR_BYTES_MAX);
  private readonly changes: RingChanges;
  private readonly tools: ConnectionTools;
  private readonly facts: NodeFacts<Session>;
  private readonly connectionsMax: number;
  private readonly refusals: ReturnType<typeof limited>;
  private dirty: Connection[] = [];
  private lastId = 0;
  private timer: NodeJS.Timeout | undefined;
  private isServing = false;
  private idle: (() => void) | undefined;

  constructor(
    private readonly host: NodeHost,
    private readonly options: RespDoorOptions,
    private readonly now: () => number,
    log: Logger,
    client: ClientOf,
    durability: Durability | undefined,
  ) {
    this.connectionsMax = options.connectionsMax ?? connectionsFor(CONNECTIONS_MAX, CONNECTIONS_SHARE);
    const frames = new Frames(host);
    this.changes = new RingChanges(changesOf(host, client, now));
    const refusals = limited(log);
    this.refusals = refusals;
    this.facts = factsOf(host, now, {
      options,
      connectionsMax: this.connectionsMax,
      durability,
      port: () => this.port,
      isServing: () => this.isServing,
      sessions: () => [...this.connections].map(({ session }) => session),
    });
    this.tools = {
      frames,
      keyspace: new Keyspace(keyspaceOf(host, frames, client)),
      changes: this.changes,
      terms: () => keyTermsOf(host.core.view.ring),
      wallMs: this.facts.wallMs,
      nowMs: now,
      isFull: () => this.budget.isFull,
      expectation: new ReplyExpectation(),
      slowReader: () => host.observer.slowReader?.({ door: RESP }),
      dirty: (connection) => {
        if (this.dirty.push(connection) === 1) process.nextTick(this.flush);
      },
    };
    this.server = createServer({ allowHalfOpen: true }, (socket) => {
      if (this.connections.size < this.connectionsMax) return this.accept(socket);
      refusals.warn(`a caller was refused: the limit of ${this.connectionsMax} connections is reached`);
      host.observer.callerRefused?.({ door: RESP });
      socket.on('error', () => undefined);
      socket.end(NO_ROOM, () => socket.destroy());
    });
  }

  /** Throws FAILED_PRECONDITION when it cannot listen. */
  async listen(lifecycle: Lifecycle): Promise<string> {
    const { host, port } = this.options;
    await listenOn(this.server, { host, port, portOption: PORT_OPTION }, (text) => this.refusals.warn(text));
    this.timer = setInterval(() => this.budget.relieve(this.now()), LOOK_MS).unref();
    await lifecycle.start(() => this);
    return hostAndPort({ host: this.options.host, port: this.port });
  }

  private get port(): number {
    return (this.server.address() as AddressInfo | null)?.port ?? this.options.port;
  }

  setServing(serving: boolean): void {
    this.isServing = serving;
  }

  setRoom(): void {
    // A write that finds no room is told so.
  }

  ringChanged(): void {
    // Operations are routed by the host's ring; watches notice where their ranges have gone.
  }

  /** Takes no new connection; the present ones are answered, then ended. */
  drain(): Promise<void> {
    this.server.close();
    for (const connection of [...this.connections]) connection.drain();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, DRAIN_MS);
      this.idle = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.connections.size === 0) this.idle();
    });
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.changes.stop();
    this.flush();
    const last = setTimeout(() => {
      for (const { socket } of this.connections) socket.destroy();
    }, FAREWELL_MS);
    for (const { socket } of this.connections) socket.end();
    await new Promise<void>((resolve) => {
      this.idle = resolve;
      if (this.connections.size === 0) resolve();
    });
    clearTimeout(last);
  }

  private accept(socket: Socket): void {
    const session = new Session(++this.lastId, remoteOf(socket), localOf(socket), this.facts);
    const holding = this.budget.open(() => socket.destroy());
    const connection = new Connection(socket, session, this.tools, holding);
    this.connections.add(connection);
    socket.once('close', () => {
      this.connections.delete(connection);
      if (this.connections.size === 0) this.idle?.();
    });
  }

  private readonly flush = (): void => {
    const { dirty } = this;
    this.dirty = [];
    for (const connection of dirty) connection.flush();
  };
}

function remoteOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}:${remotePort}`;
}

function localOf({ localAddress, localPort }: Socket): string {
  return `${localAddress}:${localPort}`;
}
