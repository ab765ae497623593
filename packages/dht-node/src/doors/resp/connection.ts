/**
 * One client: bytes in, commands to the dispatcher, replies out, one write a turn.
 *
 * It is bounded. Nothing more is taken out of what has come, and nothing more is read, while too many of its commands
 * are unanswered, while their replies may be too many bytes, and while it leaves too much unread. What it then holds is
 * a chunk of commands that are not taken, those under way, and the replies that wait.
 */

import type { Socket } from 'node:net';
import type { Holding } from '@ringkeep/process/server';
import { Dispatcher, type DispatcherOwner, type DispatcherTools } from './dispatcher';
import {
  COMMANDS_UNANSWERED_MAX,
  EXPECTATION_DECAY,
  FAREWELL_MS,
  OPERATIONS_AT_ONCE_MAX,
  PUSHED_BYTES_MAX,
  REPLY_BYTES_EXPECTED_MAX,
  REPLY_BYTES_FIRST,
  REQUEST_BYTES_UNANSWERED_MAX,
  UNSENT_BYTES_MAX,
  WRITE_BYTES_TARGET,
} from './limits';
import { Listening } from './listening';
import type { RingChanges } from './keyspace/ring-changes';
import { ProtocolFault, RequestParser } from './protocol/request-parser';
import { error, type Reply } from './protocol/replies';
import type { Session } from './session';

export interface ConnectionTools extends DispatcherTools {
  readonly changes: RingChanges;
  /** It has replies to send at the end of this turn. */
  dirty(connection: Connection): void;
  /** It leaves replies unread. */
  slowReader(): void;
  nowMs(): number;
  /** All connections hold as much as they may: each takes one command at a time. */
  isFull(): boolean;
  /** Of the replies to all connections of late. */
  readonly expectation: ReplyExpectation;
}

/** What a reply costs, for a connection of which nothing is known yet. */
export class ReplyExpectation {
  bytesAReply = REPLY_BYTES_FIRST;

  learn(bytes: number): void {
    this.bytesAReply = Math.max(REPLY_BYTES_FIRST, bytes, this.bytesAReply * EXPECTATION_DECAY);
  }
}

