/** Clients of the door: one that asks in order, and one that does with its socket what no library would let it do. */

import { request, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

export interface Told {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Asking {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

export const BYTES = { 'content-type': 'application/octet-stream' };
export const JSON_BODY = { 'content-type': 'application/json' };

/** One request on a connection of its own; the body is told as latin1. */
export function ask(
  address: string,
  method: string,
  path: string,
  { headers, body }: Asking = {},
): Promise<Told> {
  const [host, port] = address.split(':') as [string, string];
  return new Promise((resolve, reject) => {
    const asked = request({ host, port, method, path, headers: { ...headers }, agent: false }, (response) => {
      let text = '';
      response.setEncoding('latin1');
      response.on('data', (piece: string) => (text += piece));
      response.on('end', () =>
        resolve({ status: response.statusCode as number, headers: response.headers, body: text }),
      );
      response.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** Of a problem document. */
export function detailOf({ body }: Told): string {
  return (JSON.parse(body) as { detail: string }).detail;
}

export class RawClient {
  private received = '';
  private readonly waiting: (() => void)[] = [];
  ended = false;

  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.received += text;
      this.wake();
    });
    socket.on('error', () => undefined);
    socket.on('end', () => this.isOver());
    socket.on('close', () => this.isOver());
  }

  static async open(address: string): Promise<RawClient> {
    const [host, port] = address.split(':') as [string, string];
    const socket = connect(Number(port), host);
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  /** A request with its Host and what else is given, a line each. */
  send(line: string, headers: readonly string[] = [], body = ''): void {
    this.raw(
      `${line} HTTP/1.1\r\nHost: localhost\r\n${headers.map((each) => `${each}\r\n`).join('')}\r\n${body}`,
    );
  }

  raw(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** What came, when it is as is waited for, or the connection has ended. */
  async until(found: (text: string) => boolean): Promise<string> {
    while (!found(this.received) && !this.ended)
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    return this.received;
  }

  /** The statuses of that many answers; of those that came, if the connection ends first. */
  async statuses(count: number): Promise<number[]> {
    const text = await this.until((received) => statusesIn(received).length >= count);
    return statusesIn(text);
  }

  async untilEnded(): Promise<string> {
    return this.until(() => false);
  }

  close(): void {
    this.socket.destroy();
  }

  private isOver(): void {
    this.ended = true;
    this.wake();
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

/** Bodies in these tests contain no status lines. */
function statusesIn(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}
