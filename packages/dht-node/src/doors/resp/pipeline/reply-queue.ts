/** Replies in the order of their commands, whatever the order in which they become known. */

import type { Reply } from '../protocol/replies';

/** A command's place among the replies. */
export interface ReplyPlace {
  reply: Reply | undefined;
}

export class ReplyQueue {
  private places: ReplyPlace[] = [];
  private head = 0;

  /** Commands that are not answered, or whose answer waits for one before it. */
  get size(): number {
    return this.places.length - this.head;
  }

  open(): ReplyPlace {
    const place: ReplyPlace = { reply: undefined };
    this.places.push(place);
    return place;
  }

  /** Takes out what is known up to the first unknown one. */
  take(): string {
    let text = '';
    for (; this.head < this.places.length; this.head++) {
      const { reply } = this.places[this.head] as ReplyPlace;
      if (reply === undefined) break;
      text += reply;
    }
    if (this.head === this.places.length) {
      this.places = [];
      this.head = 0;
    } else if (this.head > 1_024) {
      this.places = this.places.slice(this.head);
      this.head = 0;
    }
    return text;
  }
}