export class Connection implements DispatcherOwner {
  private readonly parser = new RequestParser();
  private readonly dispatcher: Dispatcher;
  private readonly listening: Listening;
  private requestBytes = 0;
  private bytesAReply: number;
  private pushed = '';
  private isDirty = false;
  private isTaking = false;
  private isSlow = false;
  /** Nothing more is read, and when everything is answered the connection ends. */
  private ending = false;
  /** Nothing more is taken of what has come. */
  private hasQuit = false;
  /** Everything is answered: what still comes is passed over, for so long. */
  private over: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    readonly socket: Socket,
    readonly session: Session,
    private readonly tools: ConnectionTools,
    private readonly holding: Holding,
  ) {
    this.bytesAReply = tools.expectation.bytesAReply;
    this.listening = new Listening(session, tools.changes, (reply) => this.push(reply));
    this.dispatcher = new Dispatcher(session, tools, this, this.listening);
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.read(chunk));
    socket.on('drain', () => this.drained());
    socket.on('end', () => this.drain());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.close());
  }

  /** Everything that has come is answered, nothing more is read, then it ends. */
  drain(): void {
    if (this.ending) return;
    this.socket.pause();
    this.ending = true;
    this.take();
    this.endIfAnswered();
  }

  /** Sends what is known by now. */
  flush(): void {
    this.isDirty = false;
    if (this.closed) return;
    this.send();
    if (this.dispatcher.replies.size === 0) this.requestBytes = 0;
    this.take();
    this.tellBytes();
    this.endIfAnswered();
  }

  /** As much as the client may leave unread. */
  private send(): void {
    const { replies } = this.dispatcher;
    while (this.socket.writableLength < UNSENT_BYTES_MAX) {
      const text = replies.take(WRITE_BYTES_TARGET) + this.pushed;
      this.pushed = '';
      if (text === '') return;
      this.socket.write(text, 'latin1');
    }
  }

  // ---- in ----

  private read(chunk: Buffer): void {
    if (this.ending) return;
    this.session.lastAtMs = this.tools.nowMs();
    this.parser.feed(chunk);
    this.take();
    this.tellBytes();
  }

  /** Takes commands as long as there is room. */
  private take(): void {
    if (this.isTaking || this.closed) return;
    this.isTaking = true;
    for (let most = this.mostTaken(); most > 0; most--) {
      const request = this.parser.next();
      if (request === undefined) break;
      if (request instanceof ProtocolFault) {
        this.refuse(request);
        break;
      }
      for (const argument of request) this.requestBytes += argument.length;
      this.dispatcher.receive(request);
      if (this.hasQuit || !this.hasRoom()) break;
    }
    this.isTaking = false;
    this.dispatcher.begin();
    this.readOrPause();
  }

  /** Commands that may be taken now as far as others are concerned: the client, and all connections together. */
  private mostTaken(): number {
    const { socket } = this;
    if (this.hasQuit || socket.destroyed || socket.writableLength >= UNSENT_BYTES_MAX || !this.hasRoom())
      return 0;
    if (!this.tools.isFull()) return COMMANDS_UNANSWERED_MAX;
    return this.dispatcher.replies.size === 0 ? 1 : 0;
  }

  private hasRoom(): boolean {
    const { size } = this.dispatcher.replies;
    return (
      size < COMMANDS_UNANSWERED_MAX &&
      this.requestBytes < REQUEST_BYTES_UNANSWERED_MAX &&
      size * this.bytesAReply < REPLY_BYTES_EXPECTED_MAX
    );
  }

  private readOrPause(): void {
    if (this.ending || this.closed) return;
    const isSlow = this.socket.writableLength >= UNSENT_BYTES_MAX;
    if (isSlow && !this.isSlow) this.tools.slowReader();
    this.isSlow = isSlow;
    if (this.mostTaken() === 0) this.socket.pause();
    else if (this.socket.isPaused()) this.socket.resume();
  }

  /** Nobody can know where the next command would begin. */
  private refuse({ text }: ProtocolFault): void {
    const { replies } = this.dispatcher;
    replies.fill(replies.open(), error(`ERR ${text}`));
    this.quit();
  }

  // ---- out ----

  replied(bytes: number): void {
    this.bytesAReply = Math.max(bytes, this.bytesAReply * EXPECTATION_DECAY);
    this.tools.expectation.learn(bytes);
    if (this.isDirty) return;
    this.isDirty = true;
    this.tools.dirty(this);
  }

  /** The bytes of a value are not known before it is read; many at once might be too many. */
  get operationsAtOnce(): number {
    return Math.max(
      1,
      Math.min(OPERATIONS_AT_ONCE_MAX, Math.floor(REPLY_BYTES_EXPECTED_MAX / this.bytesAReply)),
    );
  }

  quit(): void {
    this.hasQuit = true;
    this.ending = true;
    this.socket.pause();
  }

  abandon(): void {
    this.hasQuit = true;
    this.socket.destroy();
  }

  private push(reply: Reply): void {
    if (this.socket.writableLength + this.pushed.length > PUSHED_BYTES_MAX) return void this.socket.destroy();
    this.pushed += reply;
    if (this.isDirty) return;
    this.isDirty = true;
    this.tools.dirty(this);
  }

  private drained(): void {
    this.holding.moved(this.tools.nowMs());
    this.flush();
  }

  private tellBytes(): void {
    if (this.closed) return;
    const unread = this.socket.writableLength + this.dispatcher.replies.waitingBytes;
    this.holding.set({ here: this.requestBytes, there: this.parser.heldBytes + unread }, this.tools.nowMs());
  }

  private endIfAnswered(): void {
    if (!this.ending || this.closed || this.over || this.dispatcher.replies.size > 0) return;
    this.over = setTimeout(() => this.socket.destroy(), FAREWELL_MS);
    this.socket.end();
    // One that goes on sending without reading would never notice.
    this.socket.resume();
  }

  private close(): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.over);
    this.listening.endAll();
    this.holding.close();
  }
}
