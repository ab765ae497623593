/**
 * The connections of a server: no more than it has descriptors and memory for, and some kept for other nodes.
 *
 * One too many takes the place of the connection that has been idle for longest. If none is idle, the new one is let in
 * for one answer, that there is no room. If it turns out to be another node's, it stays, since nodes have a share of
 * their own. So neither idle connections nor busy clients cost a node its place in the ring.
 */

import type { Http2Server, Http2Session, IncomingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import { NODE_USER_AGENT } from '@ringkeep/shared/channel/channels';

/** Share of the connections that only other nodes may take. */
const SHARE_OF_NODES = 1 / 4;
/** How long a connection for which there is no room may take to learn so. */
const FAREWELL_MS = 1_000;

interface Connection {
  readonly socket: Socket;
  session: Http2Session | undefined;
  streams: number;
  /** Since when it has no stream. */
  idleSinceMs: number;
  isNode: boolean;
  /** There is no room for it, unless it is a node's. */
  superfluous: boolean;
  /** It was told to go. */
  leaving: boolean;
}

export class Connections {
  private readonly known = new Map<string, Connection>();
  private readonly ofSessions = new WeakMap<Http2Session, Connection>();
  private readonly clientsMax: number;

  /** `max` is for all of them together. */
  constructor(
    readonly max: number,
    private readonly now: () => number,
    private readonly refused: (text: string) => void,
  ) {
    this.clientsMax = Math.max(1, Math.floor(max * (1 - SHARE_OF_NODES)));
  }

  get count(): number {
    return this.known.size;
  }

  watch(server: Http2Server): void {
    server.prependListener('connection', (socket: Socket) => this.connected(socket));
    server.prependListener('session', (session: Http2Session) => {
      const connection = session.socket && this.known.get(keyOf(session.socket));
      if (!connection) return;
      connection.session = session;
      this.ofSessions.set(session, connection);
    });
  }

  /** A call begins. @returns why it cannot, when there is no room for its connection */
  called(session: Http2Session, headers: IncomingHttpHeaders): string | undefined {
    const connection = this.ofSessions.get(session);
    if (!connection) return undefined;
    if (headers['user-agent']?.startsWith(NODE_USER_AGENT)) {
      connection.isNode = true;
      connection.superfluous = false;
    }
    connection.streams++;
    if (!connection.superfluous) return undefined;
    this.close(connection);
    return this.noRoom;
  }

  callEnded(session: Http2Session | undefined): void {
    const connection = session && this.ofSessions.get(session);
    if (connection && --connection.streams === 0) connection.idleSinceMs = this.now();
  }

  /** Calls that are open on a connection. */
  callsOn(session: Http2Session): number {
    return this.ofSessions.get(session)?.streams ?? 0;
  }

  private get noRoom(): string {
    return `the limit of ${this.clientsMax} connections is reached, and none of them is idle`;
  }

  private connected(socket: Socket): void {
    const connection: Connection = {
      socket,
      session: undefined,
      streams: 0,
      idleSinceMs: this.now(),
      isNode: false,
      superfluous: false,
      leaving: false,
    };
    if (this.clients >= this.clientsMax) this.makeRoomFor(connection);
    if (socket.destroyed) return;
    const key = keyOf(socket);
    this.known.set(key, connection);
    socket.once('close', () => this.known.delete(key));
  }

  private get clients(): number {
    let count = 0;
    for (const { isNode, leaving } of this.known.values()) if (!isNode && !leaving) count++;
    return count;
  }

  private makeRoomFor(connection: Connection): void {
    let idlest: Connection | undefined;
    for (const other of this.known.values()) {
      if (other.streams > 0 || other.isNode || other.leaving) continue;
      if (!idlest || other.idleSinceMs < idlest.idleSinceMs) idlest = other;
    }
    if (idlest) this.close(idlest);
    else {
      connection.superfluous = true;
      this.refused(this.noRoom);
    }
    if (this.known.size >= this.max) this.cutOneFor(connection);
  }

  /** Of those that have to go anyway, the first: the newest may turn out to be a node's. */
  private cutOneFor(connection: Connection): void {
    for (const other of this.known.values()) {
      if (other.isNode || other.socket.destroyed || !(other.superfluous || other.leaving)) continue;
      return void other.socket.destroy();
    }
    connection.socket.destroy();
  }

  /** Closes it in order if possible: a gRPC client connects again when it has something to ask. */
  private close(connection: Connection): void {
    const { session, socket } = connection;
    connection.leaving = true;
    if (!session || session.destroyed) return void socket.destroy();
    setTimeout(() => socket.destroy(), FAREWELL_MS).unref();
    // Not before the call that is just being refused has its answer.
    setImmediate(() => session.close());
  }
}

function keyOf({ remoteAddress, remotePort }: Pick<Socket, 'remoteAddress' | 'remotePort'>): string {
  return `${remoteAddress} ${remotePort}`;
}
