/** Replies in the order of their commands, whatever the order in which they become known. */

import type { Reply } from '../protocol/replies';

/** Places that are done with are let go when there are more than this. */
const FORGOTTEN_AT = 64;

/** A command's place among the replies. */
export class ReplyPlace {
  private known: Reply | undefined;

  constructor(private readonly queue: ReplyQueue) {}

  get reply(): Reply | undefined {
    return this.known;
  }

  /** The first one counts. */
  fill(reply: Reply): void {
    if (this.known !== undefined) return;
    this.known = reply;
    this.queue.waitingBytes += reply.length;
  }
}

export class ReplyQueue {
  /** Of replies that are known and not taken. */
  waitingBytes = 0;
  private places: ReplyPlace[] = [];
  private head = 0;

  /** Commands that are not answered, or whose answer waits for one before it or for the client. */
  get size(): number {
    return this.places.length - this.head;
  }

  open(): ReplyPlace {
    const place = new ReplyPlace(this);
    this.places.push(place);
    return place;
  }

  /** Takes out what is known up to the first unknown one: so many bytes, and the rest of the last reply. */
  take(bytesWanted = Infinity): string {
    let text = '';
    for (; this.head < this.places.length && text.length < bytesWanted; this.head++) {
      const { reply } = this.places[this.head] as ReplyPlace;
      if (reply === undefined) break;
      text += reply;
    }
    this.waitingBytes -= text.length;
    if (this.head === this.places.length) {
      this.places = [];
      this.head = 0;
    } else if (this.head > FORGOTTEN_AT) {
      this.places = this.places.slice(this.head);
      this.head = 0;
    }
    return text;
  }
}
