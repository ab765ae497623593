/**
 * Keep-alive connections that each ask for one path again and again. They read no more of an answer than where it ends:
 * the client that costs least measures the server.
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

const HEAD_END = Buffer.from('\r\n\r\n');
const CONTENT_LENGTH = /\r\ncontent-length: (\d+)/i;

export class HttpConnections {
  answered = 0;
  private readonly sockets: Socket[] = [];
  private fault: Error | undefined;

  private constructor(private readonly request: string) {}

  static async open(port: number, concurrency: number, path: string): Promise<HttpConnections> {
    const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
    const connections = new HttpConnections(request);
    for (let i = 0; i < concurrency; i++) {
      const socket = connect(port, '127.0.0.1').setNoDelay(true);
      connections.sockets.push(socket);
      await once(socket, 'connect');
      connections.use(socket);
    }
    return connections;
  }

  /** Answers from now on, for so long. @returns how many a second. Throws when one of them is no success. */
  async measure(ms: number, signal: AbortSignal): Promise<number> {
    const [before, startedMs] = [this.answered, performance.now()];
    await pause(ms, undefined, { signal });
    if (this.fault !== undefined) throw this.fault;
    return ((this.answered - before) / (performance.now() - startedMs)) * 1_000;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  private use(socket: Socket): void {
    let missingBytes = 0;
    socket.on('data', (chunk) => {
      missingBytes -= chunk.length;
      if (missingBytes <= -chunk.length) missingBytes += this.lengthOf(chunk);
      if (missingBytes > 0 || this.fault !== undefined) return;
      missingBytes = 0;
      this.answered++;
      socket.write(this.request);
    });
    socket.on('error', (error) => (this.fault ??= error));
    socket.write(this.request);
  }

  /** Bytes of the answer that begins here. */
  private lengthOf(chunk: Buffer): number {
    const end = chunk.indexOf(HEAD_END);
    const head = chunk.toString('latin1', 0, end);
    const length = CONTENT_LENGTH.exec(head)?.[1];
    if (end < 0 || length === undefined || !head.startsWith('HTTP/1.1 200 '))
      this.fault ??= new Error(`an answer that is none: ${head.slice(0, 200)}`);
    return end + HEAD_END.length + Number(length);
  }
}
