/** A client of the door over a socket that does what no library lets one do: half commands, silence, reading nothing. */

import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { repliesIn } from './memory-ring';

export class RespClient {
  /** Of a reply that is not whole yet. */
  private received = '';
  private readonly whole: string[] = [];
  private readonly waiting: (() => void)[] = [];
  ended = false;

  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.received += text;
      this.takeWhole();
      this.wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.ended = true;
      this.wake();
    });
  }

  static async open(address: string): Promise<RespClient> {
    const [host, port] = address.split(':') as [string, string];
    const socket = connect(Number(port), host);
    await once(socket, 'connect');
    return new RespClient(socket);
  }

  write(...commands: readonly (readonly string[])[]): void {
    this.socket.write(commands.map(encoded).join(''), 'latin1');
  }

  raw(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** The next replies; fewer if the connection ends first. */
  async replies(count: number): Promise<string[]> {
    while (this.whole.length < count && !this.ended)
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    return this.whole.splice(0, count);
  }

  /** Commands at once, and their replies. */
  async all(...lines: readonly string[]): Promise<string[]> {
    this.write(...lines.map((line) => line.split(' ')));
    return this.replies(lines.length);
  }

  async untilEnded(): Promise<void> {
    while (!this.ended) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  close(): void {
    this.socket.destroy();
  }

  private takeWhole(): void {
    let at = 0;
    for (let end = endOf(this.received, 0); end !== undefined; end = endOf(this.received, at)) {
      this.whole.push(...repliesIn(this.received.slice(at, end)));
      at = end;
    }
    this.received = this.received.slice(at);
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

export function encoded(args: readonly string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join('')}`;
}

/** Undefined if it is not whole. */
function endOf(text: string, from: number): number | undefined {
  const line = text.indexOf('\r\n', from);
  if (line < 0) return undefined;
  const kind = text.charAt(from);
  const count = Number(text.slice(from + 1, line));
  let at: number | undefined = line + 2;
  if ('$='.includes(kind)) {
    if (count < 0) return at;
    return at + count + 2 <= text.length ? at + count + 2 : undefined;
  }
  if (!'*~>%'.includes(kind)) return at;
  for (let left = kind === '%' ? 2 * count : count; left > 0 && at !== undefined; left--)
    at = endOf(text, at);
  return at;
}
