/**
 * Clients of the door for Redis that write pipelines without pause and judge each reply.
 *
 * A key is of one client. A Set that is answered OK is what the Get behind it must tell; the Incr behind that one more.
 * What was not started leaves things as they were. A key of whose value nothing is known any more is given up, because
 * what may have happened may also happen later.
 */

import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import type { Random } from '@ringkeep/shared';

const CLIENTS = 8;
/** Pipelines that are written at once, each of a key of its own. */
const AT_ONCE = 8;
const WRONG_KEPT = 20;

export interface PipelineFigures {
  readonly done: number;
  readonly tryAgain: number;
  readonly unknown: number;
  readonly wrong: readonly string[];
}

export class PipelineLoad {
  private running = true;
  private until = 0;
  private done = 0;
  private tryAgain = 0;
  private unknown = 0;
  private readonly wrong: string[] = [];
  private workers: readonly Promise<void>[] = [];

  private constructor(private readonly random: Random) {}

  static async begin(port: number, random: Random): Promise<PipelineLoad> {
    const load = new PipelineLoad(random);
    const lines = await Promise.all(Array.from({ length: CLIENTS }, () => ReplyLines.open(port)));
    load.workers = lines.map((replies, client) => load.work(replies, client));
    return load;
  }

  /** When there have been so many. */
  async stop(least: number): Promise<PipelineFigures> {
    this.until = least;
    this.running = false;
    await Promise.all(this.workers);
    const { done, tryAgain, unknown, wrong } = this;
    return { done, tryAgain, unknown, wrong };
  }

  private async work(replies: ReplyLines, client: number): Promise<void> {
    const keys = Array.from({ length: AT_ONCE }, (_, index) => new JudgedKey(`pipe/${client}/${index}`));
    while (this.running || this.done < this.until) {
      const value = this.random.below(1_000_000);
      await replies.ask(this.commands(keys, value));
      for (const key of keys) for (const step of STEPS) this.judge(key, step, value, await replies.next());
      this.done += keys.length;
    }
    replies.close();
  }

  /** In one write or in two, so that they meet at the node or wait for each other there. */
  private commands(keys: readonly JudgedKey[], value: number): string[] {
    const lines = keys.map(({ name }) => [
      `SET ${name} ${value}`,
      `GET ${name}`,
      `INCR ${name}`,
      `GET ${name}`,
    ]);
    const text = lines.flat().map((line) => `${line}\r\n`);
    const cut = this.random.below(2) === 0 ? text.length : this.random.below(text.length);
    return [text.slice(0, cut).join(''), text.slice(cut).join('')];
  }

  private judge(key: JudgedKey, step: Step, value: number, reply: string): void {
    if (reply.startsWith('-TRYAGAIN')) this.tryAgain++;
    if (reply.startsWith('-UNKNOWNOUTCOME')) this.unknown++;
    const expected = key.judge(step, value, reply);
    if (expected === undefined || this.wrong.length >= WRONG_KEPT) return;
    this.wrong.push(`${key.name}: ${step} was told ${JSON.stringify(reply)} instead of ${expected}`);
  }
}

const STEPS = ['set', 'get', 'incr', 'get'] as const;
type Step = (typeof STEPS)[number];

class JudgedKey {
  /** Undefined if it is not known. */
  private value: number | undefined;
  private generation = 0;

  constructor(private readonly base: string) {}

  get name(): string {
    return `${this.base}/${this.generation}`;
  }

  private isLost = false;

  /** @returns what the reply should have been, if it is wrong */
  judge(step: Step, value: number, reply: string): string | undefined {
    if (step === 'set' && this.isLost) this.isLost = false;
    const before = this.value;
    if (reply.startsWith('-UNKNOWNOUTCOME')) this.lose();
    if (reply.startsWith('-UNKNOWNOUTCOME') || reply.startsWith('-TRYAGAIN')) return undefined;
    switch (step) {
      case 'set':
        if (!this.isLost) this.value = value;
        return reply === '+OK' ? undefined : '+OK';
      case 'get': {
        const shown = before === undefined ? undefined : String(before);
        return this.isLost || shown === undefined || reply === shown ? undefined : shown;
      }
      case 'incr':
        if (before !== undefined && !this.isLost) this.value = before + 1;
        return this.isLost || before === undefined || reply === `:${before + 1}`
          ? undefined
          : `:${before + 1}`;
    }
  }

  /** The next pipeline is on another key; what is left of this one proves nothing. */
  private lose(): void {
    if (!this.isLost) this.generation++;
    this.isLost = true;
    this.value = undefined;
  }
}

/** Replies one by one: a line each, or the value of a bulk. */
class ReplyLines {
  private text = '';
  private arrived: (() => void) | undefined;

  private constructor(private readonly socket: Socket) {
    socket.setEncoding('latin1').on('data', (part: string) => {
      this.text += part;
      this.arrived?.();
    });
    socket.on('close', () => this.arrived?.());
  }

  static async open(port: number): Promise<ReplyLines> {
    const socket = connect(port, '127.0.0.1').setNoDelay(true);
    await once(socket, 'connect');
    return new ReplyLines(socket);
  }

  async ask(parts: readonly string[]): Promise<void> {
    for (const part of parts) {
      this.socket.write(part);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async next(): Promise<string> {
    const line = await this.line();
    return line.startsWith('$') && line !== '$-1' ? this.line() : line;
  }

  close(): void {
    this.socket.destroy();
  }

  /** Throws when the connection is closed: nothing here asks for that. */
  private async line(): Promise<string> {
    for (;;) {
      const end = this.text.indexOf('\r\n');
      if (end >= 0) {
        const line = this.text.slice(0, end);
        this.text = this.text.slice(end + 2);
        return line;
      }
      if (this.socket.destroyed) throw new Error('the node has closed a connection with commands unanswered');
      await new Promise<void>((resolve) => (this.arrived = resolve));
    }
  }
}
