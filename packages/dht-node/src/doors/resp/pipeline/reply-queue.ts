/** Replies in the order of their commands, whatever the order in which they become known. */

import type { Reply } from '../protocol/replies';

/** Places that are done with are let go when there are more than this. */
const FORGOTTEN_AT = 64;

export class ReplyQueue {
  /** Of replies that are known and not taken. */
  waitingBytes = 0;
  private replies: (Reply | undefined)[] = [];
  /** How many of them are taken. */
  private head = 0;
  /** The place of the first of them. */
  private first = 0;

  /** `filled` is told the bytes of each reply that becomes known. */
  constructor(private readonly filled: (bytes: number) => void = () => undefined) {}

  /** Commands that are not answered, or whose answer waits for one before it or for the client. */
  get size(): number {
    return this.replies.length - this.head;
  }

  /** @returns the next command's place */
  open(): number {
    return this.first + this.replies.push(undefined) - 1;
  }

  /** The first reply counts. */
  fill(place: number, reply: Reply): void {
    const at = place - this.first;
    if (at < this.head || this.replies[at] !== undefined) return;
    this.replies[at] = reply;
    this.waitingBytes += reply.length;
    this.filled(reply.length);
  }

  /** Takes out what is known up to the first unknown one: so many bytes, and the rest of the last reply. */
  take(bytesWanted = Infinity): string {
    const { replies } = this;
    let text = '';
    let at = this.head;
    for (; at < replies.length && text.length < bytesWanted; at++) {
      const reply = replies[at];
      if (reply === undefined) break;
      text += reply;
    }
    this.waitingBytes -= text.length;
    if (at === replies.length) {
      this.first += at;
      this.replies = [];
      this.head = 0;
    } else if (at > FORGOTTEN_AT) {
      this.first += at;
      this.replies = replies.slice(at);
      this.head = 0;
    } else this.head = at;
    return text;
  }
}
