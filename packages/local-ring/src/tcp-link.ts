/**
 * A TCP proxy in front of one server, as a network that can fail: its connections can be cut in either direction,
 * refused or delayed.
 *
 * A cut is silent: what is sent is kept and neither end is told, as when packets are lost. It arrives late when the cut
 * is mended, so messages from before the cut come after everything that has happened meanwhile.
 */

import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';

export interface LinkState {
  /** Nothing reaches the server. */
  readonly cutTo: boolean;
  /** Nothing comes back from it. */
  readonly cutFrom: boolean;
  /** Existing and new connections are broken. */
  readonly refusing: boolean;
  /** Added to whatever passes, each way. */
  readonly delayMs: number;
}

const SOUND: LinkState = { cutTo: false, cutFrom: false, refusing: false, delayMs: 0 };

/** Bytes kept of one direction of a connection; beyond that its sender has to wait. */
const KEPT_BYTES_MAX = 1 << 20;

export class TcpLink {
  private state = SOUND;
  /** Connections that come from these ports are cut in both directions. */
  private cutPorts: (() => ReadonlySet<number>) | undefined;
  private readonly flows = new Set<Flow>();
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  private constructor(private readonly serverPort: number) {
    this.server = createServer((incoming) => this.accept(incoming));
  }

  /** A link on a free port to a server on this machine, which need not run yet. */
  static open(serverPort: number): Promise<TcpLink> {
    const link = new TcpLink(serverPort);
    return new Promise((resolve, reject) => {
      link.server.on('error', reject);
      link.server.listen(0, '127.0.0.1', () => resolve(link));
    });
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Adds faults to those that it has. */
  impair(faults: Partial<LinkState>): void {
    this.become({ ...this.state, ...faults });
  }

  /** Cuts the connections that come from some ports: existing ones, and new ones, for each of which it asks again. */
  cutOff(ports: () => ReadonlySet<number>, now = ports()): void {
    this.cutPorts = ports;
    for (const flow of this.flows) flow.cutOff = now.has(flow.originPort);
  }

  mend(): void {
    this.cutPorts = undefined;
    for (const flow of this.flows) flow.cutOff = false;
    this.become(SOUND);
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private become(state: LinkState): void {
    this.state = state;
    if (state.refusing) for (const socket of this.sockets) socket.destroy();
    for (const flow of this.flows) flow.carryOn();
  }

  private accept(incoming: Socket): void {
    if (this.state.refusing) {
      incoming.destroy();
      return;
    }
    const outgoing = connect(this.serverPort, '127.0.0.1');
    const origin = incoming.remotePort ?? 0;
    const flows = [
      new Flow(incoming, outgoing, origin, () => ({ cut: this.state.cutTo, delayMs: this.state.delayMs })),
      new Flow(outgoing, incoming, origin, () => ({ cut: this.state.cutFrom, delayMs: this.state.delayMs })),
    ];
    const cutOff = this.cutPorts?.().has(origin) ?? false;
    for (const flow of flows) {
      flow.cutOff = cutOff;
      this.flows.add(flow);
    }
    for (const [socket, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      this.sockets.add(socket);
      socket.setNoDelay(true);
      // An error is followed by close, which says the same.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        for (const flow of flows) this.flows.delete(flow);
        other.destroy();
      });
    }
  }
}

/** One direction of a connection: what came in and waits for its time to go out, in order. */
class Flow {
  cutOff = false;
  private readonly waiting: { readonly chunk: Buffer; readonly atMs: number }[] = [];
  private bytes = 0;
  private ended = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    readonly originPort: number,
    private readonly fate: () => { readonly cut: boolean; readonly delayMs: number },
  ) {
    from.on('data', (chunk: Buffer) => {
      this.waiting.push({ chunk, atMs: performance.now() + this.fate().delayMs });
      this.bytes += chunk.length;
      this.carryOn();
    });
    from.on('end', () => {
      this.ended = true;
      this.carryOn();
    });
    to.on('drain', () => this.carryOn());
    from.on('close', () => clearTimeout(this.timer));
  }

  /** Sends what is due. */
  carryOn(): void {
    clearTimeout(this.timer);
    const nowMs = performance.now();
    while (!this.cutOff && !this.fate().cut && !this.to.writableNeedDrain) {
      const first = this.waiting[0];
      if (first === undefined) {
        if (this.ended) this.to.end();
        break;
      }
      if (first.atMs > nowMs) {
        this.timer = setTimeout(() => this.carryOn(), Math.ceil(first.atMs - nowMs));
        break;
      }
      this.waiting.shift();
      this.bytes -= first.chunk.length;
      this.to.write(first.chunk);
    }
    if (this.bytes > KEPT_BYTES_MAX) this.from.pause();
    else this.from.resume();
  }
}
